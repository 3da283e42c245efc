"""Where the header is: under a title, in two lines, repeated on every page, or nowhere at all."""

import re
from collections import Counter
from collections.abc import Callable

from portal.sheets.tables import (
    BLANKS,
    ERRORS,
    MOST_ABOVE,
    MOST_ROWS,
    Line,
    Places,
    Table,
    Unreadable,
    letters,
    too_many_rows,
)

# How many different fields a line of headings names, by the words of whoever reads the sheet.
Recognised = Callable[[list[str]], int]
# Stands in the example of a template of ours; the line comes back with the sheet and is no row.
EXAMPLE = "Example, this line is left out"

_DATA = re.compile(r"@|\d{4}|\d[-./:]\d")  # addresses, phones, dates, times: no header has them
_UNDER = re.compile(
    r"(required|mandatory|optional|text|number|date|time|yes ?/ ?no|y ?/ ?n|string|free text|[*]|n/a|max\.? \d+.*)",
    re.IGNORECASE,
)


def make_table(lines: list[Line], notes: list[str], recognised: Recognised) -> Table:
    """The table in these lines, none of which is empty. Raises Unreadable where there is none."""
    if not lines:
        raise Unreadable("There is nothing in it: no cell has any text.")
    at, header = _find(lines, recognised)
    if at >= 0:
        notes = [*notes, *_said_above(lines, at, header)]
        rest = lines[at + 1 :]
        if rest and _is_under_header(rest[0][1]):
            notes.append(f"Line {rest[0][0]} explains the columns and was left out.")
            rest = rest[1:]
        rest, left_out = _without_repeats(rest, lines[at][1])
        notes += left_out
    else:
        rest = lines
        notes = [
            *notes,
            f"No header was found above line {lines[0][0]}, so that line counts as the first row.",
        ]
    if len(rest) > MOST_ROWS:
        raise Unreadable(too_many_rows())
    if not rest:
        raise Unreadable(f"There is a header in line {lines[at][0]}, but no row below it.")
    return _trimmed(header, rest, notes, is_headed=at >= 0)


def _find(lines: list[Line], recognised: Recognised) -> tuple[int, list[str]]:
    """Where the header stands and what it says; -1 where there is none."""
    first = lines[:MOST_ABOVE]
    hits = [recognised(cells) for _, cells in first]
    best = max(
        range(len(first)), key=lambda at: (hits[at], len(_filled(first[at][1])) if hits[at] else 0, -at)
    )
    if hits[best] < 2 and not (hits[best] and len(_filled(first[best][1])) == 1):
        widest = max(len(_filled(cells)) for _, cells in first)
        wide = [index for index, (_, cells) in enumerate(first) if len(_filled(cells)) * 2 > widest]
        best = wide[0]
        if not _is_headerlike(first[best][1]) or len(lines) == best + 1:
            return (-1, []) if best == 0 or not hits[best] else (best, first[best][1])
    return best, _joined(first, best, recognised)


def _filled(cells: list[str]) -> list[str]:
    return [cell for cell in cells if cell.strip(BLANKS)]


def _is_headerlike(cells: list[str]) -> bool:
    filled = _filled(cells)
    return bool(filled) and not any(
        _DATA.search(cell) or len(cell) > 80 or not re.search(r"[^\W\d_]", cell) for cell in filled
    )


def _joined(lines: list[Line], at: int, recognised: Recognised) -> list[str]:
    """The header, with the line of groups above it put before its names where that tells more columns apart."""
    header = lines[at][1]
    if at == 0 or len(_filled(lines[at - 1][1])) < 2 or not _is_headerlike(lines[at - 1][1]):
        return header
    groups = _filled_right(lines[at - 1][1], len(header))
    both = [
        f"{group} {name}".strip() if name.strip(BLANKS) else group
        for group, name in zip(groups, _padded(header, len(groups)), strict=True)
    ]
    return both if recognised(both) > recognised(header) else header


def _filled_right(cells: list[str], width: int) -> list[str]:
    """A merged cell has its text in the first of its columns only."""
    found, last = [], ""
    for cell in _padded(cells, width):
        last = cell if cell.strip(BLANKS) else last
        found.append(last)
    return found


def _padded(cells: list[str], width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))]


def _said_above(lines: list[Line], at: int, header: list[str]) -> list[str]:
    above = lines[:at]
    if not above:
        return []
    if header != lines[at][1]:
        notes = [f"Lines {lines[at - 1][0]} and {lines[at][0]} were joined to one header."]
        above = above[:-1]
    else:
        notes = []
    if above:
        words = "; ".join(_filled(cells)[0][:60] for _, cells in above[:3])
        notes.append(f"Above the header stands what is no row and was left out: “{words}”.")
    return notes


def _is_under_header(cells: list[str]) -> bool:
    filled = _filled(cells)
    return len(filled) > 1 and all(_UNDER.fullmatch(cell.strip(BLANKS)) for cell in filled)


def _without_repeats(lines: list[Line], header: list[str]) -> tuple[list[Line], list[str]]:
    """Without the header repeated on later pages, and without the example of our own template."""
    notes, kept = [], []
    repeats: list[int] = []
    for number, cells in lines:
        if cells == header:
            repeats.append(number)
        elif any(EXAMPLE in cell for cell in cells):
            notes.append(f"Line {number} is the example of the template and was left out.")
        else:
            kept.append((number, cells))
    if repeats:
        shown = ", ".join(map(str, repeats[:5])) + ("…" if len(repeats) > 5 else "")
        notes.append(f"The header stands again in line {shown}; that is no row and was left out.")
    return kept, notes


def _trimmed(header: list[str], lines: list[Line], notes: list[str], *, is_headed: bool) -> Table:
    """Every row as long as the header, without columns in which nothing stands, without Excel's errors."""
    width = max(len(header), *(len(cells) for _, cells in lines))
    rows = [_padded(cells, width) for _, cells in lines]
    names = _padded(header, width)
    used = [index for index in range(width) if any(row[index].strip(BLANKS) for row in rows)]
    gone = [names[index] for index in range(width) if index not in set(used) and names[index].strip(BLANKS)]
    if gone:
        notes = [*notes, f"Nothing stands below {_list(gone)}."]
    errors = Places("{cells}: Excel shows an error there, or its column was too narrow; counted as empty.")
    for (line, _), row in zip(lines, rows, strict=True):
        for index in used:
            if row[index].startswith("#") and ERRORS.fullmatch(row[index].strip(BLANKS)):
                errors.add(line, index)
                row[index] = ""
    return Table(
        header=_told_apart([(index, names[index]) for index in used], is_headed=is_headed),
        rows=[[row[index] for index in used] for row in rows],
        lines=[number for number, _ in lines],
        notes=[*notes, *errors.notes],
        is_headed=is_headed,
    )


def _list(names: list[str]) -> str:
    shown = [f"“{name.strip(BLANKS)[:40]}”" for name in names[:5]]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(shown) + more


def _told_apart(names: list[tuple[int, str]], *, is_headed: bool) -> list[str]:
    """Names as they are, a second of the same with a (2); a column without a name gets its letter."""
    plain = [
        " ".join(name.strip(BLANKS).split())[:200] or f"Column {letters(index)}" for index, name in names
    ]
    taken, seen, found = set(plain), Counter[str](), []
    for name in plain:
        seen[name] += 1
        number, own = seen[name], name
        while number > 1 and (own := f"{name} ({number})") in taken:
            number += 1
        taken.add(own)
        found.append(own)
    return found
