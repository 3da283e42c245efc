"""*Rows*: a sheet's rows as a table, and the changes its script sends."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpResponse, HttpResponseBadRequest, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from portal.problems import Problem
from portal.request import PortalRequest
from sites import zones
from tickets import grid
from tickets.forms.checking import Checked
from tickets.forms.rows import MUST_BE_SAID
from tickets.forms.typed import KEY
from tickets.forms.what import service_groups
from tickets.grid import A_PAGE, Column, Counts, GridRow, Look
from tickets.models import Draft
from tickets.services import grid as service
from tickets.services import grid_undo
from tickets.services.grid import Outcome
from tickets.views.row_edits import BadEdit, apply
from tickets.views.wizard import frame, on_open_draft


@dataclass
class RowsPage:
    """Everything the page shows, worked out from the draft as it is now."""

    draft: Draft
    checked: Checked
    look: Look

    @cached_property
    def offered(self) -> list[Column]:
        return grid.columns_of(self.draft.is_sheet)

    @cached_property
    def columns(self) -> list[Column]:
        return grid.shown_columns(self.offered, self.draft.locations, self.checked.rows, self.look)

    @cached_property
    def hidden(self) -> list[Column]:
        shown = {column.name for column in self.columns}
        return [column for column in self.offered if column.name not in shown]

    @cached_property
    def counts(self) -> Counts:
        return Counts.of(self.draft.locations, self.checked.rows)

    @cached_property
    def positions(self) -> list[int]:
        rows = self.draft.locations
        # Without a filter nothing needs to be judged, which saves an edit half of its time.
        return (
            self.look.positions(rows, self.checked.rows) if self.look.is_narrowed else list(range(len(rows)))
        )

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.positions) // A_PAGE))

    @property
    def number(self) -> int:
        return min(self.look.page, self.pages)

    @cached_property
    def on_page(self) -> list[int]:
        return self.positions[(self.number - 1) * A_PAGE : self.number * A_PAGE]

    @cached_property
    def rows(self) -> list[GridRow]:
        return [self.row(at) for at in self.on_page]

    def row(self, position: int) -> GridRow:
        rows, judged = self.draft.locations, self.checked.rows
        return grid.row_of(position, rows[position], judged[position], self.columns)

    @property
    def first(self) -> int:
        return (self.number - 1) * A_PAGE + 1 if self.positions else 0

    @property
    def last(self) -> int:
        return self.first + len(self.on_page) - 1 if self.positions else 0

    @property
    def query(self) -> str:
        return self.look.query()

    @property
    def newer(self) -> str:
        return self._to(page=self.number - 1) if self.number > 1 else ""

    @property
    def older(self) -> str:
        return self._to(page=self.number + 1) if self.number < self.pages else ""

    @property
    def all_rows(self) -> str:
        return self._to(only="", q="", page="")

    @property
    def only_wrong(self) -> str:
        return self._to(only=grid.WRONG, q="", page="")

    @property
    def only_repaired(self) -> str:
        return self._to(only=grid.REPAIRED, q="", page="")

    def _to(self, **changes: Any) -> str:
        query = self.look.query(**changes)
        return f"?{query}" if query else reverse("tickets:draft-rows", args=[self.draft.pk])

    @cached_property
    def next_wrong(self) -> str:
        """The first problem behind this page, as an address."""
        last = self.on_page[-1] if self.on_page else -1
        return self._link_to(next((at for at in self._wrong if at > last), None))

    @cached_property
    def previous_wrong(self) -> str:
        first = self.on_page[0] if self.on_page else 0
        return self._link_to(next((at for at in reversed(self._wrong) if at < first), None), last=True)

    @cached_property
    def first_wrong(self) -> str:
        return self._link_to(self._wrong[0] if self._wrong else None)

    @cached_property
    def _wrong(self) -> list[int]:
        return [at for at, checked in enumerate(self.checked.rows) if checked.problems]

    def _link_to(self, position: int | None, *, last: bool = False) -> str:
        if position is None:
            return ""
        key = self.draft.locations[position][KEY]
        names = [
            column.name for column in self.columns if column.name in self.checked.rows[position].problems
        ]
        anchor = f"cell-{key}-{names[-1 if last else 0]}" if names else f"row-{key}"
        return f"?{self.look.query(at=key, page='')}#{anchor}"

    @property
    def unsaid(self) -> list[str]:
        """What *What* leaves open and no row says, which would else look like a mistake of every row."""
        judged = self.checked.rows
        return [
            grid.label(name)
            for name in MUST_BE_SAID
            if judged and all(name in checked.problems for checked in judged)
        ]

    @cached_property
    def undo(self) -> Any:
        return grid_undo.next_undo(self.draft)

    @cached_property
    def redo(self) -> Any:
        return grid_undo.next_redo(self.draft)


def page_of(request: PortalRequest, draft: Draft, look: Look, at: str = "") -> RowsPage:
    """The page somebody looks at; the one with row `at`, if it is named, though a filter would hide it."""
    page = RowsPage(draft, Checked(draft, request.user), look)
    position = (
        next((place for place, row in enumerate(draft.locations) if row[KEY] == at), None) if at else None
    )
    if position is None:
        return page
    if position not in page.positions:
        page = RowsPage(draft, page.checked, Look(columns=look.columns))
    number = page.positions.index(position) // A_PAGE + 1
    page.look = Look(page.look.only, page.look.words, number, page.look.columns)
    return page


def kinds_of_work() -> list[str]:
    return [kind.value for kinds in service_groups().values() for kind in kinds]


def _key_at(draft: Draft, number: str) -> str:
    """The row of this number, counted from one; the last one for a number beyond."""
    if not (number.isascii() and number.isdigit() and len(number) < 8 and draft.locations):
        return ""
    return str(draft.locations[min(max(int(number), 1), len(draft.locations)) - 1][KEY])


@require_safe
@on_open_draft
def rows(request: PortalRequest, draft: Draft) -> HttpResponse:
    look = Look.of(request.GET)
    if key := _key_at(draft, request.GET.get("number", "")):
        return HttpResponseRedirect(f"?{look.query(at=key, page='')}#row-{key}")
    page = page_of(request, draft, look, request.GET.get("at", ""))
    context = {
        **frame(draft, "rows"),
        "page": page,
        "turn": service.turn_of(draft),
        "zones": zones.CHOICES,
        "kinds": kinds_of_work(),
    }
    return render(request, "tickets/draft_rows.html", context)


@require_POST
@on_open_draft
def edit(request: PortalRequest, draft: Draft) -> HttpResponse:
    """One change from the table: what came of it, and the rows of the page that differ now."""
    try:
        asked = json.loads(request.POST.get("edit", ""))
        look = Look.of(QueryDict(str(asked.get("look", ""))))
        page = RowsPage(draft, Checked(draft, request.user), look)
        outcome = apply(asked, page, by=request.user)
    except (ValueError, AttributeError, BadEdit):
        return HttpResponseBadRequest("The portal could not read this change.", content_type="text/plain")
    except Problem as problem:
        return JsonResponse({"problem": str(problem), "turn": service.turn_of(draft)})
    return JsonResponse(_answer(request, asked, outcome, look))


def _answer(request: PortalRequest, asked: dict[str, Any], outcome: Outcome, look: Look) -> dict[str, Any]:
    draft = outcome.draft
    page = RowsPage(draft, Checked(draft, request.user), look)
    page.columns = grid.named_columns(asked["columns"])
    changed = {*outcome.keys, *(conflict.key for conflict in outcome.conflicts)}.intersection(asked["keys"])
    # What was corrected still stands on the page, though its filter would find it no more.
    known = {row[KEY]: at for at, row in enumerate(draft.locations)}
    page.on_page = [known[key] for key in asked["keys"] if key in known]
    where = {key: known[key] for key in changed if key in known}
    return {
        "turn": service.turn_of(draft),
        "told": outcome.told,
        "moved": outcome.is_moved,
        "state": render_to_string("tickets/_rows_state.html", {"page": page, "draft": draft}, request),
        "rows": {
            key: render_to_string("tickets/_row.html", {"row": page.row(at), "draft": draft})
            for key, at in where.items()
        },
        "conflicts": [
            {
                "key": conflict.key,
                "field": conflict.field,
                "mine": conflict.mine,
                "said": f"{conflict.who} changed this cell meanwhile to “{conflict.theirs}”. Yours was “{conflict.mine}”.",
            }
            for conflict in outcome.conflicts
        ],
    }
