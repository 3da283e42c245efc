"""What the review page says of a plan, however large: sums, reasons, and one page of its locations."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tickets.forms.checking import CheckedLocation
from tickets.payloads import PlannedMessage
from tickets.stretches import Stretch

MOST_FINDINGS = 50
# Beyond, the parts of a message come when somebody opens it: those of five thousand locations are many megabytes.
MOST_SET_OUT = 100
MOST_REASONS = 10


@dataclass(frozen=True)
class Split:
    """Why so many messages are messages of their own."""

    reason: str
    count: int
    first: str


@dataclass(frozen=True)
class Review:
    messages: Sequence[PlannedMessage]
    start: str = ""  # of the page of locations, as the address says it

    @cached_property
    def locations(self) -> list[tuple[PlannedMessage, CheckedLocation]]:
        return [(message, location) for message in self.messages for location in message.locations]

    @property
    def is_set_out(self) -> bool:
        """Every part of every message stands on the page itself."""
        return len(self.locations) <= MOST_SET_OUT

    @property
    def most_in_doubt(self) -> int:
        """Technicians of whom nobody would know should one answer be lost."""
        return max((len(message.locations) for message in self.messages), default=0)

    @cached_property
    def splits(self) -> list[Split]:
        references = defaultdict(list)
        for message in self.messages:
            if message.reason:
                references[message.reason].append(message.reference)
        return [Split(reason, len(names), names[0]) for reason, names in references.items()]

    @property
    def shown_splits(self) -> list[Split]:
        return self.splits[:MOST_REASONS]

    @property
    def other_splits(self) -> int:
        return max(0, len(self.splits) - MOST_REASONS)

    @cached_property
    def stretch(self) -> Stretch[tuple[PlannedMessage, CheckedLocation]]:
        """The locations this page shows."""
        return Stretch(self.locations, self.start)
