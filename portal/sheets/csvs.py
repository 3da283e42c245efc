"""Text with separators: files and pasted cells, in the encodings and with the separators people have."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal

from portal.exports import FORMULA
from portal.sheets.tables import BLANKS, MOST_CHARACTERS, Line, Places, Unreadable, bounded

SEPARATORS = ",;\t|"
LOOKED_AT = 60  # rows, for finding the separator
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_AS_TEXT = re.compile(r'="([^"]*)"')  # how programs keep Excel from taking zeros away
# How programs, ours among them, keep a spreadsheet from taking a text for a formula.
_HARMLESS = re.compile(r"'[=+\-@\t\n＝＋－＠]")
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
MARKS = (
    (codecs.BOM_UTF32_LE, ""),
    (codecs.BOM_UTF32_BE, ""),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def lines_of_csv(content: bytes, notes: list[str]) -> list[Line]:
    """The lines of a file that have something in them. Raises Unreadable."""
    text = _decoded(content, notes)
    if found := _NOT_TEXT.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise Unreadable(
            f"It holds a character that no text has, in line {line}. Open it in Excel and save it as “CSV UTF-8”."
        )
    return _lines(text, notes, is_pasted=False)


def lines_of_paste(text: str, notes: list[str]) -> list[Line]:
    """The lines of what was pasted that have something in them. Raises Unreadable."""
    return _lines(text.replace("\x00", ""), notes, is_pasted=True)


def _decoded(content: bytes, notes: list[str]) -> str:
    named = next((encoding for mark, encoding in MARKS if content.startswith(mark)), None)
    if named is None and (wide := _wide(content)):
        named = wide
    try:
        return content.decode(named or "utf-8") if named != "" else _refuse_encoding()
    except UnicodeDecodeError:
        if named:
            _refuse_encoding()
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        return _refuse_encoding()
    notes.append("The file is not in UTF-8 and was read as Windows-1252. Look at names with accents.")
    return text


def _refuse_encoding() -> str:
    raise Unreadable("It is not readable text. Open it in Excel and save it as “CSV UTF-8”.")


def _wide(content: bytes) -> str:
    """UTF-16 without its mark: of plain English every second byte is zero."""
    start = content[:2000]
    if len(start) < 4 or len(content) % 2:
        return ""
    even, odd = start[::2].count(0) / len(start[::2]), start[1::2].count(0) / len(start[1::2])
    if odd > 0.6 and even < 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > 0.6 and odd < 0.1 else ""


def _lines(text: str, notes: list[str], *, is_pasted: bool) -> list[Line]:
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    above = 0
    if first := _SEPARATOR_LINE.match(text):
        separator, text, above = first[1], text[first.end() :], 1
    else:
        separator = "\t" if is_pasted and "\t" in text else _separator(text)
    kept: list[str] = []
    try:
        found = list(bounded(_cells(text, separator, above, kept), kept))
    except csv.Error as error:
        if not is_pasted:
            raise Unreadable(_quote_sentence(text, separator, above, error)) from error
        # Excel does not quote what it puts on the clipboard unless it must: here a mark may be one of inches.
        kept = []
        found = list(bounded(_cells(text, separator, above, kept, is_quoted=False), kept))
        notes.append("Quotation marks were taken as they stand, because they do not come in pairs.")
    notes += kept
    return found


def _separator(text: str) -> str:
    """The one that cuts the most lines into the same number of cells."""
    scores = {}
    for candidate in SEPARATORS:
        counts = []
        reader = csv.reader(io.StringIO(text[:400_000]), delimiter=candidate)
        try:
            for cells in reader:
                if any(cell.strip(BLANKS) for cell in cells):
                    counts.append(len(cells))
                if len(counts) == LOOKED_AT:
                    break
        except csv.Error:
            pass  # told when the whole is read with the separator that was found
        width, times = max(Counter(counts).items(), key=lambda item: (item[1], item[0]), default=(1, 0))
        scores[candidate] = (times / len(counts) if width > 1 else 0, width)
    best = max(SEPARATORS, key=lambda candidate: scores[candidate])
    return best if scores[best][0] else ","


def _cells(
    text: str, separator: str, above: int, notes: list[str], *, is_quoted: bool = True
) -> Iterator[Line]:
    """Every line with its number. Raises csv.Error at a quotation mark without its other."""
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if is_quoted else csv.QUOTE_NONE
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=is_quoted, quoting=quoting)
    protected = Places("{cells}: protected from being changed or calculated; the text itself was taken.")
    before = 0
    for cells in reader:
        number, before = above + before + 1, reader.line_num
        for index, cell in enumerate(cells):
            if len(cell) > MOST_CHARACTERS:
                raise Unreadable(f"A cell of line {number} has more than {MOST_CHARACTERS:,} characters.")
            if (plain := _unprotected(cell)) != cell:
                cells[index] = plain
                protected.add(number, index)
            elif _HARMLESS.match(cell):
                cells[index] = cell[1:]
        yield number, cells
    notes += protected.notes


def _unprotected(cell: str) -> str:
    """Without what programs put around a text so that a spreadsheet leaves it alone."""
    if cell.startswith('="') and (inner := _AS_TEXT.fullmatch(cell)):
        return inner[1]
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell


def _quote_sentence(text: str, separator: str, above: int, error: csv.Error) -> str:
    """Where the trouble begins: the first line of the row that could not be ended."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    before = 0
    try:
        for _ in reader:
            before = reader.line_num
    except csv.Error:
        pass
    where = above + before + 1
    if "field larger" in str(error) or "unexpected end" in str(error):
        return (
            f"A quotation mark in line {where} is never closed. Close it, or save the sheet anew from Excel."
        )
    return f"Line {where} has a quotation mark inside a quoted cell. Double it, or save the sheet anew from Excel."
