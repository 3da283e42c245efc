"""*From a sheet*: pasted, uploaded, or picked from our sites; then which column is what."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.models import Team
from portal.problems import Problem
from portal.request import PortalRequest
from portal.sheets.tables import MOST_BYTES, MOST_ROWS
from sites import zones
from tickets.forms import columns as columns_form
from tickets.forms.columns import ColumnsForm
from tickets.models import Draft
from tickets.permissions import may_draft
from tickets.services import sheets
from tickets.sheets import Table, Unreadable, read, read_pasted
from tickets.sheets.blanks import csv_template, xlsx_template
from tickets.views.wizard import frame, on_open_draft

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_NOTES = 6


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PortalRequest) -> HttpResponse:
    """The ways to begin; POST reads what was pasted or uploaded."""
    if not may_draft(request.user):
        raise PermissionDenied
    if request.method != "POST":
        return _show_new(request)
    try:
        name, table = _read(request)
        draft = sheets.begin_from_table(team_of(request), table, name, by=request.user)
        if draft.sheet.is_matched:  # the button was pressed twice
            return redirect("tickets:draft-rows", draft.pk)
        suggestion = sheets.suggest(draft)
        if suggestion.is_settled:
            return _fill(request, draft, suggestion.columns, suggestion.order)
    except (Unreadable, Problem) as problem:
        return _show_new(request, str(problem))
    return redirect("tickets:draft-columns", draft.pk)


def _show_new(request: PortalRequest, trouble: str = "") -> HttpResponse:
    context = {
        "trouble": trouble,
        "is_of_file": "file" in request.FILES or request.POST.get("way") == "file",
        "pasted": request.POST.get("pasted", ""),
        "states": zones.STATES,
        "most_rows": MOST_ROWS,
        "most_megabytes": MOST_BYTES // 1_000_000,
    }
    return render(request, "tickets/sheet_new.html", context, status=400 if trouble else 200)


def _read(request: PortalRequest) -> tuple[str, Table]:
    """The table that was sent and what it is called. Raises Unreadable."""
    upload = request.FILES.get("file")
    if upload is not None:
        name = (upload.name or "sheet")[:200]
        if (upload.size or 0) > MOST_BYTES:
            raise Unreadable(
                f"“{name}” has {(upload.size or 0) / 1e6:.1f} MB; a sheet may have {MOST_BYTES / 1e6:g} MB."
            )
        return name, read(name, upload.read())
    if request.POST.get("way") == "file":
        raise Unreadable("Choose the file to upload.")
    if not request.POST.get("pasted", "").strip():
        raise Unreadable("Paste the cells, with their header, into the field.")
    return "Pasted cells", read_pasted(request.POST["pasted"])


def team_of(request: PortalRequest) -> Team:
    team = request.user.teams.first() or request.user.teams_to_work_for().first()
    if team is None:
        raise Problem("You belong to no team yet, so a dispatch would be nobody's. Ask an administrator.")
    return team


@require_http_methods(["GET", "HEAD", "POST"])
@on_open_draft
def columns(request: PortalRequest, draft: Draft) -> HttpResponse:
    """Which column is what: proposed, corrected once, remembered for the team."""
    if not hasattr(draft, "sheet"):
        raise Http404
    table = sheets.table_of(draft.sheet)
    if request.method != "POST":
        suggestion = sheets.suggest(draft)
        return _show_columns(
            request, draft, columns_form.proposed(table, suggestion.matches, suggestion.order)
        )
    form = columns_form.chosen(table, request.POST.dict())
    if form.has_errors:
        return _show_columns(request, draft, form, status=400)
    try:
        return _fill(request, draft, form.chosen, form.order)
    except Problem as problem:
        messages.error(request, str(problem))
        return _show_columns(request, draft, form, status=400)


def _fill(request: PortalRequest, draft: Draft, chosen: dict[int, str], order: str) -> HttpResponse:
    filled = sheets.map_columns(draft, chosen, order, by=request.user)
    rows = "1 row was" if filled.rows == 1 else f"{filled.rows:,} rows were"
    repaired = (
        f" {filled.repaired:,} cells were put right or filled and are marked." if filled.repaired else ""
    )
    messages.success(request, f"{rows} read from “{draft.sheet.name}”.{repaired}")
    for note in draft.sheet.notes[:MOST_NOTES]:
        messages.info(request, note)
    return redirect("tickets:draft-rows", draft.pk)


def _show_columns(
    request: PortalRequest, draft: Draft, form: ColumnsForm, *, status: int = 200
) -> HttpResponse:
    context = {
        **frame(draft, "rows"),
        "sheet": draft.sheet,
        "form": form,
        "groups": columns_form.choices(),
        "row_count": len(draft.sheet.rows),
    }
    return render(request, "tickets/sheet_columns.html", context, status=status)


@require_safe
def template_xlsx(request: PortalRequest) -> HttpResponse:
    return _download(request, xlsx_template(), XLSX, "dispatch-rows.xlsx")


@require_safe
def template_csv(request: PortalRequest) -> HttpResponse:
    return _download(request, csv_template(), "text/csv; charset=utf-8", "dispatch-rows.csv")


def _download(request: PortalRequest, content: bytes, kind: str, name: str) -> HttpResponse:
    if not may_draft(request.user):
        raise PermissionDenied
    return HttpResponse(
        content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
