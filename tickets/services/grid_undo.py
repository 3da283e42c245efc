"""Undo and redo: the steps of a draft, whoever made them, last first."""

from django.db import transaction
from django.utils import timezone

from portal.models import User
from portal.problems import Problem
from tickets.forms.typed import KEY
from tickets.models import Draft, RowChange
from tickets.models.row_changes import Cell
from tickets.services.drafts import lock
from tickets.services.grid import Outcome, set_mark, stamp

NOTHING_TO_UNDO = "There is nothing to undo."
NOTHING_TO_REDO = "There is nothing to do again."


def next_undo(draft: Draft) -> RowChange | None:
    return _waiting(draft, is_undone=False)


def next_redo(draft: Draft) -> RowChange | None:
    return _waiting(draft, is_undone=True)


def _waiting(draft: Draft, *, is_undone: bool) -> RowChange | None:
    """Only what people are told of it; the cells of a great paste are read when they are needed."""
    changes = draft.row_changes.filter(undone_at__isnull=not is_undone).select_related("by")
    order = "pk" if is_undone else "-pk"
    return changes.defer("cells", "added", "removed").order_by(order).first()


@transaction.atomic
def undo(draft: Draft, *, by: User) -> Outcome:
    """Take the last change back. What somebody changed again since then stays as it is, and is told."""
    locked = lock(draft, by=by)
    return _turn(locked, next_undo(locked), by, is_back=True)


@transaction.atomic
def redo(draft: Draft, *, by: User) -> Outcome:
    """Do again what was undone last."""
    locked = lock(draft, by=by)
    return _turn(locked, next_redo(locked), by, is_back=False)


def _turn(locked: Draft, change: RowChange | None, by: User, *, is_back: bool) -> Outcome:
    if change is None:
        raise Problem(NOTHING_TO_UNDO if is_back else NOTHING_TO_REDO)
    _swap_rows(locked, change, is_back=is_back)
    keys, left = _swap_cells(locked, change, is_back=is_back)
    change.undone_at = timezone.now() if is_back else None
    change.turn = stamp(locked, by)
    change.save()
    whose = f" ({change.by.name}’s)" if change.by_id != by.pk else ""
    told = f"{'Undone' if is_back else 'Done again'}: {change.done}{whose}."
    if left:
        told += f" {left} cell{'s were' if left > 1 else ' was'} changed since and left as {'they are' if left > 1 else 'it is'}."
    return Outcome(locked, keys=keys, told=told, is_moved=bool(change.added or change.removed))


def _swap_rows(locked: Draft, change: RowChange, *, is_back: bool) -> None:
    """Rows that came go, as they are by now; rows that went come back to their places."""
    going, coming = (change.added, change.removed) if is_back else (change.removed, change.added)
    if not going and not coming:
        return
    keys = {row[KEY] for _, row in going}
    gone = [[at, row] for at, row in enumerate(locked.locations) if row[KEY] in keys]
    rows = [row for row in locked.locations if row[KEY] not in keys]
    known = {row[KEY] for row in rows}
    for at, row in coming:
        if row[KEY] not in known:
            rows.insert(min(at, len(rows)), row)
    locked.locations = rows
    if is_back:
        change.added = gone
    else:
        change.removed = gone


def _swap_cells(locked: Draft, change: RowChange, *, is_back: bool) -> tuple[list[str], int]:
    """The rows that changed, and how many cells were left because they hold something newer."""
    rows = {row[KEY]: row for row in locked.locations}
    changed, left = {}, 0
    for cell in reversed(change.cells) if is_back else change.cells:
        key, name, before, after, mark = _directed(cell, is_back=is_back)
        row = rows.get(key)
        if row is None or str(row.get(name, "")) != before:
            left += 1
            continue
        row[name] = after
        set_mark(row, name, mark)
        changed[key] = True
    return list(changed), left


def _directed(cell: Cell, *, is_back: bool) -> tuple[str, str, str, str, list[str] | None]:
    key, name, old, new, old_mark, new_mark = cell
    return (key, name, new, old, old_mark) if is_back else (key, name, old, new, new_mark)
