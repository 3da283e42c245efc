"""The rows of a sheet as a table: its columns, what is looked at of it, and what each cell has to say. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tickets.forms.labels import LABELS
from tickets.forms.rows import CheckedRow
from tickets.forms.typed import AIDS, KEY, ROW_WHAT, WHEN, WHERE, Row, tick
from tickets.sheets.repairing import repair
from tickets.sheets.windows import window_from

A_PAGE = 100
WRONG, REPAIRED = "wrong", "repaired"
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)", re.ASCII)
REQUIRED = frozenset(
    ("location_name", "account_macnum", "time_zone", *WHEN, "local_contact_name", "local_contact_number")
)
_KINDS = {"time_zone": "zone", "service_type": "service", "hard_start": "tick", "start_date": "time"}
_KINDS |= dict.fromkeys(("initial_description", "special_instructions", "non_standard_tools"), "words")
_KINDS["end_date"] = "time"


@dataclass(frozen=True)
class Column:
    """`kind` says how it is typed: text, words (several lines), zone, service, time or tick."""

    name: str
    label: str
    kind: str

    @property
    def is_required(self) -> bool:
        return self.name in REQUIRED


_PLACE = ("location_name", "location_number", "account_macnum", *AIDS, "time_zone")
_REST = tuple(name for name in WHERE if name not in (*_PLACE, "site"))
COLUMNS = {
    name: Column(name, LABELS.get(name, name), _KINDS.get(name, "text"))
    for name in (*_PLACE, *WHEN, "hard_start", *_REST, *ROW_WHAT)
}


def columns_of(is_sheet: bool) -> list[Column]:
    """A draft made of forms says everything but places and times for all of its rows at once."""
    return [column for name, column in COLUMNS.items() if is_sheet or name in (*WHERE, *WHEN, "hard_start")]


def named_columns(names: Iterable[str]) -> list[Column]:
    return [COLUMNS[name] for name in names if name in COLUMNS]


def label(name: str) -> str:
    return COLUMNS[name].label if name in COLUMNS else name


def show(name: str, value: Any) -> str:
    """A value as the table shows it, and as it may be typed again."""
    text = str(value)
    if name == "hard_start":
        return "yes" if tick(text) else ""
    return f"{match[1]} {match[2]}" if name in WHEN and (match := _TIME.fullmatch(text)) else text


def read(name: str, text: str, row: Row) -> tuple[str, str]:
    """What is kept of what was typed, and why it differs; "" where it does not."""
    others = {field_: value for field_, value in row.items() if isinstance(value, str)}
    if name not in WHEN:
        better, why = repair(name, text, others)
        # What a person types plainly is no repair.
        is_plain = better == text.strip() or text.strip().lower() in ("yes", "no")
        return better, "" if is_plain else why
    if not text.strip():
        return "", ""
    # The end may be typed as a time alone: it is on the day of the start.
    start = others.get("start_date", "") if name == "end_date" else text
    window = window_from({"start_date": start, name: text}, "")
    return getattr(window, name) or text.strip(), ""


@dataclass(frozen=True)
class Look:
    """What somebody looks at: which rows, which page of them, which further columns."""

    only: str = ""
    words: str = ""
    page: int = 1
    columns: tuple[str, ...] = ()

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> "Look":
        """From a query; what makes no sense in it is left out."""
        page, only = str(asked.get("page", "")), str(asked.get("only", ""))
        named = asked.getlist("column") if hasattr(asked, "getlist") else ()
        return cls(
            only=only if only in (WRONG, REPAIRED) else "",
            words=" ".join(str(asked.get("q", "")).replace("\x00", "").split())[:100],
            page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
            columns=tuple(name for name in dict.fromkeys(named) if name in COLUMNS),
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.only or self.words)

    def query(self, **changes: Any) -> str:
        values: dict[str, Any] = {
            "only": self.only,
            "q": self.words,
            "page": self.page if self.page > 1 else "",
        }
        values |= changes
        pairs = [(name, value) for name, value in values.items() if value]
        return urlencode([*pairs, *(("column", name) for name in self.columns)])

    def shows(self, row: Row, checked: CheckedRow) -> bool:
        if self.only == WRONG and not checked.problems:
            return False
        if self.only == REPAIRED and not row.get("repaired"):
            return False
        if not self.words:
            return True
        words = self.words.casefold()
        return any(words in show(name, row.get(name, "")).casefold() for name in COLUMNS)

    def positions(self, rows: Sequence[Row], judged: Sequence[CheckedRow]) -> list[int]:
        if not self.is_narrowed:
            return list(range(len(rows)))
        return [
            at for at, (row, checked) in enumerate(zip(rows, judged, strict=True)) if self.shows(row, checked)
        ]


@dataclass(frozen=True)
class Counts:
    rows: int
    wrong: int
    repaired: int

    @property
    def good(self) -> int:
        return self.rows - self.wrong

    @classmethod
    def of(cls, rows: Sequence[Row], judged: Sequence[CheckedRow]) -> "Counts":
        wrong = sum(1 for checked in judged if checked.problems)
        return cls(len(rows), wrong, sum(1 for row in rows if row.get("repaired")))


@dataclass(frozen=True)
class Cell:
    """One cell and everything there is to say about it."""

    key: str
    column: Column
    text: str
    problems: Sequence[str] = ()
    notes: Sequence[str] = ()  # what Granite said of this value
    was: str = ""
    why: str = ""
    is_repaired: bool = False

    @property
    def id(self) -> str:
        return f"cell-{self.key}-{self.column.name}"

    @property
    def is_wrong(self) -> bool:
        return bool(self.problems or self.notes)


@dataclass(frozen=True)
class GridRow:
    position: int
    key: str
    title: str
    cells: list[Cell] = field(default_factory=list)
    problems: Sequence[str] = ()
    notes: Sequence[str] = ()

    @property
    def number(self) -> int:
        return self.position + 1

    @property
    def is_wrong(self) -> bool:
        return bool(self.problems or self.notes) or any(cell.is_wrong for cell in self.cells)


def row_of(position: int, row: Row, checked: CheckedRow, columns: Iterable[Column]) -> GridRow:
    """One row with everything said of it; what belongs to a column that is not shown is said of the row."""
    columns, said = list(columns), refusals(row)
    cells = [_cell(row, column, checked, said) for column in columns]
    shown = {column.name for column in columns}
    problems = [
        f"{LABELS.get(name, name)}: {line}" if name else line
        for name, lines in checked.problems.items()
        if name not in shown
        for line in lines
    ]
    notes = [line for name, lines in said.items() if name not in shown for line in lines]
    return GridRow(position, str(row[KEY]), str(row.get("location_name", "")), cells, problems, notes)


def _cell(row: Row, column: Column, checked: CheckedRow, said: Mapping[str, list[str]]) -> Cell:
    name = column.name
    mark = row.get("repaired", {}).get(name)
    return Cell(
        str(row[KEY]),
        column,
        show(name, row.get(name, "")),
        checked.problems.get(name, ()),
        said.get(name, ()),
        was=str(mark[0]) if mark else "",
        why=str(mark[1]) if mark else "",
        is_repaired=bool(mark),
    )


def refusals(row: Row) -> dict[str, list[str]]:
    """What Granite said of values that still stand there."""
    found: dict[str, list[str]] = {}
    for mark in row.get("refused", []):
        if str(row.get(mark["field"], "")) == mark["value"]:
            found.setdefault(mark["field"], []).append(mark["message"])
    return found


def shown_columns(
    offered: Sequence[Column], rows: Sequence[Row], judged: Sequence[CheckedRow], look: Look
) -> list[Column]:
    """Those that are needed, say something or have something wrong, and those that were asked for."""
    wanted = set(look.columns) | REQUIRED
    wanted.update(name for checked in judged for name in checked.problems)
    wanted.update(name for row in rows for name in row.get("repaired", ()))
    wanted.update(mark["field"] for row in rows for mark in row.get("refused", ()))
    rest = {column.name for column in offered} - wanted
    for row in rows:
        if found := {name for name in rest if row.get(name)}:
            rest -= found
            wanted |= found
    return [column for column in offered if column.name in wanted]
