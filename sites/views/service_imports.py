"""Services from a sheet: read, looked at row by row, and written once a person says so."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal import exports
from portal.problems import Problem
from portal.request import PortalRequest
from portal.sheets import Table, Unreadable, read, read_pasted
from portal.sheets.tables import MOST_BYTES, MOST_ROWS
from sites import service_sheets
from sites.models import ServiceImport
from sites.service_plan import OUTCOMES, Plan
from sites.services import importing
from sites.services.registering import RIGHT

ROWS_PER_PAGE = 100
SHOWN = ("all", *OUTCOMES)


def _check_may_change(request: PortalRequest) -> None:
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied


@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: PortalRequest) -> HttpResponse:
    """The ways to bring a sheet; POST reads what was pasted or uploaded."""
    _check_may_change(request)
    if request.method != "POST":
        return _show_begin(request)
    try:
        name, table = _read(request)
        sheet = importing.keep_sheet(table, name, by=request.user)
    except (Unreadable, Problem) as problem:
        return _show_begin(request, str(problem))
    return redirect("sites:service-import", sheet.pk)


def _show_begin(request: PortalRequest, trouble: str = "") -> HttpResponse:
    context = {
        "trouble": trouble,
        "is_of_file": "file" in request.FILES or request.POST.get("way") == "file",
        "pasted": request.POST.get("pasted", ""),
        "columns": service_sheets.COLUMNS.values(),
        "most_rows": MOST_ROWS,
        "most_megabytes": MOST_BYTES // 1_000_000,
    }
    return render(request, "sites/service_import_new.html", context, status=400 if trouble else 200)


def _read(request: PortalRequest) -> tuple[str, Table]:
    """The table that was sent and what it is called. Raises Unreadable."""
    upload = request.FILES.get("file")
    if upload is not None:
        name = (upload.name or "sheet").replace("\x00", "")[:200]
        if (upload.size or 0) > MOST_BYTES:
            raise Unreadable(
                f"“{name}” has {(upload.size or 0) / 1e6:.1f} MB; a sheet may have {MOST_BYTES / 1e6:g} MB."
            )
        return name, read(name, upload.read(), service_sheets.recognised)
    if request.POST.get("way") == "file":
        raise Unreadable("Choose the file to upload.")
    if not request.POST.get("pasted", "").strip():
        raise Unreadable("Paste the cells, with their header, into the field.")
    return "Pasted cells", read_pasted(request.POST["pasted"], service_sheets.recognised)


def _sheet(request: PortalRequest, pk: int) -> ServiceImport:
    """A sheet is its reader's alone until it is imported, and nobody else's business afterwards."""
    _check_may_change(request)
    return get_object_or_404(ServiceImport.objects.select_related("read_by"), pk=pk, read_by=request.user)


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: PortalRequest, pk: int) -> HttpResponse:
    """What the sheet would do; POST does it."""
    sheet = _sheet(request, pk)
    if request.method != "POST":
        return _show(request, sheet)
    try:
        counts = importing.import_good_rows(sheet, seen=request.POST.get("seen", ""), by=request.user)
    except Problem as problem:
        return _show(request, sheet, str(problem), status=409)
    left = f" {counts['wrong']:,} were left out." if counts["wrong"] else ""
    messages.success(
        request,
        f"Imported “{sheet.name}”: {counts['new']:,} new, {counts['changed']:,} changed, "
        f"{counts['same']:,} the same.{left}",
    )
    return redirect("sites:service-import" if counts["wrong"] else "sites:services", *([pk] * bool(left)))


def _show(
    request: PortalRequest, sheet: ServiceImport, trouble: str = "", *, status: int = 200
) -> HttpResponse:
    plan = importing.preview(sheet)
    shown = request.GET.get("show", "")
    shown = shown if shown in SHOWN else ("wrong" if plan.counts["wrong"] else "all")
    rows = plan.rows if shown == "all" else plan.having(shown)
    context = {
        "sheet": sheet,
        "counts": plan.counts,
        "total": len(plan.rows),
        "good": plan.counts["new"] + plan.counts["changed"],
        "fingerprint": plan.fingerprint,
        "shown": shown,
        "tabs": _tabs(plan),
        "page": Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page")),
        "trouble": trouble,
    }
    return render(request, "sites/service_import.html", context, status=status)


def _tabs(plan: Plan) -> list[tuple[str, str, int]]:
    words = {"wrong": "With mistakes", "new": "New", "changed": "Changed", "same": "The same"}
    return [("all", "All", len(plan.rows)), *((name, words[name], plan.counts[name]) for name in OUTCOMES)]


@require_safe
def wrong_rows(request: PortalRequest, pk: int, kind: str) -> HttpResponse:
    """The rows with mistakes as a sheet, with what is wrong beside each: mended, it is imported anew."""
    sheet = _sheet(request, pk)
    if kind not in exports.TYPES:
        raise Http404
    place = {line: cells for line, cells in zip(sheet.lines, sheet.rows, strict=True)}
    kept = [index for index, title in enumerate(sheet.header) if title != service_sheets.WRONG]
    rows = [
        [
            *(place[row.line][index] for index in kept),
            " ".join(f"{column}: {why}" for column, why in row.errors),
        ]
        for row in importing.preview(sheet).having("wrong")
    ]
    header = [*(sheet.header[index] for index in kept), service_sheets.WRONG]
    return exports.file_of(kind, "services-with-mistakes", header, rows)
