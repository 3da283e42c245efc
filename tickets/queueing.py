"""Where messages stand in their account's queue, and how long that takes at the rate the vendor allows."""

import math
from dataclasses import dataclass, field

from django.utils import timezone

from portal import ratelimit
from portal.models import Message, RateBudget, VendorAccount
from portal.models.messages import State

# Nobody reads "place 1,340"; beyond this the page says "more than".
MOST_LOOKED_AT = 1000


@dataclass
class Queue:
    """`before` says, for each waiting message, how many are sent before it; absent: more than were looked at."""

    account: VendorAccount
    before: dict[int, int] = field(default_factory=dict)

    def wait_for(self, message_pk: int) -> str:
        """An honest guess for one message, `about 2 min`."""
        return duration(seconds_for(self.account, self.before.get(message_pk, MOST_LOOKED_AT) + 1))


def queue_of(account: VendorAccount) -> Queue:
    """The head of an account's queue, in sending order. One query along the index of what is due."""
    waiting = Message.objects.filter(
        state__in=[State.QUEUED, State.CLAIMED], account=account
    ).in_sending_order()
    keys = waiting.values_list("pk", flat=True)[:MOST_LOOKED_AT]
    return Queue(account, {pk: place for place, pk in enumerate(keys)})


def seconds_for(account: VendorAccount, messages: int) -> float:
    """How long so many requests take at the account's own pace, answers not counted."""
    return messages / max(ratelimit.rate_of(account.requests_per_minute), 0.01)


@dataclass(frozen=True)
class Outlook:
    """What submitting now would mean for so many messages: how many leave before them, and how long all takes."""

    before: int
    seconds: float

    @property
    def words(self) -> str:
        return duration(self.seconds)


def outlook(account: VendorAccount, messages: int) -> Outlook:
    """At the present budget: what it holds leaves at once, the rest at the account's pace."""
    is_interactive = messages == 1
    ahead = Message.objects.filter(state__in=[State.QUEUED, State.CLAIMED], account=account)
    if is_interactive:
        ahead = ahead.filter(priority=Message.INTERACTIVE)
    before = ahead.count()
    budget = RateBudget.objects.filter(account=account).first()
    rate = max(ratelimit.rate_of(account.requests_per_minute), 0.01)
    at_once, closed = 1.0, 0.0
    if budget:
        now = timezone.now()
        rate *= ratelimit.SHRINK_TO if budget.shrunk_until and budget.shrunk_until > now else 1
        held = budget.tokens + max(0.0, (now - budget.refreshed_at).total_seconds()) * rate
        at_once = min(held, ratelimit.burst_of(account.requests_per_minute))
        closed = max(0.0, (budget.closed_until - now).total_seconds()) if budget.closed_until else 0.0
    return Outlook(before, closed + max(0.0, before + messages - at_once) / rate)


def duration(seconds: float) -> str:
    if seconds < 10:
        return "a few seconds"
    if seconds < 60:
        return f"about {math.ceil(seconds / 10) * 10} s"
    if seconds < 3600:
        return f"about {math.ceil(seconds / 60)} min"
    return f"about {seconds / 3600:.1f} h"
