"""What every kind of sheet becomes: a header and rows of text, and notes on what was left out or changed on the way.

Pure: no models, no settings. Nothing here guesses what a cell means.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from portal.problems import Problem

MOST_BYTES = 10_000_000
MOST_ROWS = 5_000
MOST_COLUMNS = 200
MOST_CHARACTERS = 100_000  # of one cell
MOST_ABOVE = 25  # lines that may stand above the header
MOST_EMPTY = 2_000  # empty lines in a row, after which a sheet counts as ended
MOST_NAMED = 5  # places named in one note

# What Excel shows where it has no value. As text they would be sent as if somebody had meant them.
ERRORS = re.compile(
    r"#(NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A|GETTING_DATA|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|BUSY!)|#{3,}"
)
BLANKS = " \t\r\n\v\f\x00\u00a0\u2007\u202f\u200b\u2060\ufeff"

Line = tuple[int, list[str]]  # its number in the sheet, from 1; its cells


class Unreadable(Problem):
    """Why nothing could be read, in a sentence that says what and where."""


@dataclass(frozen=True)
class Table:
    """`lines[i]` is where `rows[i]` stood; every row is as long as the header. `is_headed`: the header was there."""

    header: list[str]
    rows: list[list[str]]
    lines: list[int]
    notes: list[str] = field(default_factory=list)
    is_headed: bool = True

    @property
    def first_line(self) -> int:
        return self.lines[0] if self.lines else 0

    def column(self, index: int) -> list[str]:
        return [row[index] for row in self.rows]


@dataclass
class Places:
    """Cells of which one thing is to be said; the first few are named, the others counted."""

    sentence: str  # with {cells} in it
    named: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, line: int, column: int) -> None:
        self.count += 1
        if len(self.named) < MOST_NAMED:
            self.named.append(f"{letters(column)}{line}")

    @property
    def notes(self) -> list[str]:
        if not self.count:
            return []
        more = f" and {self.count - len(self.named)} more" if self.count > len(self.named) else ""
        word = "Cell" if self.count == 1 else "Cells"
        return [self.sentence.format(cells=f"{word} {', '.join(self.named)}{more}")]


def letters(column: int) -> str:
    """0 → A, 26 → AA: as spreadsheets call their columns."""
    found = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def bounded(lines: Iterable[Line], notes: list[str]) -> Iterator[Line]:
    """The lines with something in them. Raises Unreadable at the first that is one too many, or too wide."""
    kept, empty = 0, 0
    for number, cells in lines:
        full = _without_end(cells)
        if len(full) > MOST_COLUMNS:
            raise Unreadable(
                f"Line {number} has more than {MOST_COLUMNS} columns. Keep those that are needed."
            )
        empty = 0 if full else empty + 1
        if empty == MOST_EMPTY and kept:
            notes.append(
                f"After line {number - MOST_EMPTY} come {MOST_EMPTY:,} empty lines. What may stand below them was not read."
            )
            return
        if full:
            kept += 1
            yield number, full
        if kept > MOST_ROWS + MOST_ABOVE:
            raise Unreadable(too_many_rows())


def too_many_rows() -> str:
    return (
        f"The sheet has more than {MOST_ROWS:,} rows. Divide it and read each part by itself; "
        "nothing of it was read."
    )


def _without_end(cells: list[str]) -> list[str]:
    end = len(cells)
    while end and not cells[end - 1].strip(BLANKS):
        end -= 1
    return cells[:end]
