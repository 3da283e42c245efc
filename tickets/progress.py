"""How far dispatches are, told from their messages and tickets: a dispatch has no status of its own."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Case, CharField, Count, F, Value, When

from portal.models.messages import State
from tickets.models import Location

WITH_TICKET = "ticket"
# A location with its ticket is settled, whatever became of the message around it. One without a ticket in a message
# that is done cannot be; were it so, nobody would know what happened to it.
STAGE = Case(
    When(ticket__isnull=False, then=Value(WITH_TICKET)),
    When(message__state=State.CLAIMED, then=Value(State.QUEUED.value)),
    When(message__state=State.DONE, then=Value(State.UNKNOWN.value)),
    default=F("message__state"),
    output_field=CharField(),
)


def stage_of(location: Location) -> str:
    """The same of a row whose message and ticket were read with it."""
    state = location.message.state
    if hasattr(location, "ticket"):
        return WITH_TICKET
    counts_as: dict[str, str] = {State.CLAIMED: State.QUEUED, State.DONE: State.UNKNOWN}
    return counts_as.get(state, state)


@dataclass
class Progress:
    """How many locations stand where."""

    total: int = 0
    ticket: int = 0
    queued: int = 0
    sending: int = 0
    rejected: int = 0
    held: int = 0
    unknown: int = 0
    cancelled: int = 0
    not_created: int = 0
    abandoned: int = 0

    def add(self, stage: str, count: int = 1) -> None:
        self.total += count
        setattr(self, stage, getattr(self, stage) + count)

    @property
    def settled(self) -> int:
        return self.ticket + self.rejected + self.cancelled + self.not_created + self.abandoned

    @property
    def correctable(self) -> int:
        """Of these no ticket exists, and a new draft may be made of them."""
        return self.rejected + self.not_created

    @property
    def is_moving(self) -> bool:
        """Something will change without anybody doing anything."""
        return bool(self.queued or self.sending)

    @property
    def parts(self) -> list[tuple[str, str]]:
        """Badges for what is not nothing, what needs a person first: a state and words."""
        words = [
            ("unknown", self.unknown, "outcome unknown"),
            ("held", self.held, "held"),
            ("rejected", self.rejected, "rejected"),
            ("not_created", self.not_created, "not created"),
            ("abandoned", self.abandoned, "written off"),
            ("sending", self.sending, "being sent"),
            ("queued", self.queued, "waiting"),
            ("cancelled", self.cancelled, "cancelled"),
            ("done", self.ticket, "ticket" if self.ticket == 1 else "tickets"),
        ]
        return [(state, f"{count} {text}") for state, count, text in words if count]


def progress_of(dispatch_pks: Iterable[int]) -> dict[int, Progress]:
    """The progress of several dispatches, by their keys, in one query."""
    found = {pk: Progress() for pk in dispatch_pks}
    rows = (
        Location.objects.filter(dispatch__in=list(found))
        .values("dispatch_id")
        .annotate(stage=STAGE, count=Count("pk"))
        .values_list("dispatch_id", "stage", "count")
        .order_by()
    )
    for pk, stage, count in rows:
        found[pk].add(stage, count)
    return found


def count_stages(stages: Iterable[str]) -> Progress:
    progress = Progress()
    for stage in stages:
        progress.add(stage)
    return progress
