"""How each vendor account does, for whoever runs the portal: a few queries, whatever the number of messages."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from portal import ratelimit
from portal.models import Attempt, DriftEntry, Message, VendorAccount
from portal.models.messages import HeldReason, State

DAY = timedelta(hours=24)
SHOWN = 15
# In this order people look at them.
STATES = (State.UNKNOWN, State.HELD, State.REJECTED, State.SENDING, State.CLAIMED, State.QUEUED)


@dataclass
class Health:
    """One account. `attempts` and `bad` are of the last 24 hours."""

    account: VendorAccount
    states: dict[str, int] = field(default_factory=dict)
    oldest_due: datetime | None = None
    attempts: int = 0
    bad: int = 0
    last_attempt: datetime | None = None
    budget_left: float | None = None
    drift: int = 0

    @property
    def error_rate(self) -> str:
        """`3 of 120, 2.5 %`; "" without attempts."""
        if not self.attempts:
            return ""
        return f"{self.bad} of {self.attempts:,}, {100 * self.bad / self.attempts:.1f} %"

    @property
    def token_until(self) -> datetime | None:
        token = getattr(self.account, "token", None)
        return token.expires_at if token and token.encrypted_value else None

    @property
    def counts(self) -> list[tuple[str, str, int]]:
        """State, its words, how many: what needs people first."""
        return [(state, State(state).label, self.states[state]) for state in STATES if self.states.get(state)]


def healths() -> list[Health]:
    found = {
        one.pk: Health(one) for one in VendorAccount.objects.select_related("breaker", "token", "budget")
    }
    live = Message.objects.filter(state__in=STATES).values("account", "state").order_by()
    counted = live.annotate(size=Count("pk"), oldest=Min("due_at"))
    for account, state, count, oldest in counted.values_list("account", "state", "size", "oldest"):
        found[account].states[state] = count
        if state == State.QUEUED:
            found[account].oldest_due = oldest
    bad = Q(outcome__in=[Attempt.Outcome.UNKNOWN, Attempt.Outcome.NOT_SENT, Attempt.Outcome.NOT_EXECUTED])
    recent = Attempt.objects.filter(started_at__gt=timezone.now() - DAY).values("message__account").order_by()
    told = recent.annotate(size=Count("pk"), wrong=Count("pk", filter=bad), last=Max("started_at"))
    for account, count, wrong, last in told.values_list("message__account", "size", "wrong", "last"):
        found[account].attempts, found[account].bad, found[account].last_attempt = count, wrong, last
    for account, left in ratelimit.requests_left().items():
        found[account].budget_left = left
    drift = DriftEntry.objects.filter(acknowledged_at=None).values_list("vendor").order_by()
    by_vendor = dict(drift.annotate(Count("pk")))
    for health in found.values():
        health.drift = by_vendor.get(health.account.vendor, 0)
    return list(found.values())


def messages_in(state: str) -> list[Message]:
    """The oldest of a state, with why they stand there."""
    found = Message.objects.filter(state=state).select_related("account", "created_by").defer("payload")
    return list(found.annotate(tries=Count("attempts")).order_by("pk")[:SHOWN])


def may_go_on(message: Message) -> bool:
    """Whether *Replay* is offered: nothing of a held message was carried out. Of an unknown one something may be."""
    return message.state == State.HELD and message.held_reason not in (
        HeldReason.SENT_BEFORE,
        HeldReason.CONFLICT,
    )
