"""*When*: the window of each location, on the clock of its own place.

Granite takes the wall clock at the location, start and end on one calendar day; equal times mean a hard start.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

from sites import zones
from tickets.forms.typed import Row

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?", re.ASCII)
# What lies beyond is a slip, and at the end of time zones cannot be reckoned.
FIRST_YEAR, LAST_YEAR = 2000, 2199
OVERNIGHT = (
    "The end must be on the same day as the start. For work past midnight, make two dispatches, one per day, "
    "or set a hard start: then only the start counts."
)
NOT_AFTER = (
    "The end must be after the start. If the technician must begin at exactly this time, set a hard start."
)

MISSING_START, MISSING_END = "Enter the start.", "Enter the end, or set a hard start."


class SiteTime(forms.CharField):
    """A wall-clock time without a zone, to the second at most."""

    def __init__(self, label: str) -> None:
        super().__init__(label=label, required=False)

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        if not text:
            return None
        match = _TIME.fullmatch(text)
        try:
            if match:
                found = datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3] or ''}")
                if FIRST_YEAR <= found.year <= LAST_YEAR:
                    return found
        except ValueError:
            pass
        raise ValidationError(f"“{text}” is not a date and time. An example: 2026-01-31T09:00.")


FIELDS: dict[str, forms.Field] = {
    "start_date": SiteTime("Start"),
    "end_date": SiteTime("End"),
    "hard_start": forms.BooleanField(label="Hard start", required=False),
}


def wrong_with_window(
    start: datetime | None, end: datetime | None, is_hard: bool, zone_name: str
) -> Iterator[tuple[str, str]]:
    """What is wrong with a window of wall-clock times: the field, and a sentence. A hard start has no end of its own."""
    if not start:
        yield "start_date", MISSING_START
    if not is_hard:
        if not end:
            yield "end_date", MISSING_END
        elif start and end.date() != start.date():
            yield "end_date", NOT_AFTER if end < start else OVERNIGHT
        elif start and end <= start:
            yield "end_date", NOT_AFTER
    if not zones.is_zone(zone_name):
        return  # said at the location itself
    for name, moment in (("start_date", start), ("end_date", None if is_hard else end)):
        if moment and is_skipped(moment, zones.zone(zone_name)):
            yield (
                name,
                f"This time does not exist in {zone_name.replace('_', ' ')}: the clocks are put forward that night.",
            )


def is_same_for_all(what: dict[str, Any]) -> bool:
    return bool(what.get("same_for_all"))


def effective_rows(what: dict[str, Any], rows: list[Row]) -> list[Row]:
    """The rows with the times that count: their own, or the one window that is the same for all."""
    if not is_same_for_all(what):
        return rows
    shared = {name: what.get(f"all-{name}", "") for name in ("start_date", "end_date", "hard_start")}
    return [{**row, **shared} for row in rows]


def shared_window(what: dict[str, Any]) -> Row | None:
    """The window that is the same for all, as typed; None where every location has its own."""
    return effective_rows(what, [{}])[0] if is_same_for_all(what) else None


def is_skipped(wall: datetime, zone: ZoneInfo) -> bool:
    """Whether this time never shows on the clocks there, because they are put forward over it."""
    return wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall


def is_ambiguous(wall: datetime, zone: ZoneInfo) -> bool:
    """Whether this time shows twice, because the clocks are put back."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first != second and not is_skipped(wall, zone)


def to_utc(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment; of an ambiguous time, the first."""
    return wall.replace(tzinfo=zone).astimezone(UTC)


def abbreviation(text: str, zone_name: str, today: date) -> str:
    """`EST, UTC−5` as it is there on that day (or today, while no day is chosen)."""
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        wall = datetime.combine(today, datetime.min.time()).replace(hour=12)
    moment = wall.replace(tzinfo=zones.zone(zone_name))
    offset = moment.utcoffset() or timedelta()
    hours = offset.total_seconds() / 3600
    sign = "−" if hours < 0 else "+"
    return f"{moment.tzname()}, UTC{sign}{abs(hours):g}"
