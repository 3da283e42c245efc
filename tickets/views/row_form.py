"""One row of a sheet as a form of its own: for browsers without scripts, narrow windows, and much text."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal.problems import Problem
from portal.request import PortalRequest
from tickets import grid
from tickets.forms.checking import Checked
from tickets.forms.typed import KEY, plain
from tickets.grid import Cell, GridRow, Look
from tickets.models import Draft
from tickets.services import grid as service
from tickets.services.grid import Conflict, Edit
from tickets.views.draft_pages import zone_choices
from tickets.views.rows import RowsPage, kinds_of_work
from tickets.views.wizard import frame, on_open_draft


@dataclass
class RowPage:
    """A row with its neighbours, and what was typed of it and not saved."""

    page: RowsPage
    position: int
    conflicts: list[Conflict] = field(default_factory=list)

    @property
    def row(self) -> GridRow:
        return self.page.row(self.position)

    @property
    def previous(self) -> str:
        return self._key_at(self.position - 1)

    @property
    def next(self) -> str:
        return self._key_at(self.position + 1)

    @property
    def next_wrong(self) -> str:
        """The next row with a problem, beginning again at the top."""
        wrong = [at for at, checked in enumerate(self.page.checked.rows) if checked.problems]
        after = [at for at in wrong if at > self.position] or [at for at in wrong if at < self.position]
        return self._key_at(after[0]) if after else ""

    def _key_at(self, position: int) -> str:
        rows = self.page.draft.locations
        return str(rows[position][KEY]) if 0 <= position < len(rows) else ""

    @property
    def cells(self) -> list[tuple[Cell, str, Conflict | None]]:
        """Every cell with the text its field shows: as typed here, where that could not be saved."""
        by_name = {conflict.field: conflict for conflict in self.conflicts}
        found = []
        for cell in self.row.cells:
            conflict = by_name.get(cell.column.name)
            found.append((cell, conflict.mine if conflict else cell.text, conflict))
        return found


@require_http_methods(["GET", "HEAD", "POST"])
@on_open_draft
def row(request: PortalRequest, draft: Draft, key: str) -> HttpResponse:
    if request.method != "POST":
        return _show(request, draft, key)
    try:
        outcome = service.edit_cells(
            draft, _edits(request, draft, key), by=request.user, done="A row changed", seen=_seen(request)
        )
    except Problem as problem:
        messages.error(request, str(problem))
        return _show(request, draft, key)
    draft = outcome.draft
    if outcome.conflicts:
        return _show(request, draft, key, outcome.conflicts, status=409)
    page = _page(request, draft, key)
    go = request.POST.get("go", "")
    if go == "wrong" and page.next_wrong:
        return _to("tickets:draft-row", draft.pk, page.next_wrong)
    if go == "wrong":
        messages.success(request, "Saved. No other row has a problem.")
    if go == "next" and page.next:
        return _to("tickets:draft-row", draft.pk, page.next)
    if go == "stay" or page.row.is_wrong:
        return _to("tickets:draft-row", draft.pk, key)
    return HttpResponseRedirect(f"{reverse('tickets:draft-rows', args=[draft.pk])}?at={key}#row-{key}")


def _to(name: str, *arguments: Any) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse(name, args=arguments))


def _seen(request: PortalRequest) -> int | None:
    text = request.POST.get("seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _edits(request: PortalRequest, draft: Draft, key: str) -> list[Edit]:
    """The fields whose text differs from what the page showed: a field left alone undoes nobody's work."""
    offered = [column.name for column in grid.columns_of(draft.is_sheet)]
    edits = []
    for name in offered:
        if name not in request.POST:
            continue
        text, shown = plain(request.POST[name]), plain(request.POST.get(f"was-{name}", ""))
        if text != shown:
            edits.append(Edit(key, name, text))
    if "unlink" in request.POST:
        edits.append(Edit(key, "site", "", is_exact=True))
    return edits


def _page(request: PortalRequest, draft: Draft, key: str) -> RowPage:
    page = RowsPage(draft, Checked(draft, request.user), Look())
    page.columns = page.offered
    position = next((at for at, one in enumerate(draft.locations) if one[KEY] == key), None)
    if position is None:
        raise Http404
    return RowPage(page, position)


def _show(
    request: PortalRequest, draft: Draft, key: str, conflicts: list[Conflict] | None = None, status: int = 200
) -> HttpResponse:
    shown = _page(request, draft, key)
    shown.conflicts = conflicts or []
    one = draft.locations[shown.position]
    context = {
        **frame(draft, "rows"),
        "shown": shown,
        "row": shown.row,
        "site": one.get("site", ""),
        "turn": service.turn_of(draft),
        "zones": [("", "Choose …"), *zone_choices([one])],
        "kinds": [("", "As in What"), *((kind, kind) for kind in _kinds(one))],
    }
    return render(request, "tickets/draft_row.html", context, status=status)


def _kinds(one: dict[str, Any]) -> list[str]:
    """Every kind of work, and whatever the row holds besides, so that a choice is never lost."""
    typed, kinds = str(one.get("service_type", "")), kinds_of_work()
    return [*kinds, typed] if typed and typed not in kinds else kinds
