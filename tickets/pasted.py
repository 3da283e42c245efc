"""A block of cells as Excel puts it on the clipboard."""

import csv
import io
from collections.abc import Sequence

from tickets.forms.typed import plain


def read_block(text: str) -> list[list[str]]:
    """Lines of cells: tabs between, quotes around cells that hold tabs, quotes or line ends.

    Blank columns at the right end are left out, and so is the line end after the last line.
    """
    text = plain_block(text)
    try:
        # Only what Excel itself would quote is read as quoted: a lone quote in a cell is a quote.
        lines = list(csv.reader(io.StringIO(text, newline=""), dialect="excel-tab", strict=True))
    except csv.Error:
        lines = [line.split("\t") for line in text.split("\n")]
    width = max((len(_trimmed(line)) for line in lines), default=0)
    return [[plain(cell) for cell in line[:width]] for line in lines]


def plain_block(text: str) -> str:
    return text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")


def _trimmed(line: Sequence[str]) -> Sequence[str]:
    last = max((at for at, cell in enumerate(line) if cell.strip()), default=0)
    return line[: last + 1]
