"""Days as people write them. Only what can be read in one way is read; `order` says what a column has proven.

Source of the serial numbers: Excel counts days from 1899-12-30 (its 1900 system).
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta

MDY, DMY = "mdy", "dmy"
ASK, MIXED = "ask", "mixed"  # nothing proves an order; some cells prove one and some the other
FIRST_YEAR, LAST_YEAR = 2020, 2069
_EXCEL_ZERO = date(1899, 12, 30)
_SERIAL = re.compile(r"(4[4-9]|5\d|6[01])\d{3}(\.0+)?")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_COMPACT = re.compile(r"(20[2-6]\d)(\d\d)(\d\d)")
_NUMBERS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d\d)")
_WEEKDAY = re.compile(r"^(mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+", re.IGNORECASE)
_MONTH_FIRST = re.compile(r"([a-z]{3,9})\.?[ -](\d{1,2})(?:st|nd|rd|th)?,?[ -]'?(\d{4}|\d\d)", re.IGNORECASE)
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ -]?([a-z]{3,9})\.?,?[ -]?'?(\d{4}|\d\d)", re.IGNORECASE)
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]


def day_of(text: str, order: str = "") -> date | None:
    """The day a text means, or None where it means none or could mean two."""
    plain = _WEEKDAY.sub("", " ".join(text.split()))
    if _SERIAL.fullmatch(plain):
        return _EXCEL_ZERO + timedelta(days=int(float(plain)))
    if match := _ISO.fullmatch(plain) or _COMPACT.fullmatch(plain):
        return _day(int(match[1]), int(match[2]), int(match[3]))
    if match := _MONTH_FIRST.fullmatch(plain):
        return _day(_year(match[3]), _month(match[1]), int(match[2]))
    if match := _DAY_FIRST.fullmatch(plain):
        return _day(_year(match[3]), _month(match[2]), int(match[1]))
    if match := _NUMBERS.fullmatch(plain):
        return _numbers(int(match[1]), int(match[3]), _year(match[4]), order)
    return None


def _numbers(first: int, second: int, year: int, order: str) -> date | None:
    if first > 12 or (order == DMY and second <= 12):
        return _day(year, second, first)
    if second > 12 or order == MDY or first == second:
        return _day(year, first, second)
    return None


def proof(text: str) -> str:
    """What one date says of the order of its column: MDY, DMY, ASK (it could be either), or "" (nothing)."""
    match = _NUMBERS.fullmatch(_WEEKDAY.sub("", " ".join(text.split())))
    if not match:
        return ""
    first, second = int(match[1]), int(match[3])
    if first > 12 >= second:
        return DMY
    if second > 12 >= first:
        return MDY
    return ASK if first != second and first <= 12 and second <= 12 else ""


def order_of(texts: Iterable[str]) -> str:
    """Which number is the month in all these dates: MDY, DMY, MIXED, ASK, or "" where no date leaves it open."""
    found = {proof(text) for text in texts}
    if MDY in found and DMY in found:
        return MIXED
    for proven in (MDY, DMY):
        if proven in found:
            return proven
    return ASK if ASK in found else ""


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


def _month(name: str) -> int:
    """1 to 12 by the name of a month or its beginning; 0 for another word."""
    plain = name.lower()
    found = [number for number, month in enumerate(_MONTHS, start=1) if month.startswith(plain)]
    return 9 if plain == "sept" else found[0] if len(found) == 1 else 0


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if FIRST_YEAR <= year <= LAST_YEAR else None
    except ValueError:
        return None
