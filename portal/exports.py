"""Tables for people to open in a spreadsheet. What stands in a cell is text, and never becomes a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

from django.http import HttpResponse
from xlsxwriter import Workbook

MOST_CHARACTERS = 32_767  # of one cell of XLSX
CUT = " … (the rest did not fit; the CSV file has all of it)"
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
# What a spreadsheet takes for the beginning of a formula, after which it might fetch or run something.
# Source: owasp.org/www-community/attacks/CSV_Injection
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Table = Iterable[Sequence[str]]


def file_of(kind: str, name: str, header: Sequence[str], rows: Table) -> HttpResponse:
    """The table as a file to be saved; `kind` is one of TYPES, `name` has no ending."""
    content = write_xlsx(header, rows) if kind == "xlsx" else write_csv(header, rows)
    answer = HttpResponse(content, content_type=TYPES[kind])
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return answer


def write_xlsx(header: Sequence[str], rows: Table, *, widths: Sequence[int] = ()) -> bytes:
    """Every cell is a text cell, so that numbers keep their zeros."""
    into = io.BytesIO()
    book = Workbook(into, {"in_memory": True})
    sheet = book.add_worksheet("Rows")
    text = book.add_format({"num_format": "@", "valign": "top"})
    bold = book.add_format({"num_format": "@", "bold": True, "bottom": 1})
    for column, title in enumerate(header):
        sheet.set_column(column, column, widths[column] if column < len(widths) else 22, text)
        sheet.write_string(0, column, title, bold)
    for line, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if value:
                sheet.write_string(line, column, _fitting(value), text)
    sheet.freeze_panes(1, 0)
    book.close()
    return into.getvalue()


def _fitting(value: str) -> str:
    return value if len(value) <= MOST_CHARACTERS else value[: MOST_CHARACTERS - len(CUT)] + CUT


def write_csv(header: Sequence[str], rows: Table) -> bytes:
    """As Excel opens it by a double click: UTF-8 with its mark, commas, CRLF."""
    into = io.StringIO(newline="")
    writer = csv.writer(into, dialect="excel")
    writer.writerow(header)
    writer.writerows([_harmless(value) for value in row] for row in rows)
    return b"\xef\xbb\xbf" + into.getvalue().encode()


def _harmless(value: str) -> str:
    """An apostrophe makes a text of what would begin a formula."""
    return f"'{value}" if value.startswith(FORMULA) else value
