"""Changes to the rows of a sheet, each whole, checked against what others did meanwhile, and kept to be undone."""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from portal.models import User
from portal.problems import Problem
from tickets import grid
from tickets.forms.typed import KEY, MOST_ROWS, MOST_SHEET_ROWS, Row, new_key, plain
from tickets.models import Draft, RowChange
from tickets.models.row_changes import Cell
from tickets.services.drafts import lock
from tickets.services.rows import OF_ITS_OWN

MOST_KEPT = 60  # changes of one draft that can be undone
STEP = "rows"
# What was decided about a row being there twice was not decided about its copy.
NOT_COPIED = (*OF_ITS_OWN, "repeats")


@dataclass(frozen=True)
class Edit:
    """One cell to be set. `old` is what the page showed there, None where it does not say."""

    key: str
    field: str
    text: str
    old: str | None = None
    is_exact: bool = False  # kept to the letter: nothing is repaired


@dataclass(frozen=True)
class Conflict:
    """A cell somebody else changed since the page was loaded; it was left as it is."""

    key: str
    field: str
    mine: str
    theirs: str
    who: str
    when: datetime


@dataclass
class Outcome:
    """What came of a change. `keys` are the rows that differ now; with `is_moved` there are more or fewer rows."""

    draft: Draft
    keys: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    told: str = ""
    is_moved: bool = False


def turn_of(draft: Draft) -> int:
    """Counts the changes of a draft's rows, so that a page can say which of them it has seen."""
    return int(draft.saves.get(STEP, {}).get("turn", 0))


@transaction.atomic
def edit_cells(
    draft: Draft,
    edits: Sequence[Edit],
    *,
    by: User,
    done: str,
    seen: int | None = None,
    is_forced: bool = False,
) -> Outcome:
    """Set cells, as one change. A cell that somebody else changed since `seen` is left alone and told."""
    locked = lock(draft, by=by)
    return _edit(locked, edits, [], by=by, done=done, seen=None if is_forced else seen, is_forced=is_forced)


@transaction.atomic
def paste(
    draft: Draft,
    lines: Sequence[Sequence[str]],
    *,
    keys: Sequence[str],
    columns: Sequence[str],
    by: User,
    seen: int | None = None,
) -> Outcome:
    """A block of cells: its lines fall on the rows `keys`, its columns on `columns`; what is left over adds rows."""
    locked = lock(draft, by=by)
    edits = [
        Edit(key, name, text)
        for key, line in zip(keys, lines, strict=False)
        for name, text in zip(columns, line, strict=False)
    ]
    new = [_new_row(dict(zip(columns, line, strict=False))) for line in lines[len(keys) :]]
    count = len(lines)
    done = f"{count} row{'s'[: count != 1]} pasted"
    return _edit(locked, edits, new, by=by, done=done, seen=seen)


def _new_row(texts: dict[str, str]) -> Row:
    row: Row = {KEY: new_key()}
    for name, text in texts.items():
        _put(row, Edit(row[KEY], name, text))
    return row


@transaction.atomic
def add_rows(draft: Draft, rows: Sequence[Row], *, by: User) -> Outcome:
    """Rows behind the others, each with a key of its own."""
    locked = lock(draft, by=by)
    new = [{**row, KEY: new_key()} for row in rows]
    return _edit(locked, [], new, by=by, done=f"{len(new)} row{'s'[: len(new) != 1]} added")


@transaction.atomic
def copy_rows(draft: Draft, keys: Iterable[str], *, by: User) -> Outcome:
    """Copies of these rows, behind all others."""
    locked, wanted = lock(draft, by=by), set(keys)
    copies = [
        {name: deepcopy(value) for name, value in row.items() if name not in NOT_COPIED} | {KEY: new_key()}
        for row in locked.locations
        if row[KEY] in wanted
    ]
    if not copies:
        raise Problem("Tick the rows to copy first.")
    return _edit(locked, [], copies, by=by, done=f"{len(copies)} row{'s'[: len(copies) != 1]} copied")


@transaction.atomic
def remove_rows(draft: Draft, keys: Iterable[str], *, by: User) -> Outcome:
    locked, gone = lock(draft, by=by), set(keys)
    removed = [[at, row] for at, row in enumerate(locked.locations) if row[KEY] in gone]
    if not removed:
        raise Problem("Tick the rows to remove first.")
    locked.locations = [row for row in locked.locations if row[KEY] not in gone]
    done = f"{len(removed)} row{'s'[: len(removed) != 1]} removed"
    save(locked, by, done=done, removed=removed)
    return Outcome(locked, told=f"{done}.", is_moved=True)


