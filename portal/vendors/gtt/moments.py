"""GTT's times: some carry their zone, a case's `opened_at` carries none, and no page says which is meant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

# Later than any plausible second since 1970, earlier than any plausible millisecond.
FIRST_MILLISECOND = 100_000_000_000


@dataclass(frozen=True)
class MomentOnWire:
    """`text` as GTT gave it; `at` in UTC, None if it is no time; `is_assumed`: the zone was ours to assume."""

    text: str = ""
    at: datetime | None = None
    is_assumed: bool = False


NO_MOMENT = MomentOnWire()


def read_moment(value: Any, zone: tzinfo = UTC) -> MomentOnWire:
    """`YYYY-MM-DD HH:MM:SS`, ISO 8601, or (milli)seconds since 1970. Without a zone of its own it is of `zone`."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return NO_MOMENT
    text = str(value).strip()
    try:
        if text.replace(".", "", 1).isdigit() and text.isascii() and len(text.partition(".")[0]) in (10, 13):
            seconds = float(text)
            at = datetime.fromtimestamp(seconds / 1000 if seconds >= FIRST_MILLISECOND else seconds, UTC)
            return MomentOnWire(text, at)
        given = datetime.fromisoformat(text)
        aware = given.replace(tzinfo=zone) if given.tzinfo is None else given
        return MomentOnWire(text[:100], aware.astimezone(UTC), given.tzinfo is None)
    except (ValueError, OverflowError, OSError):
        return MomentOnWire(text[:100])
