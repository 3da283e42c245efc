"""XLSX: the values as Excel last reckoned them, read as a stream and bounded. Nothing is evaluated."""

import io
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils.datetime import MAC_EPOCH
from openpyxl.utils.exceptions import InvalidFileException

from portal.files.sheets import DAMAGED, check_xlsx
from portal.sheets.shown import text_of
from portal.sheets.tables import MOST_COLUMNS, MOST_NAMED, Line, Unreadable, bounded

MOST_UNPACKED = 120_000_000  # of all parts; ten megabytes of a plain sheet unpack to about this
MOST_STYLES = 8_000_000
TROUBLE = (
    InvalidFileException,
    BadZipFile,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    EOFError,
    OverflowError,
    NotImplementedError,
    RecursionError,
    zlib.error,
    struct.error,
)
# A formula whose result nobody stored: written by a program, and never opened in Excel.
_WITHOUT_RESULT = re.compile(
    rb"<c\b([^<>]*)>\s*<f\b[^<>]*?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>", re.DOTALL
)
_PLACE = re.compile(rb'\br="([A-Z]{1,3}[0-9]{1,7})"')
_BLOCK, _OVERLAP = 1_000_000, 40_000


def lines_of_xlsx(content: bytes, notes: list[str]) -> list[Line]:
    """The lines with something in them of the first sheet that has any. Raises Unreadable."""
    stream = io.BytesIO(content)
    if reason := check_xlsx(stream) or _too_large(content):
        raise Unreadable(f"It {reason}.")
    book = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of drawings, validations and the like, which are not read
            book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            return _of_first(book, content, notes)
    except TROUBLE as error:
        raise Unreadable(f"It {DAMAGED}.") from error
    finally:
        if book is not None:
            book.close()


def _too_large(content: bytes) -> str:
    """Parts that are read as a whole have limits of their own."""
    with ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        return "unpacks to more than a sheet of 5,000 rows needs. Copy the rows into a new sheet"
    if any(entry.filename == "xl/styles.xml" and entry.file_size > MOST_STYLES for entry in entries):
        return "holds too many cell styles. Copy the rows into a new sheet"
    return ""


def _of_first(book: Any, content: bytes, notes: list[str]) -> list[Line]:
    shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if hidden := len(book.worksheets) - len(shown):
        notes.append(f"{hidden} hidden sheet{'s were' if hidden > 1 else ' was'} not read.")
    for sheet in shown:
        said: list[str] = []
        sheet.reset_dimensions()  # what a file says of its size need not be so
        lines = list(bounded(_lines(sheet), said))
        if not lines:
            continue
        if len(shown) > 1:
            others = ", ".join(f"“{one.title}”" for one in shown if one is not sheet)
            notes.append(f"Only the sheet “{sheet.title}” was read, not {others[:200]}.")
        if book.epoch == MAC_EPOCH:
            notes.append("This workbook counts its days from 1904; its dates were read so.")
        notes += [*said, *_without_results(content, sheet._worksheet_path)]
        return lines
    return []


def _lines(sheet: Any) -> Iterator[Line]:
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells = [_text(cell) for cell in row[:MOST_COLUMNS]]
        if len(row) > MOST_COLUMNS and any(cell.value is not None for cell in row[MOST_COLUMNS:]):
            cells += ["…"]  # one too many, which is said where all limits are
        yield number, cells


def _text(cell: Any) -> str:
    value = cell.value
    if value is None or isinstance(value, str):
        return value or ""
    return text_of(value, cell.number_format if isinstance(value, int | float) else "")


def _without_results(content: bytes, path: str) -> list[str]:
    """A note on formulas without a result: they look empty to whoever only reads values."""
    named: list[str] = []
    count, before = 0, b""
    with ZipFile(io.BytesIO(content)) as archive, archive.open(path.lstrip("/")) as part:
        while block := part.read(_BLOCK):
            text = before + block
            end = 0
            for found in _WITHOUT_RESULT.finditer(text):
                end = found.end()
                if b't="str"' in found[1]:
                    continue  # the empty text is a result too
                count += 1
                if len(named) < MOST_NAMED and (place := _PLACE.search(found[1])):
                    named.append(place[1].decode())
            before = text[max(end, len(text) - _OVERLAP) :]
    if not count:
        return []
    more = f" and {count - len(named)} more" if count > len(named) else ""
    return [
        f"Formulas without a result stand in {', '.join(named)}{more} and count as empty. "
        "Open the sheet in Excel, save it, and read it again."
    ]
