"""Times of the day as people write them, and windows of two. Only what can be read in one way is read."""

import re
from datetime import time

_AM_PM = re.compile(r"(\d{1,2})(?:[:.](\d\d))?(?:[:.](\d\d))?\s?([ap])\.?\s?m?\.?", re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.0+)?)?(?:\s?(?:h|hrs|hours|uhr))?", re.IGNORECASE)
_MILITARY = re.compile(r"(\d\d)(\d\d)(?:\s?(?:h|hrs|hours|local))?", re.IGNORECASE)
_FRACTION = re.compile(r"0\.\d+")
_WORDS = {"noon": time(12), "12 noon": time(12), "12:00 noon": time(12), "midnight": time(0)}
_BETWEEN = re.compile(
    r"\s*(?:[-‐‑‒–—~]|\bto\b|\bthru\b|\bthrough\b|\buntil\b|\btill\b|\band\b)\s*", re.IGNORECASE
)
_LEAD = re.compile(r"^(between|from|btwn|btw)\s+", re.IGNORECASE)
_TRAIL = re.compile(r"\s*\(?\s*\b(local( time)?|site time)\)?$", re.IGNORECASE)
# Below this, an hour of one digit without AM or PM may well be meant for the afternoon.
FIRST_SAFE_HOUR = 6


def clock_of(text: str) -> time | None:
    """The time a text means, or None where it means none or could mean two."""
    plain = _TRAIL.sub("", " ".join(text.split())).lower()
    if plain in _WORDS:
        return _WORDS[plain]
    if match := _AM_PM.fullmatch(plain):
        return _half_day(int(match[1]), int(match[2] or 0), int(match[3] or 0), match[4])
    if match := _CLOCK.fullmatch(plain):
        hour = int(match[1])
        if len(match[1]) == 1 and 0 < hour < FIRST_SAFE_HOUR:
            return None
        return _time(hour, int(match[2]), int(match[3] or 0))
    if match := _MILITARY.fullmatch(plain):
        return _time(int(match[1]), int(match[2]), 0)
    if _FRACTION.fullmatch(plain):
        minutes = round(float(plain) * 1440)  # Excel's own way of keeping a time
        return _time(minutes // 60, minutes % 60, 0)
    return None


def window_of(text: str) -> tuple[time, time] | None:
    """Both ends of `8am-12pm`; `8-12pm` and `8-12` leave open which half of the day is meant."""
    plain = _LEAD.sub("", _TRAIL.sub("", " ".join(text.split())))
    ends = _BETWEEN.split(plain)
    if len(ends) != 2:
        return None
    first, second = clock_of(ends[0]), clock_of(ends[1])
    return (first, second) if first is not None and second is not None else None


def _half_day(hour: int, minute: int, second: int, half: str) -> time | None:
    if not 1 <= hour <= 12:
        return None
    return _time(hour % 12 + (12 if half == "p" else 0), minute, second)


def _time(hour: int, minute: int, second: int) -> time | None:
    try:
        return time(hour, minute, second)
    except ValueError:
        return None
