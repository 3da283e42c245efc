"""A stretch of a long list that is in memory anyway: what one page shows of it, and the ways on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Stretch(Generic[T]):
    """`start` is where to begin, from 1, as an address says it; whatever it says, a page comes of it."""

    items: Sequence[T]
    start: str = ""
    size: int = 100

    @cached_property
    def first(self) -> int:
        """From 0, where a page begins."""
        wanted = (
            int(self.start) - 1
            if self.start.isascii() and self.start.isdigit() and len(self.start) < 8
            else 0
        )
        last = max(0, len(self.items) - 1)
        return min(max(0, wanted), last) // self.size * self.size

    @cached_property
    def page(self) -> Sequence[T]:
        return self.items[self.first : self.first + self.size]

    @property
    def is_part(self) -> bool:
        return len(self.items) > self.size

    @property
    def count(self) -> int:
        return len(self.items)

    @property
    def shown_from(self) -> int:
        return self.first + 1

    @property
    def shown_to(self) -> int:
        return self.first + len(self.page)

    @property
    def earlier(self) -> int | None:
        return self.first - self.size + 1 if self.first else None

    @property
    def later(self) -> int | None:
        return self.shown_to + 1 if self.shown_to < len(self.items) else None
