"""Sheets made by code, plain and awkward: text with separators, workbooks, and workbooks with their parts changed."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import xlsxwriter

Rows = Sequence[Sequence[Any]]

HEADER = ["Store #", "Store name", "Macnum", "LCON", "LCON phone", "ZIP", "State"]
FIRST = ["0012", "Elm Street", "03526768", "Sam Poe", "617-555-0101", "01852", "MA"]
SECOND = ["0013", "Oak Lane", "03526769", "Ann Lee", "617-555-0102", "02101", "MA"]
PLAIN = [HEADER, FIRST, SECOND]


def text_of(rows: Rows, separator: str = ",", end: str = "\r\n") -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator, lineterminator=end).writerows(rows)
    return stream.getvalue()


def csv_of(rows: Rows, separator: str = ",", encoding: str = "utf-8", end: str = "\r\n") -> bytes:
    return text_of(rows, separator, end).encode(encoding)


def xlsx_of(rows: Rows = (), build: Callable[[Any, Any], None] | None = None, **options: Any) -> bytes:
    """A workbook with these rows as text where they are text; `build` gets the book and its first sheet."""
    stream = io.BytesIO()
    plain = {
        "in_memory": True,
        "strings_to_numbers": False,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(stream, plain | options) as book:
        sheet = book.add_worksheet("Rows")
        for line, cells in enumerate(rows):
            for index, cell in enumerate(cells):
                if cell not in ("", None):
                    sheet.write(line, index, cell)
        if build:
            build(book, sheet)
    return stream.getvalue()


def with_parts(content: bytes, changed: Mapping[str, bytes | Callable[[bytes], bytes]]) -> bytes:
    """The same archive with some parts replaced, changed, or added."""
    stream = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(stream, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            change = changed.get(name)
            before = old.read(name)
            new.writestr(name, before if change is None else change(before) if callable(change) else change)
        for name, part in changed.items():
            if name not in old.namelist() and isinstance(part, bytes):
                new.writestr(name, part)
    return stream.getvalue()
