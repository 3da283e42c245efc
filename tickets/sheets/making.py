"""Rows of a draft from a table whose columns are known: repaired where that is proven, and marked where repaired."""

from collections.abc import Mapping
from typing import Any

from portal.sheets.tables import BLANKS, Table
from tickets.sheets.fields import BY_NAME, UNUSED
from tickets.sheets.repairing import repair_row
from tickets.sheets.windows import PARTS, window_from

REPAIRED = "repaired"


def make_rows(table: Table, fields: Mapping[int, str], order: str = "") -> list[dict[str, Any]]:
    """One row per line of the sheet, in its order; of each only what is not blank. `fields`: column → field."""
    used = {index: field for index, field in fields.items() if field != UNUSED and field in BY_NAME}
    return [_row({field: row[index] for index, field in used.items()}, order) for row in table.rows]


def _row(cells: dict[str, str], order: str) -> dict[str, Any]:
    times = {name: cells.pop(name).strip(BLANKS) for name in PARTS if name in cells}
    row: dict[str, Any]
    row, marks = repair_row(cells)
    if any(times.values()):
        window = window_from(times, order)
        row |= {"start_date": window.start_date, "end_date": window.end_date}
        marks |= window.marks
    row = {name: text.replace("\x00", "") for name, text in row.items() if text}
    return row | ({REPAIRED: marks} if marks else {})
