"""Rows → messages. Pure: what it is given decides what comes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar


class Place(Protocol):
    """What planning needs to know of a location."""

    @property
    def location_name(self) -> str: ...
    @property
    def location_number(self) -> str: ...
    @property
    def own(self) -> Mapping[str, Any]:
        """What it says differently from the others, of the things Granite takes once for a whole request."""


P = TypeVar("P", bound=Place)
_Kind = tuple[tuple[str, str], ...]  # what a row says for itself: names and values


@dataclass(frozen=True)
class Chunk(Generic[P]):
    """The locations of one message, in their order, and why it could not be part of an earlier one."""

    rows: tuple[P, ...]
    reason: str


@dataclass
class _Group(Generic[P]):
    kind: _Kind
    reason: str
    rows: list[P] = field(default_factory=list)
    names: set[tuple[str, str]] = field(default_factory=set)


def chunks(rows: Sequence[P], limit: int, labels: Mapping[str, str] | None = None) -> list[Chunk[P]]:
    """Few messages, each row in the first that takes it.

    A message holds at most `limit` locations that say the same of everything Granite takes once per request, and no
    (name, number) twice: that pair tells whose ticket is whose. `labels` name the fields in the reasons.
    """
    if limit < 1:
        raise ValueError("A message holds at least one location.")
    groups: list[_Group[P]] = []
    with_room: dict[_Kind, list[_Group[P]]] = {}
    for row in rows:
        kind, name = _kind(row), _name(row)
        waiting = with_room.get(kind)
        group = next((one for one in waiting or () if name not in one.names), None)
        if group is None:
            if not groups:
                reason = ""
            elif waiting is None:
                reason = f"{_differing(kind, groups[-1], labels or {})} from the message before it"
            else:
                reason = _namesake(row) if waiting else _full(limit)
            group = _Group(kind, reason)
            groups.append(group)
            with_room.setdefault(kind, []).append(group)
        group.rows.append(row)
        group.names.add(name)
        if len(group.rows) == limit:
            with_room[kind].remove(group)
    return [Chunk(tuple(group.rows), group.reason) for group in groups]


def _kind(row: Place) -> _Kind:
    return tuple(sorted((name, repr(value)) for name, value in row.own.items()))


def _name(row: Place) -> tuple[str, str]:
    return row.location_name.strip().casefold(), row.location_number.strip().casefold()


def _full(limit: int) -> str:
    return f"the messages before it are full ({limit} {'location' if limit == 1 else 'locations'} each)"


def _namesake(row: Place) -> str:
    title = f"{row.location_name} ({row.location_number})" if row.location_number else row.location_name
    return f"{title} is already in a message before it, and the answers for the two could not be told apart"


def _differing(kind: _Kind, before: _Group[Any], labels: Mapping[str, str]) -> str:
    """`PO number and Kind of work differ`: what Granite takes once for a whole request."""
    differing = {name for name, _ in set(before.kind) ^ set(kind)}
    names = sorted(labels.get(name, name) for name in differing)
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{listed} {'differs' if len(names) == 1 else 'differ'}"
