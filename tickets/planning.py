"""Rows → messages. Pure: what it is given decides what comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Place(Protocol):
    """What planning needs to know of a location."""

    @property
    def location_name(self) -> str: ...
    @property
    def location_number(self) -> str: ...


P = TypeVar("P", bound=Place)


@dataclass(frozen=True)
class Chunk(Generic[P]):
    """The locations of one message, in their order, and why it could not be part of an earlier one."""

    rows: tuple[P, ...]
    reason: str


def chunks(rows: Sequence[P], limit: int) -> list[Chunk[P]]:
    """As few messages as the two rules allow, each row in the first that takes it.

    A message holds at most `limit` locations, and no (name, number) twice: that pair tells whose ticket is whose.
    """
    if limit < 1:
        raise ValueError("A message holds at least one location.")
    groups: list[list[P]] = []
    names: list[set[tuple[str, str]]] = []
    reasons: list[str] = []
    for row in rows:
        name = _name(row)
        place = next(
            (i for i, group in enumerate(groups) if len(group) < limit and name not in names[i]), None
        )
        if place is None:
            place = len(groups)
            reasons.append(_reason(row, groups, names, limit))
            groups.append([])
            names.append(set())
        groups[place].append(row)
        names[place].add(name)
    return [Chunk(tuple(group), reason) for group, reason in zip(groups, reasons, strict=True)]


def _name(row: Place) -> tuple[str, str]:
    return row.location_name.strip().casefold(), row.location_number.strip().casefold()


def _reason(row: P, groups: list[list[P]], names: list[set[tuple[str, str]]], limit: int) -> str:
    if not groups:
        return ""
    if all(len(group) >= limit for group in groups):
        places = "location" if limit == 1 else "locations"
        return f"the messages before it are full ({limit} {places} each)"
    title = f"{row.location_name} ({row.location_number})" if row.location_number else row.location_name
    return f"{title} is already in a message before it, and the answers for the two could not be told apart"
