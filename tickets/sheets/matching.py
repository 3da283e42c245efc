"""Which column is which field: by the name, by a usual name, by what stands in it. Never two columns to one field."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from portal.sheets.tables import BLANKS, Table
from sites import zones
from tickets.sheets import columns
from tickets.sheets.clocks import clock_of, window_of
from tickets.sheets.days import ASK, MDY, order_of
from tickets.sheets.fields import BY_NAME as FIELDS_BY_NAME
from tickets.sheets.kinds import kind_of_work
from tickets.sheets.places import state_of, zone_of
from tickets.sheets.repairing import repair
from tickets.sheets.windows import day_part, is_moment

BY_NAME, BY_USUAL_NAME, BY_CONTENT, REMEMBERED = "name", "usual name", "content", "remembered"
ENOUGH = 0.8  # of the cells that hold something
LOOKED_AT = 200  # rows
LONGEST = 200  # characters of a cell that are looked at
SAMPLES = 3


@dataclass(frozen=True)
class Match:
    field: str
    how: str


Test = Callable[[str], bool]


def _is_phone(text: str) -> bool:
    found, _ = repair("local_contact_number", text, {})
    return (
        bool(re.fullmatch(r"\+?[\d\s().\-‐‑–/]{10,20}", found)) and 10 <= len(re.sub(r"\D", "", found)) <= 11
    )


def _is_email(text: str) -> bool:
    return bool(re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text))


def _is_zip(text: str) -> bool:
    return bool(re.fullmatch(r"\d{5}(-\d{4})?", text))


def _is_clock(text: str) -> bool:
    return clock_of(text) is not None and not re.fullmatch(r"\d+", text)


def _is_day(text: str) -> bool:
    return is_moment(text, MDY)


def _is_number(text: str) -> bool:
    return bool(re.search(r"\d", text)) and len(text) <= 20


def _is_macnum(text: str) -> bool:
    return bool(re.fullmatch(r"\d{7,9}", text))


def _is_words(text: str) -> bool:
    return bool(re.search(r"[A-Za-z]{2}", text)) and not _is_email(text) and len(text) <= 200


TESTS: dict[str, Test] = {
    "local_contact_number": _is_phone,
    "secondary_lcon_number": _is_phone,
    "location_contact_email": _is_email,
    "secondary_lcon_email": _is_email,
    "contact_email_address": _is_email,
    "zip": _is_zip,
    "state": lambda text: bool(state_of(text)),
    "time_zone": lambda text: bool(zone_of(text, "CO")) or zones.is_zone(text),
    "start_date": _is_day,
    "end_date": _is_day,
    "start_time": _is_clock,
    "end_time": _is_clock,
    "window": lambda text: window_of(text) is not None,
    "service_type": lambda text: bool(kind_of_work(text)),
    "location_number": _is_number,
    "account_macnum": _is_number,
    "location_name": _is_words,
    "local_contact_name": _is_words,
    "secondary_lcon_name": _is_words,
}
# What content alone shows well enough to be offered, in the order in which it is looked for.
SHOWN_BY_CONTENT = (
    "location_contact_email",
    "time_zone",
    "service_type",
    "state",
    "start_date",
    "end_date",
    "window",
    "start_time",
    "end_time",
    "local_contact_number",
    "secondary_lcon_number",
)
# Only where there is no header at all: a name would have said more.
SHOWN_WITHOUT_HEADER: dict[str, Test] = {
    "zip": _is_zip,
    "account_macnum": _is_macnum,
    "location_name": _is_words,
    "local_contact_name": lambda text: bool(re.fullmatch(r"[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]*){1,3}", text)),
    "location_number": lambda text: bool(re.fullmatch(r"[#A-Za-z-]{0,4}\d{1,6}", text)),
}


def match(table: Table) -> dict[int, Match]:
    """What each column seems to be, by its place. A column without an entry is nothing we know."""
    found: dict[int, Match] = {}
    _by_names(table, found)
    _by_content(table, found)
    return dict(sorted(found.items()))


def remembered(table: Table, columns_by_key: dict[str, str]) -> dict[int, Match]:
    """What somebody said each column is, of a table with the same headings."""
    keys = columns.keys_of(table.header)
    return {
        index: Match(columns_by_key[key], REMEMBERED)
        for index, key in enumerate(keys)
        if columns_by_key.get(key) in FIELDS_BY_NAME
    }


def _taken(found: dict[int, Match]) -> set[str]:
    return {one.field for one in found.values()}


def _by_names(table: Table, found: dict[int, Match]) -> None:
    if not table.is_headed:
        return
    for index, name in enumerate(table.header):
        field = columns.exact(name)
        if field and index not in found and field not in _taken(found):
            found[index] = Match(field, BY_NAME)
    meanings = {index: columns.usual(name) for index, name in enumerate(table.header) if index not in found}
    # A name with one meaning goes first, so that one with several does not take its place.
    for is_clear in (True, False):
        for index, fields in meanings.items():
            if index in found or not fields or (len(fields) == 1) != is_clear:
                continue
            free = [field for field in fields if field not in _taken(found)]
            fitting = [field for field in free if looks_like(table, index, field)]
            if fitting or free:
                found[index] = Match((fitting or free)[0], BY_USUAL_NAME)


def _by_content(table: Table, found: dict[int, Match]) -> None:
    tests = {field: TESTS[field] for field in SHOWN_BY_CONTENT}
    if not table.is_headed:
        tests |= SHOWN_WITHOUT_HEADER
    for field, test in tests.items():
        for index in range(len(table.header)):
            if index in found or field in _taken(found):
                continue
            texts = _texts(table, index)
            if texts and sum(map(test, texts)) >= ENOUGH * len(texts):
                found[index] = Match(field, BY_CONTENT)


def looks_like(table: Table, index: int, field: str) -> bool:
    """Whether the cells of a column speak for a field; a field that may hold anything, or an empty column, does."""
    test, texts = TESTS.get(field), _texts(table, index)
    return test is None or not texts or sum(map(test, texts)) * 2 >= len(texts)


def _texts(table: Table, index: int) -> list[str]:
    return [text for row in table.rows[:LOOKED_AT] if (text := row[index].strip(BLANKS)[:LONGEST])]


def samples(table: Table, index: int) -> list[str]:
    """The first different things that stand in a column."""
    texts = dict.fromkeys(text for row in table.rows if (text := " ".join(row[index].split())))
    return [text if len(text) <= 40 else f"{text[:39]}…" for text in list(texts)[:SAMPLES]]


def order_in(table: Table, fields: dict[int, str]) -> str:
    """In which order the numbers of the dates stand, over all columns of dates together; ASK where nothing tells."""
    return order_of(
        day_part(row[index].strip(BLANKS))
        for index, field in fields.items()
        if field in ("start_date", "end_date")
        for row in table.rows
    )


def open_dates(table: Table, fields: dict[int, str]) -> list[str]:
    """Some dates that could be read in two ways, for the question."""
    texts: Iterable[str] = (
        text
        for index, field in fields.items()
        if field in ("start_date", "end_date")
        for row in table.rows
        if order_of([day_part(text := row[index].strip(BLANKS))]) == ASK
    )
    return list(dict.fromkeys(texts))[:SAMPLES]
