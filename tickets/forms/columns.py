"""Which column of a sheet is what, as somebody chose it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.sheets.tables import letters
from tickets.sheets import Table
from tickets.sheets.days import ASK, DMY, MDY
from tickets.sheets.fields import BY_NAME, FIELDS, GROUPS, NEEDED, Field
from tickets.sheets.matching import (
    BY_CONTENT,
    BY_USUAL_NAME,
    REMEMBERED,
    Match,
    open_dates,
    order_in,
    samples,
)
from tickets.sheets.matching import BY_NAME as BY_ITS_NAME

PREFIX = "column-"
HOW = {
    BY_ITS_NAME: "by its name",
    BY_USUAL_NAME: "by a usual name",
    BY_CONTENT: "only by what stands in it: please look",
    REMEMBERED: "as the last time",
}


@dataclass
class Column:
    """One column on the page. `how` says why a field is proposed; "" for one that was chosen."""

    index: int
    header: str
    samples: list[str]
    field: str
    how: str = ""
    error: str = ""

    @property
    def name(self) -> str:
        return f"{PREFIX}{self.index}"

    @property
    def letter(self) -> str:
        return letters(self.index)


@dataclass
class ColumnsForm:
    """The choices of a page. `order` is asked only where the dates themselves leave it open."""

    columns: list[Column]
    order: str
    is_order_open: bool
    dates: list[str]
    order_error: str = ""
    missing: list[str] = field(default_factory=list)

    @property
    def chosen(self) -> dict[int, str]:
        return {column.index: column.field for column in self.columns if column.field}

    @property
    def has_errors(self) -> bool:
        return bool(self.order_error) or any(column.error for column in self.columns)


def choices() -> list[tuple[str, list[Field]]]:
    return [(group, [one for one in FIELDS if one.group == group]) for group in GROUPS]


def proposed(table: Table, matches: Mapping[int, Match], order: str) -> ColumnsForm:
    found = [
        Column(
            index,
            name,
            samples(table, index),
            matches[index].field if index in matches else "",
            HOW[matches[index].how] if index in matches else "",
        )
        for index, name in enumerate(table.header)
    ]
    return _form(table, found, order)


def chosen(table: Table, post: Mapping[str, str]) -> ColumnsForm:
    """The choices as they arrived, judged: unknown fields and two columns for one field are said at their place."""
    found = []
    for index, name in enumerate(table.header):
        wanted = post.get(f"{PREFIX}{index}", "")
        column = Column(index, name, samples(table, index), wanted if wanted in BY_NAME else "")
        if wanted and wanted not in BY_NAME:
            column.error = "This is not a field we know. Choose one of the list."
        found.append(column)
    _refuse_twice(found)
    form = _form(table, found, post.get("order", ""))
    if not form.chosen:
        found[0].error = found[0].error or "Choose at least one column."
    if form.is_order_open and form.order not in (MDY, DMY):
        form.order_error = "Say whether the month or the day comes first."
    return form


def _refuse_twice(columns: list[Column]) -> None:
    first: dict[str, Column] = {}
    for column in columns:
        if not column.field:
            continue
        other = first.setdefault(column.field, column)
        if other is not column:
            column.error = f"“{other.header}” is the {BY_NAME[column.field].label} already."


def _form(table: Table, columns: list[Column], order: str) -> ColumnsForm:
    used = {column.index: column.field for column in columns if column.field}
    is_open = order_in(table, used) == ASK
    missing = [BY_NAME[name].label for name in NEEDED if name not in used.values()]
    return ColumnsForm(columns, order, is_open, open_dates(table, used) if is_open else [], missing=missing)
