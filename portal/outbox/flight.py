"""How many creates of an account may be without an answer at once, however many workers there are.

Every one of them is in doubt when the vendor falls silent, and the first silence is known only when its time is over.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from portal.models import Attempt, Message, VendorAccount
from portal.models.messages import State

# How much longer than its total deadline a send may take to write its result down.
SETTLE_GRACE = timedelta(seconds=30)
# Calls under way when a vendor falls silent. Two more may begin before the third silence opens the breaker.
MOST_AT_ONCE = 4
# A vendor that says nothing for 30 s is hung up on. What takes longer is a long upload, or was a worker that died,
# and neither says anything of the vendor.
LOOKED_AT_FOR = timedelta(seconds=40)
# A seat is not free at the moment of a silence: calls that began together end together, and the breaker counts them one
# after the other. The next ones would be on their way before it has opened.
FREE_AFTER_SILENCE = timedelta(seconds=5)


def full_accounts() -> QuerySet[Any, Any]:
    """Numbers of accounts that have no seat left."""
    return _in_flight().annotate(seats=Count("pk")).filter(seats__gte=MOST_AT_ONCE).values("account")


def is_overbooked(account: VendorAccount) -> bool:
    """Whether others took the last seat at the same moment; whoever asks has committed his claim."""
    return _in_flight().annotate(seats=Count("pk")).filter(account=account, seats__gt=MOST_AT_ONCE).exists()


def _in_flight() -> QuerySet[Any, Any]:
    """Claimed, sent a moment ago, or given up just now; grouped by account."""
    whole = timedelta(seconds=settings.SEND_DEADLINE_SECONDS) + SETTLE_GRACE
    is_claimed = Q(state=State.CLAIMED, lease_until__gt=Now())
    is_sent = Q(state=State.SENDING, send_deadline_at__gt=Now() + whole - LOOKED_AT_FOR)
    just_now = Attempt.objects.filter(message=OuterRef("pk"), finished_at__gt=Now() - FREE_AFTER_SILENCE)
    is_silent = Q(state=State.UNKNOWN) & Exists(just_now)
    return Message.objects.order_by().filter(is_claimed | is_sent | is_silent).values("account")
