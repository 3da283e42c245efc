"""Changes to many rows at once, as plain forms: ticked rows, a column, undo, the good rows ahead, the bad ones as a file."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from portal import exports
from portal.problems import Problem
from portal.request import PortalRequest
from tickets import grid
from tickets.forms.checking import Checked
from tickets.forms.typed import KEY, plain
from tickets.grid import Look
from tickets.models import Draft
from tickets.services import grid as service
from tickets.services import grid_parting, grid_undo
from tickets.services.grid import Edit, Outcome
from tickets.sheets.fields import BY_NAME
from tickets.sheets.samples import WRONG_HEADER
from tickets.views.row_edits import take_back
from tickets.views.rows import RowsPage
from tickets.views.wizard import go_to, on_open_draft


@require_POST
@on_open_draft
def change(request: PortalRequest, draft: Draft) -> HttpResponse:
    """One button of the page; back to where it was pressed."""
    look = Look.of(QueryDict(request.POST.get("look", "")))
    page = RowsPage(draft, Checked(draft, request.user), look)
    at = ""
    does, _, about = request.POST.get("do", "").partition(" ")
    try:
        act = ACTS.get(does)
        if act is None:
            raise Problem("Choose what to do with the rows.")
        outcome = act(request, page, about)
        at = outcome.keys[0] if does == "back" and outcome.keys else ""
        messages.success(request, outcome.told)
        if does in ("add", "copy"):
            at = outcome.draft.locations[-1][KEY]
    except Problem as problem:
        messages.error(request, str(problem))
    return _to(draft, look, at)


def _to(draft: Draft, look: Look, at: str) -> HttpResponseRedirect:
    query = look.query(at=at, page="") if at else look.query()
    anchor = f"#row-{at}" if at else "#grid"
    return HttpResponseRedirect(f"{reverse('tickets:draft-rows', args=[draft.pk])}?{query}{anchor}")


def _undo(request: PortalRequest, page: RowsPage, about: str) -> Outcome:
    return grid_undo.undo(page.draft, by=request.user)


def _redo(request: PortalRequest, page: RowsPage, about: str) -> Outcome:
    return grid_undo.redo(page.draft, by=request.user)


def _remove(request: PortalRequest, page: RowsPage, about: str) -> Outcome:
    return service.remove_rows(page.draft, request.POST.getlist("row"), by=request.user)


def _copy(request: PortalRequest, page: RowsPage, about: str) -> Outcome:
    return service.copy_rows(page.draft, request.POST.getlist("row"), by=request.user)


def _add(request: PortalRequest, page: RowsPage, about: str) -> Outcome:
    return service.add_rows(page.draft, [{}], by=request.user)


def _back(request: PortalRequest, page: RowsPage, about: str) -> Outcome:
    key, _, name = about.partition(" ")
    return take_back(page, key, name, request.user)


def _set(request: PortalRequest, page: RowsPage, about: str) -> Outcome:
    """One value for a column: of all rows, of those the filter shows, or of the ticked ones."""
    name, text = request.POST.get("column", ""), request.POST.get("value", "")
    if name not in {column.name for column in page.offered}:
        raise Problem("Choose the column to change.")
    keys, whose = _scope(request, page)
    if not keys:
        raise Problem("There is no such row: tick some, or choose all rows.")
    edits = [Edit(key, name, plain(text)) for key in keys]
    return service.edit_cells(page.draft, edits, by=request.user, done=f"{grid.label(name)} set for {whose}")


def _scope(request: PortalRequest, page: RowsPage) -> tuple[list[str], str]:
    rows, scope = page.draft.locations, request.POST.get("scope", "")
    if scope == "ticked":
        ticked = set(request.POST.getlist("row"))
        keys = [row[KEY] for row in rows if row[KEY] in ticked]
        return keys, f"{len(keys)} ticked row{'s'[: len(keys) != 1]}"
    if scope == "filter":
        return [rows[at][KEY] for at in page.positions], f"the {len(page.positions)} rows of a filter"
    if scope == "all":
        return [row[KEY] for row in rows], f"all {len(rows)} rows"
    raise Problem("Choose which rows to change.")


ACTS: dict[str, Callable[[PortalRequest, RowsPage, str], Outcome]] = {
    "undo": _undo,
    "redo": _redo,
    "remove": _remove,
    "copy": _copy,
    "add": _add,
    "back": _back,
    "set": _set,
}


@require_POST
@on_open_draft
def part(request: PortalRequest, draft: Draft) -> HttpResponse:
    """Rows with problems wait in a draft of their own; this one goes on to the review."""
    try:
        aside = grid_parting.set_wrong_rows_aside(draft, by=request.user)
    except Problem as problem:
        messages.error(request, str(problem))
        return go_to(draft, "rows")
    count = len(aside.locations)
    link = f"{reverse('tickets:draft-rows', args=[aside.pk])}?{urlencode({'only': grid.WRONG})}"
    kept = "1 row with problems waits" if count == 1 else f"{count} rows with problems wait"
    messages.success(request, format_html('{} in <a href="{}">{}</a>.', kept, link, aside.reference))
    return go_to(draft, "review")


@require_safe
@on_open_draft
def download(request: PortalRequest, draft: Draft, kind: str) -> HttpResponse:
    """The rows with problems and what is wrong with them, to be mended elsewhere and brought back."""
    if kind not in exports.TYPES:
        raise Http404
    page = RowsPage(draft, Checked(draft, request.user), Look(only=grid.WRONG))
    if not page.positions:
        messages.info(request, "No row has a problem.")
        return redirect("tickets:draft-rows", draft.pk)
    columns = page.columns
    # By the names under which a sheet is read, so that it comes back without a question.
    header = [WRONG_HEADER, *(BY_NAME[column.name].label for column in columns)]
    found = [grid.row_of(at, draft.locations[at], page.checked.rows[at], columns) for at in page.positions]
    lines = [[_said(row), *(cell.text for cell in row.cells)] for row in found]
    return exports.file_of(kind, f"{draft.reference}-problems", header, lines)


def _said(row: grid.GridRow) -> str:
    """Everything wrong with a row, each with the name of its column."""
    cells = [f"{cell.column.label}: {line}" for cell in row.cells for line in [*cell.problems, *cell.notes]]
    return " · ".join([f"Row {row.number}", *row.problems, *row.notes, *cells])
