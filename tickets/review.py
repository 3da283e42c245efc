"""What the review page says of a plan, however large: sums, reasons, and one page of its locations."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tickets.forms.checking import CheckedLocation
from tickets.payloads import PlannedMessage

MOST_FINDINGS = 50
LOCATIONS_ON_A_PAGE = 100
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
    def first(self) -> int:
        """Where the page of locations begins, from 0."""
        text = self.start
        wanted = int(text) - 1 if text.isascii() and text.isdigit() and len(text) < 8 else 0
        last = max(0, len(self.locations) - 1)
        return min(max(0, wanted), last) // LOCATIONS_ON_A_PAGE * LOCATIONS_ON_A_PAGE

    @property
    def page(self) -> list[tuple[PlannedMessage, CheckedLocation]]:
        return self.locations[self.first : self.first + LOCATIONS_ON_A_PAGE]

    @property
    def shown_from(self) -> int:
        return self.first + 1

    @property
    def shown_to(self) -> int:
        return self.first + len(self.page)

    @property
    def is_paged(self) -> bool:
        return len(self.locations) > LOCATIONS_ON_A_PAGE

    @property
    def earlier(self) -> int | None:
        """Where the page before this one begins, from 1."""
        return self.first - LOCATIONS_ON_A_PAGE + 1 if self.first else None

    @property
    def later(self) -> int | None:
        return self.shown_to + 1 if self.shown_to < len(self.locations) else None
