"""Incidents: the list, one with its time line, and a technician for a case."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import tables
from portal.problems import Problem
from portal.request import PortalRequest
from tickets.forms.technician import TechnicianForm
from tickets.incident_page import IncidentPage
from tickets.models import Case, Incident
from tickets.permissions import may_draft
from tickets.services import incidents as service


@require_safe
def incidents(request: PortalRequest) -> HttpResponse:
    seen = Incident.objects.visible_to(request.user).select_related("team", "opened_by")
    rows = seen if request.GET.get("closed") else seen.open()
    page = tables.page_of(rows.prefetch_related("cases", "drafts"), request.GET.get(tables.CURSOR, ""))
    context = {
        "rows": page.rows,
        "count": tables.count_of(rows),
        "shows_closed": bool(request.GET.get("closed")),
        "older": tables.link_to(request.GET, page.older),
        "newer": tables.link_to(request.GET, page.newer),
    }
    return render(request, "tickets/incidents.html", context)


@require_safe
def incident(request: PortalRequest, pk: int) -> HttpResponse:
    return _page(request, _incident(request, pk))


@require_POST
def close(request: PortalRequest, pk: int) -> HttpResponse:
    found = _incident(request, pk)
    try:
        service.close(found, note=request.POST.get("note", ""), by=request.user)
    except Problem as problem:
        return _page(request, found, status=422, error=str(problem), note=request.POST.get("note", ""))
    return redirect(found)


@require_http_methods(["GET", "HEAD", "POST"])
def technician(request: PortalRequest, pk: int) -> HttpResponse:
    """From a case: what it knows is filled in; then the review shows exactly what is sent."""
    case = get_object_or_404(Case.objects.visible_to(request.user).select_related("site", "team"), pk=pk)
    if not may_draft(request.user):
        raise PermissionDenied
    if case.site is None:
        messages.warning(request, service.NO_SITE)
        return redirect(case)
    form = TechnicianForm(case.site, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(
                "tickets:draft-review", service.send_technician(case, form.window, by=request.user).pk
            )
        except Problem as problem:
            form.add_error(None, str(problem))
    context = {"case": case, "form": form, "symptoms": service.symptoms(case)}
    return render(request, "tickets/case_technician.html", context, status=422 if form.errors else 200)


def _incident(request: PortalRequest, pk: int) -> Incident:
    seen = Incident.objects.visible_to(request.user).select_related("team", "opened_by", "closed_by")
    return get_object_or_404(seen, pk=pk)


def _page(request: PortalRequest, found: Incident, *, status: int = 200, **more: object) -> HttpResponse:
    context = {"incident": found, "page": IncidentPage(found), **more}
    return render(request, "tickets/incident.html", context, status=status)
