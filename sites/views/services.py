"""The register of services: listed, searched, exported; one of them shown, changed and checked."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import audit, exports, tables
from portal.problems import Problem
from portal.request import PortalRequest
from sites import register, service_sheets
from sites.forms.services import CheckForm, ServiceFilters, ServiceForm
from sites.models import Service, Site
from sites.services import registering

JOINS = ("site", "checked_by")
MOST_SUGGESTED = 500


def _check_may_look(request: PortalRequest) -> None:
    if not request.user.has_perm("sites.view_service"):
        raise PermissionDenied


def _check_may_change(request: PortalRequest) -> None:
    if not request.user.has_perm(registering.RIGHT):
        raise PermissionDenied


def _service(request: PortalRequest, pk: int) -> Service:
    return get_object_or_404(Service.objects.visible_to(request.user).select_related(*JOINS), pk=pk)


@require_safe
def services(request: PortalRequest) -> HttpResponse:
    _check_may_look(request)
    filters = ServiceFilters(request.GET)
    rows = filters.apply(Service.objects.visible_to(request.user))
    page = tables.page_of(rows.select_related("site"), request.GET.get(tables.CURSOR, ""))
    context = {
        "filters": filters,
        "rows": page.rows,
        "count": tables.count_of(rows),
        "older": tables.link_to(request.GET, page.older),
        "newer": tables.link_to(request.GET, page.newer),
        "query": request.GET.urlencode(),
    }
    is_piece = request.htmx and not request.htmx.history_restore_request
    response = render(request, "sites/_service_rows.html" if is_piece else "sites/services.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def export(request: PortalRequest, kind: str) -> HttpResponse:
    """The services a list shows, in columns that an import reads again."""
    _check_may_look(request)
    if kind not in exports.TYPES:
        raise Http404
    found = ServiceFilters(request.GET).apply(Service.objects.visible_to(request.user))
    rows = service_sheets.rows_of(found.select_related("site").order_by("our_id"))
    name = f"services-{timezone.localdate():%Y-%m-%d}"
    return exports.file_of(kind, name, list(service_sheets.COLUMNS.values()), rows)


@require_safe
def service(request: PortalRequest, pk: int) -> HttpResponse:
    return _show(request, _service(request, pk))


def _show(
    request: PortalRequest, found: Service, form: CheckForm | None = None, *, status: int = 200
) -> HttpResponse:
    context = {
        "service": found,
        "form": form or CheckForm(initial={"vendor_service_id": found.vendor_service_id}),
        "changes": found.changes.select_related("changed_by")[:200],
        "audit": audit.of(found)[:100],
    }
    return render(request, "sites/service.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PortalRequest) -> HttpResponse:
    _check_may_change(request)
    if request.method != "POST":
        return _show_form(request, ServiceForm(initial={"site": request.GET.get("site", "")[:200]}))
    form = ServiceForm(request.POST)
    if form.is_valid():
        try:
            return redirect(registering.add_service(form.values, by=request.user))
        except Problem as problem:
            form.add_error(None, str(problem))
    return _show_form(request, form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: PortalRequest, pk: int) -> HttpResponse:
    _check_may_change(request)
    found = _service(request, pk)
    if request.method != "POST":
        return _show_form(request, ServiceForm.of(found, registering.version_of(found)), found)
    form = ServiceForm(request.POST, service=found)
    if form.is_valid():
        try:
            registering.change_service(found, form.values, seen=form.cleaned_data["seen"], by=request.user)
        except Problem as problem:
            form.add_error(None, str(problem))
        else:
            return redirect(found)
    return _show_form(request, form, found, status=422)


def _show_form(
    request: PortalRequest, form: ServiceForm, found: Service | None = None, *, status: int = 200
) -> HttpResponse:
    used = Service.objects.exclude(kind="").order_by("kind").values_list("kind", flat=True).distinct()
    context: dict[str, Any] = {
        "form": form,
        "service": found,
        "kinds": sorted({*register.KINDS, *used[:50]}),
        "sites": Site.objects.all()[:MOST_SUGGESTED],
    }
    return render(request, "sites/service_form.html", context, status=status)


@require_POST
def check(request: PortalRequest, pk: int) -> HttpResponse:
    """Whether the vendor's id is right: a person's word, with the day and how they know."""
    _check_may_change(request)
    found = _service(request, pk)
    form = CheckForm(request.POST)
    if not form.is_valid():
        return _show(request, found, form, status=422)
    try:
        registering.check_service(found, by=request.user, **form.cleaned_data)
    except Problem as problem:
        messages.error(request, str(problem))
    return redirect(found)
