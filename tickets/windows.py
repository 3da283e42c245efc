"""A visit's window in words: the site's own clock first, then ours and UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from django.utils import timezone

from tickets.models import Location


@dataclass(frozen=True)
class Window:
    """`site` is what the technician's clock says; `ours` and `utc` are the same moments elsewhere."""

    site: str
    ours: str
    utc: str
    zone: str
    is_hard_start: bool


def window_of(location: Location) -> Window:
    zone = location.local_start.tzinfo
    return Window(
        site=in_zone(location.starts_at, location.ends_at, zone),
        ours=in_zone(location.starts_at, location.ends_at, timezone.get_current_timezone()),
        utc=in_zone(location.starts_at, location.ends_at, UTC),
        zone=location.time_zone.replace("_", " "),
        is_hard_start=location.is_hard_start,
    )


def in_zone(starts_at: datetime, ends_at: datetime, zone: tzinfo | None) -> str:
    """`Tue 3 Feb 2026, 09:00–12:00 EST`, or `… 09:00 EST, hard start`."""
    start, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    day = f"{start:%a} {start.day} {start:%b %Y}"
    if start == end:
        return f"{day}, {start:%H:%M} {start.tzname()}, hard start"
    later = "" if end.date() == start.date() else f" (+{(end.date() - start.date()).days} day)"
    return f"{day}, {start:%H:%M}–{end:%H:%M}{later} {start.tzname()}"
