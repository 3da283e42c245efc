"""Start and end of a row, put together from whatever columns a sheet has for them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time

from tickets.sheets.clocks import clock_of, window_of
from tickets.sheets.days import day_of, proof

PARTS = ("start_date", "start_time", "end_date", "end_time", "window")
LONGEST = 60  # characters of a date and a time, however they are written
OURS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")
# Where a day ends and a time begins: at a T, a comma or blanks.
_GAPS = re.compile(r"T(?=\d\d:)|,?\s+(?:at\s+|@\s*)?", re.IGNORECASE)


@dataclass
class Window:
    """The two texts of a row, and of each that was changed what stood in the sheet and how it was read."""

    start_date: str = ""
    end_date: str = ""
    marks: dict[str, list[str]] = field(default_factory=dict)


def window_from(cells: Mapping[str, str], order: str) -> Window:
    """Start and end in ISO form where they can be read in one way; else the texts as they stand."""
    start_text, end_text = cells.get("start_date", ""), cells.get("end_date", "")
    start_clock, end_clock = cells.get("start_time", ""), cells.get("end_time", "")
    both = cells.get("window", "")
    start_day, start_at = _read(start_text, order)
    end_day, end_at = _read(end_text, order)
    if not end_day and end_at is None and end_text:
        end_at = clock_of(end_text)
    known = window_of(both) if both else None
    times = [
        _first(start_at, clock_of(start_clock), known[0] if known else clock_of(both)),
        _first(end_at, clock_of(end_clock), known[1] if known else None),
    ]
    said = [
        _said(start_text, start_clock, both),
        _said(end_text or (start_text if end_clock or both else ""), end_clock, both),
    ]
    window = Window()
    is_end_open = bool(end_text) and not end_day and end_at is None
    _set(window, "start_date", start_day, times[0], said[0], start_text)
    if end_text or end_clock or known:
        _set(window, "end_date", None if is_end_open else end_day or start_day, times[1], said[1], end_text)
    return window


def repaired_moment(text: str, day_text: str = "") -> str:
    """A cell that holds day and time in ISO form; a time alone is one of the day of `day_text`. "" if it is neither."""
    day, clock = _read(text, "")
    if day is None:
        day, clock = _read(day_text, "")[0], clock_of(text)
    return f"{day.isoformat()}T{clock:%H:%M}" if day and clock is not None else ""


def is_moment(text: str, order: str = "") -> bool:
    """Whether a text is a day, or a day and a time, in whichever order."""
    day, _ = _read(text, order)
    return day is not None


def day_part(text: str) -> str:
    """What of a text is a day in numbers: for finding out in which order they stand, whatever follows it."""
    return next((day_text for day_text, _ in _cuts(text) if proof(day_text)), "")


def _read(text: str, order: str) -> tuple[date | None, time | None]:
    for day_text, clock_text in _cuts(text):
        day = day_of(day_text, order)
        if day and not clock_text:
            return day, None
        if day and (clock := clock_of(clock_text)) is not None:
            return day, clock
    return None, None


def _cuts(text: str) -> list[tuple[str, str]]:
    """The ways to cut a text into a day and a time: whole, or at one of its gaps."""
    plain = " ".join(text.split())
    if len(plain) > LONGEST:
        return []
    return [(plain, ""), *((plain[: gap.start()], plain[gap.end() :]) for gap in _GAPS.finditer(plain))]


def _first(*times: time | None) -> time | None:
    return next((one for one in times if one is not None), None)


def _said(*texts: str) -> str:
    return " ".join(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _set(window: Window, name: str, day: date | None, clock: time | None, said: str, text: str) -> None:
    if day is None or clock is None:
        # Not readable in one way: a person decides, and sees all that was said.
        setattr(window, name, text if OURS.fullmatch(text) else said)
        return
    found = f"{day.isoformat()}T{clock:%H:%M}" + (f":{clock:%S}" if clock.second else "")
    setattr(window, name, found)
    if found != said.replace(" ", "T"):
        window.marks[name] = [said, f"Read as {day:%a} {day.day} {day:%b %Y}, {clock:%H:%M}."]
