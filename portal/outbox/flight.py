"""How many creates of an account may be without an answer at once, however many workers there are.

Every one of them is in doubt when the vendor falls silent, and the first silence is known only when its time is over.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now

from portal.models import Message, VendorAccount
from portal.models.messages import State

# How much longer than its total deadline a send may take to write its result down.
SETTLE_GRACE = timedelta(seconds=30)
# With the three silences it takes to open the breaker, six outcomes are unknown at most.
MOST_AT_ONCE = 4
# A vendor that says nothing for 30 s is hung up on. What takes longer is a long upload, or was a worker that died,
# and neither says anything of the vendor.
LOOKED_AT_FOR = timedelta(seconds=40)


def full_accounts() -> QuerySet[Any, Any]:
    """Numbers of accounts that have no seat left."""
    return _in_flight().annotate(seats=Count("pk")).filter(seats__gte=MOST_AT_ONCE).values("account")


def is_overbooked(account: VendorAccount) -> bool:
    """Whether others took the last seat at the same moment; whoever asks has committed his claim."""
    return _in_flight().annotate(seats=Count("pk")).filter(account=account, seats__gt=MOST_AT_ONCE).exists()


def _in_flight() -> QuerySet[Any, Any]:
    """Claimed, or sent a moment ago; grouped by account."""
    whole = timedelta(seconds=settings.SEND_DEADLINE_SECONDS) + SETTLE_GRACE
    is_claimed = Q(state=State.CLAIMED, lease_until__gt=Now())
    is_sent = Q(state=State.SENDING, send_deadline_at__gt=Now() + whole - LOOKED_AT_FOR)
    return Message.objects.order_by().filter(is_claimed | is_sent).values("account")
