"""What the page of a recurring dispatch shows of its next visits: days, clocks of the sites, and what changes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tickets.models import Recurrence
from tickets.recurrence import Planned, clock_notes, day_words

MOST_ZONES = 3


@dataclass(frozen=True)
class Run:
    """One of the next occurrences. `clocks` is `08:00–12:00 EST` once for each zone; none where there is no visit."""

    day: str
    has_visit: bool
    clocks: list[str]
    notes: list[str]


def runs_of(recurrence: Recurrence, following: Sequence[Planned], zones: Sequence[ZoneInfo]) -> list[Run]:
    found: list[Run] = []
    before: date | None = None
    for one in following:
        notes = [one.why] if one.why else []
        if one.visit:
            for zone in zones[:MOST_ZONES]:
                notes += clock_notes(one.visit, before, recurrence.window_start, zone)
            before = one.visit
        clocks = _clocks(recurrence, one.visit, zones) if one.visit else []
        found.append(
            Run(day_words(one.visit or one.day), bool(one.visit), clocks, list(dict.fromkeys(notes)))
        )
    return found


def _clocks(recurrence: Recurrence, visit: date, zones: Sequence[ZoneInfo]) -> list[str]:
    window = f"{recurrence.window_start:%H:%M} sharp" if recurrence.is_hard_start else recurrence.window
    named = [f"{window} {_zone_name(recurrence, visit, zone)}" for zone in zones[:MOST_ZONES]]
    more = len(zones) - MOST_ZONES
    return [*named, f"and in {more} more zone{'' if more == 1 else 's'}"] if more > 0 else named


def _zone_name(recurrence: Recurrence, visit: date, zone: ZoneInfo) -> str:
    return datetime.combine(visit, recurrence.window_start, zone).tzname() or zone.key
