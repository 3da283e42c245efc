"""A visit's window in words: the site's own clock first, then ours and UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from django.utils import timezone

from tickets.models import Location


@dataclass(frozen=True)
class Window:
    """`day` and `hours` are what the technician's clock says; `ours` and `utc` are the same moments elsewhere."""

    day: str
    hours: str
    ours: str
    utc: str
    zone: str

    @property
    def site(self) -> str:
        return f"{self.day}, {self.hours}"


def window_of(location: Location) -> Window:
    day, hours = _in_zone(location.starts_at, location.ends_at, location.local_start.tzinfo)
    return Window(
        day=day,
        hours=hours,
        ours=", ".join(_in_zone(location.starts_at, location.ends_at, timezone.get_current_timezone())),
        utc=", ".join(_in_zone(location.starts_at, location.ends_at, UTC)),
        zone=location.time_zone.replace("_", " "),
    )


def _in_zone(starts_at: datetime, ends_at: datetime, zone: tzinfo | None) -> tuple[str, str]:
    """`Tue 3 Feb 2026` and `09:00–12:00 EST`, or `09:00 EST, hard start`."""
    start, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    day = f"{start:%a} {start.day} {start:%b %Y}"
    if start == end:
        return day, f"{start:%H:%M} {start.tzname()}, hard start"
    days = (end.date() - start.date()).days
    later = f" (+{days} day)" if days else ""
    return day, f"{start:%H:%M}–{end:%H:%M}{later} {start.tzname()}"
