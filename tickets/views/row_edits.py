"""What the table's script asks for, read and passed to the service."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from portal.models import User
from portal.problems import Problem
from tickets import grid
from tickets.forms.typed import KEY, Row
from tickets.pasted import read_block
from tickets.services import grid as service
from tickets.services import grid_undo
from tickets.services.grid import Edit, Outcome

if TYPE_CHECKING:
    from tickets.views.rows import RowsPage


class BadEdit(Exception):
    """Not as our page sends it."""


def apply(asked: dict[str, Any], page: "RowsPage", *, by: User) -> Outcome:
    """Do what is asked. Raises BadEdit, or Problem for people."""
    _check(asked)
    does = DOES.get(str(asked.get("op")))
    if does is None:
        raise BadEdit
    return does(asked, page, by)


def _check(asked: dict[str, Any]) -> None:
    """Every edit says which columns and rows its page shows, and what it has seen."""
    if not (_are_texts(asked.get("columns")) and _are_texts(asked.get("keys"))):
        raise BadEdit
    if type(asked.get("seen")) is not int or set(asked["columns"]) - set(grid.COLUMNS):
        raise BadEdit


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _set(asked: dict[str, Any], page: "RowsPage", by: User) -> Outcome:
    cells = asked.get("cells")
    if (
        not isinstance(cells, list)
        or not cells
        or not all(_are_texts(cell) and len(cell) == 4 for cell in cells)
    ):
        raise BadEdit
    known = {column.name for column in page.offered}
    if {cell[1] for cell in cells} - known:
        raise BadEdit
    edits = [Edit(key, name, text, old) for key, name, text, old in cells]
    count = len(edits)
    done = f"{grid.COLUMNS[edits[0].field].label} changed" if count == 1 else f"{count} cells changed"
    return service.edit_cells(
        page.draft, edits, by=by, done=done, seen=asked["seen"], is_forced=bool(asked.get("force"))
    )


def _paste(asked: dict[str, Any], page: "RowsPage", by: User) -> Outcome:
    key, columns = _aim(asked)
    lines = read_block(str(asked.get("text", "")))
    width = max(map(len, lines), default=0)
    if width > len(columns):
        raise Problem(
            f"What you paste is {width} columns wide; from here to the right there are {len(columns)}. "
            "Show more columns, or paste further left. Nothing was changed."
        )
    keys = _keys_from(asked, page, key)
    if len(lines) > len(keys) and page.look.is_narrowed:
        raise Problem(
            f"What you paste has {len(lines)} rows; this filter shows {len(keys)} from here on. "
            "Show all rows to add new ones. Nothing was changed."
        )
    return service.paste(
        page.draft, lines, keys=keys[: len(lines)], columns=columns, by=by, seen=asked["seen"]
    )


def _fill(asked: dict[str, Any], page: "RowsPage", by: User) -> Outcome:
    """A cell's value for all rows below it, as far as the filter shows them."""
    key, columns = _aim(asked)
    name = columns[0]
    keys = _keys_from(asked, page, key)
    row = next(row for row in page.draft.locations if row[KEY] == key)
    text = str(row.get(name, ""))
    edits = [Edit(other, name, text, is_exact=True) for other in keys[1:]]
    done = f"{grid.COLUMNS[name].label} filled down"
    return service.edit_cells(page.draft, edits, by=by, done=done, seen=asked["seen"])


def take_back(page: "RowsPage", key: str, name: str, by: User) -> Outcome:
    """What stood in a cell before it was repaired."""
    row: Row = next((row for row in page.draft.locations if row[KEY] == key), {})
    mark = row.get("repaired", {}).get(name)
    if not mark:
        raise Problem("This cell was changed since. There is nothing to take back.")
    edits = [Edit(key, name, str(mark[0]), is_exact=True)]
    return service.edit_cells(page.draft, edits, by=by, done=f"{grid.label(name)} taken back")


def _back(asked: dict[str, Any], page: "RowsPage", by: User) -> Outcome:
    key, columns = _aim(asked)
    return take_back(page, key, columns[0], by)


def _undo(asked: dict[str, Any], page: "RowsPage", by: User) -> Outcome:
    return grid_undo.undo(page.draft, by=by)


def _redo(asked: dict[str, Any], page: "RowsPage", by: User) -> Outcome:
    return grid_undo.redo(page.draft, by=by)


def _aim(asked: dict[str, Any]) -> tuple[str, list[str]]:
    """The row of the cell where it begins, and the columns from there to the right."""
    key, name = asked.get("key"), asked.get("field")
    if not isinstance(key, str) or name not in asked["columns"]:
        raise BadEdit
    return key, asked["columns"][asked["columns"].index(name) :]


def _keys_from(asked: dict[str, Any], page: "RowsPage", key: str) -> list[str]:
    """The rows from here on: those the page shows, as it shows them, then whatever the filter finds behind."""
    rows = page.draft.locations
    known = {row[KEY]: at for at, row in enumerate(rows)}
    shown = [one for one in asked["keys"] if one in known]
    if key not in shown:
        raise Problem("The row was removed meanwhile. Nothing was changed.")
    behind = [rows[at][KEY] for at in page.positions if at > known[shown[-1]]]
    return [*shown[shown.index(key) :], *behind]


DOES: dict[str, Callable[[dict[str, Any], "RowsPage", User], Outcome]] = {
    "set": _set,
    "paste": _paste,
    "fill": _fill,
    "back": _back,
    "undo": _undo,
    "redo": _redo,
}
