"""The text of a cell as its reader sees it: dates in ISO form, whole numbers without ".0", zeros of a format kept."""

import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

_TOKEN = re.compile(r'"([^"]*)"|\\(.)|(0)|([-() /.])|_.|(.)', re.DOTALL)


def text_of(value: Any, number_format: str) -> str:
    """A cell's value as text. `number_format` is Excel's, such as `00000`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return _clock(value)
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, int | float):
        return _number(value, number_format)
    return str(value)


def _moment(value: datetime) -> str:
    """Excel keeps times as fractions of a day, which miss the second by a little."""
    rounded = (value + timedelta(milliseconds=500)).replace(microsecond=0)
    if rounded.time() == time():
        return rounded.date().isoformat()
    return rounded.strftime("%Y-%m-%dT%H:%M" + (":%S" if rounded.second else "")).zfill(16)


def _clock(value: time) -> str:
    seconds = value.hour * 3600 + value.minute * 60 + value.second + round(value.microsecond / 1e6)
    return _hours(seconds % 86_400)


def _duration(value: timedelta) -> str:
    return _hours(round(value.total_seconds()))


def _hours(seconds: int) -> str:
    hours, rest = divmod(max(0, seconds), 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours:02d}:{minutes:02d}" + (f":{second:02d}" if second else "")


def _number(value: int | float, number_format: str) -> str:
    if isinstance(value, float):
        if not value.is_integer() or abs(value) >= 1e15:
            return repr(value)
        value = int(value)
    mask = _mask(number_format)
    return _masked(value, mask) if mask and value >= 0 else str(value)


@lru_cache(maxsize=500)
def _mask(number_format: str) -> tuple[tuple[bool, str], ...]:
    """The format as (is a digit, text) where it is zeros and fixed characters alone; else empty."""
    parts = []
    for quoted, escaped, zero, mark, other in _TOKEN.findall(number_format.split(";")[0]):
        if other or mark == ".":
            return ()  # decimals, thousands, dates, percentages: not the format of a numbered thing
        if zero:
            parts.append((True, zero))
        elif literal := quoted or escaped or mark:
            parts.append((False, literal))
    zeros = sum(is_digit for is_digit, _ in parts)
    return tuple(parts) if zeros > 1 or (zeros and len(parts) > 1) else ()


def _masked(value: int, mask: tuple[tuple[bool, str], ...]) -> str:
    digits = str(value).zfill(sum(is_digit for is_digit, _ in mask))
    found, taken = [], len(digits)
    zeros_left = sum(is_digit for is_digit, _ in mask)
    for is_digit, literal in reversed(mask):
        if not is_digit:
            found.append(literal)
            continue
        zeros_left -= 1
        start = 0 if zeros_left == 0 else taken - 1
        found.append(digits[start:taken])
        taken = start
    return "".join(reversed(found))
