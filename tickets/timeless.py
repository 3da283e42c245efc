"""A dispatch without its dates: what templates and recurring dispatches keep, and what a given day makes of it.

Pure. A row keeps the clock of its window ("08:00") under names of its own, so that nobody takes it for a time.
"""

import re
from datetime import date, time
from typing import Any

from tickets.forms.typed import KEY, WHEN, Row, new_key
from tickets.forms.when import effective_rows, is_same_for_all

START_CLOCK, END_CLOCK = "start_clock", "end_clock"
CLOCKS = {"start_date": START_CLOCK, "end_date": END_CLOCK}
# What was true of one dispatch alone: what Granite said of it, what it corrected, what was decided about its
# duplicates. Its team and account are kept as such, not as what was typed.
OF_ONE_DISPATCH = ("corrects", "refused", "repeats")
CHOSEN = ("team", "account")
# What a machine mended is settled by the time somebody keeps the row; earlier work is earlier work of one visit.
OF_ONE_VISIT = ("repaired", "prior_ticket")
CONTACT = ("contact_name", "contact_email_address")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]([01]\d|2[0-3]):([0-5]\d)(:[0-5]\d)?", re.ASCII)


def copied_what(what: dict[str, Any]) -> dict[str, Any]:
    return _without(what, (*OF_ONE_DISPATCH, *CHOSEN))


def copied_rows(rows: list[Row]) -> list[Row]:
    """The rows as they are, as rows of another dispatch."""
    return [_without(row, OF_ONE_DISPATCH) | {KEY: new_key()} for row in rows]


def timeless_rows(what: dict[str, Any], rows: list[Row]) -> list[Row]:
    """The rows with the clocks of the windows that count, and without a day."""
    found = []
    for row in effective_rows(what, rows):
        kept = _without(row, (*OF_ONE_DISPATCH, *OF_ONE_VISIT))
        found.append(kept | _clocks(row, "") | dict.fromkeys(WHEN, "") | {KEY: new_key()})
    return found


def timeless_what(
    what: dict[str, Any], rows: list[Row], own_contact: dict[str, str] | None, *, is_sheet: bool = False
) -> dict[str, Any]:
    """What is said, without a day. `rows` are those of `timeless_rows`: a window all have is the window for all.

    The contact is left blank where it was the person's own: whoever begins with this is then the contact.
    """
    kept = _without(what, (*OF_ONE_DISPATCH, *OF_ONE_VISIT, *CHOSEN))
    if is_same_for_all(what):
        kept |= _clocks(what, "all-") | {f"all-{name}": "" for name in WHEN}
    elif not is_sheet and (window := common_window(kept, rows)):
        start, end, hard = window
        kept |= {"same_for_all": "on", f"all-{START_CLOCK}": start, f"all-{END_CLOCK}": end}
        kept |= {"all-hard_start": hard}
    if own_contact and all(_text(kept, name).strip() == own_contact[name] for name in CONTACT):
        kept |= dict.fromkeys(CONTACT, "")
    return kept


def common_window(what: dict[str, Any], rows: list[Row]) -> tuple[str, str, str] | None:
    """Start, end and hard start, where they are the same everywhere; None where places differ, or nothing is known."""
    if is_same_for_all(what):
        windows = {
            (
                _text(what, f"all-{START_CLOCK}"),
                _text(what, f"all-{END_CLOCK}"),
                _text(what, "all-hard_start"),
            )
        }
    else:
        windows = {(_text(row, START_CLOCK), _text(row, END_CLOCK), _text(row, "hard_start")) for row in rows}
    only = next(iter(windows)) if len(windows) == 1 else ("", "", "")
    return only if only[0] else None


def has_differing_windows(what: dict[str, Any], rows: list[Row]) -> bool:
    """Whether the places keep clocks of their own, so that one window for all would lose them."""
    return (
        not is_same_for_all(what)
        and len({(_text(row, START_CLOCK), _text(row, END_CLOCK)) for row in rows}) > 1
    )


def on_day(
    what: dict[str, Any],
    rows: list[Row],
    day: date,
    window: tuple[time, time, bool] | None = None,
    *,
    is_sheet: bool = False,
) -> tuple[dict[str, Any], list[Row]]:
    """Everything on this day: each place by its own clocks, or all in one window. Rows of a sheet hold their own."""
    if window:
        start, end, is_hard = window
        clocks = {
            START_CLOCK: f"{start:%H:%M}",
            END_CLOCK: f"{end:%H:%M}",
            "hard_start": "on" if is_hard else "",
        }
        rows = [{**row, **clocks} for row in rows]
        if not is_sheet:
            what = {**what, "same_for_all": "on", **{f"all-{name}": text for name, text in clocks.items()}}
    dated = [{**row, **_moments(row, "", day)} for row in rows]
    return ({**what, **_moments(what, "all-", day)} if is_same_for_all(what) else what), dated


def clock_of(text: str) -> str:
    """`2026-12-01T08:00` → `08:00`; nothing where it is no such time."""
    match = _MOMENT.fullmatch(text.strip())
    return f"{match[1]}:{match[2]}" if match else ""


def _clocks(values: dict[str, Any], prefix: str) -> dict[str, str]:
    """The clocks of a window; of one that was never dated, those it was kept with."""
    return {
        prefix + clock: clock_of(_text(values, prefix + name)) or _text(values, prefix + clock)
        for name, clock in CLOCKS.items()
    }


def _moments(values: dict[str, Any], prefix: str, day: date) -> dict[str, str]:
    return {
        prefix + name: f"{day.isoformat()}T{_text(values, prefix + clock)}"
        for name, clock in CLOCKS.items()
        if _text(values, prefix + clock)
    }


def _text(values: dict[str, Any], name: str) -> str:
    return str(values.get(name) or "")


def _without(values: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}