def _edit(
    locked: Draft,
    edits: Sequence[Edit],
    new: list[Row],
    *,
    by: User,
    done: str,
    seen: int | None = None,
    is_forced: bool = False,
) -> Outcome:
    most = MOST_SHEET_ROWS if locked.is_sheet else MOST_ROWS
    if len(locked.locations) + len(new) > most:
        raise Problem(f"A dispatch has at most {most:,} rows. Nothing was changed.")
    rows = {row[KEY]: row for row in locked.locations}
    meanwhile = _changed_since(locked, seen)
    outcome, cells, gone = Outcome(locked, is_moved=bool(new)), [], set()
    for edit in edits:
        row = rows.get(edit.key)
        if row is None:
            gone.add(edit.key)
        elif not is_forced and _is_taken(edit, row, meanwhile):
            outcome.conflicts.append(_conflict(locked, edit, row, meanwhile))
        elif cell := _put(row, edit):
            cells.append(cell)
    at = len(locked.locations)
    locked.locations = [*locked.locations, *new]
    if cells or new:
        save(locked, by, done=done, cells=cells, added=[[at + index, row] for index, row in enumerate(new)])
    outcome.keys = list(dict.fromkeys(cell[0] for cell in cells))
    outcome.told = _told(done if cells or new else "Nothing was changed", gone)
    return outcome


def _told(done: str, gone: set[str]) -> str:
    """What was done, and what could not be."""
    if not gone:
        return f"{done}."
    many = f"{len(gone)} of the rows are" if len(gone) > 1 else "One of the rows is"
    return f"{done}. {many} no longer in this sheet."


def _put(row: Row, edit: Edit) -> Cell | None:
    """Set one cell, with what is provably meant in place of what was typed; None where that changes nothing."""
    name, typed = edit.field, plain(edit.text)
    old, old_mark = str(row.get(name, "")), row.get("repaired", {}).get(name)
    new, why = (typed, "") if edit.is_exact else grid.read(name, typed, row)
    mark = [typed, why] if why else None
    if new == old and (mark is None or old_mark):
        return None
    row[name] = new
    set_mark(row, name, mark)
    return [row[KEY], name, old, new, old_mark, mark]


def set_mark(row: Row, name: str, mark: list[str] | None) -> None:
    """What a machine made of a cell, said at it; goes when a person changes the cell."""
    marks = {other: value for other, value in row.get("repaired", {}).items() if other != name}
    if mark:
        marks[name] = mark
    row.pop("repaired", None)
    if marks:
        row["repaired"] = marks


def _changed_since(draft: Draft, seen: int | None) -> dict[tuple[str, str], RowChange]:
    if seen is None or seen >= turn_of(draft):
        return {}
    later = draft.row_changes.filter(turn__gt=seen).select_related("by").order_by("turn")
    return {(cell[0], cell[1]): change for change in later for cell in change.cells}


def _is_taken(edit: Edit, row: Row, meanwhile: dict[tuple[str, str], RowChange]) -> bool:
    now = str(row.get(edit.field, ""))
    if now == edit.text:
        return False
    if edit.old is not None:
        return edit.old not in (now, grid.show(edit.field, now))
    return (edit.key, edit.field) in meanwhile


def _conflict(draft: Draft, edit: Edit, row: Row, meanwhile: dict[tuple[str, str], RowChange]) -> Conflict:
    change = meanwhile.get((edit.key, edit.field))
    theirs = grid.show(edit.field, row.get(edit.field, ""))
    who, when = (change.by.name, change.at) if change else (draft.saved_by.name, draft.saved_at)
    return Conflict(edit.key, edit.field, edit.text, theirs, who, when)


def save(
    locked: Draft,
    by: User,
    *,
    done: str,
    cells: Sequence[Cell] = (),
    added: Sequence[Cell] = (),
    removed: Sequence[Cell] = (),
) -> None:
    """Keep the draft and the change. What was undone before can be done again no more."""
    turn = stamp(locked, by)
    locked.row_changes.filter(undone_at__isnull=False).delete()
    locked.row_changes.create(
        by=by, done=done[:200], cells=list(cells), added=list(added), removed=list(removed), turn=turn
    )
    oldest = locked.row_changes.order_by("-pk").values_list("pk", flat=True)[MOST_KEPT - 1 : MOST_KEPT]
    locked.row_changes.filter(pk__lt=next(iter(oldest), 0)).delete()


def stamp(locked: Draft, by: User) -> int:
    """Save the draft as changed by this person now; the number of the change."""
    turn = turn_of(locked) + 1
    locked.saves[STEP] = {
        **locked.saves.get(STEP, {}),
        "turn": turn,
        "by": by.name,
        "at": timezone.now().isoformat(),
    }
    locked.saved_by = by
    locked.save()
    return turn
