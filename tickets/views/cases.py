"""Support cases at GTT: raised, listed, followed."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import audit, tables
from portal.problems import Problem
from portal.request import PortalRequest
from sites.models import Site
from sites.services import sites_for_wizard
from tickets.case_filters import CaseFilters
from tickets.case_page import CasePage
from tickets.forms.cases import CaseForm
from tickets.models import Case
from tickets.services.cases import following, raising
from tickets.views.draft_pages import SHORTEST_SEARCH, searched

LIST_JOINS = ("site", "team", "message")
PAGE_JOINS = ("account", "team", "site", "message", "submitted_by")
MOST_SITES = 8
# Buttons that look for a site and send nothing.
LOOKING = ("search", "pick", "clear")


@require_safe
def cases(request: PortalRequest) -> HttpResponse:
    filters = CaseFilters(request.GET, user=request.user)
    rows = filters.apply(Case.objects.visible_to(request.user).defer("raw", "search", "description"))
    page = tables.page_of(
        rows.select_related(*LIST_JOINS).defer("message__payload"), request.GET.get(tables.CURSOR, "")
    )
    context = {
        "filters": filters,
        "rows": page.rows,
        "count": tables.count_of(rows),
        "older": tables.link_to(request.GET, page.older),
        "newer": tables.link_to(request.GET, page.newer),
    }
    is_piece = request.htmx and not request.htmx.history_restore_request
    response = render(request, "tickets/_case_rows.html" if is_piece else "tickets/cases.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PortalRequest) -> HttpResponse:
    """A form of one page. Looking for a site sends the whole form, so that nothing typed is lost."""
    if not request.user.has_perm("tickets.raise_case"):
        raise PermissionDenied
    if request.method != "POST":
        form = CaseForm(request.user, initial={"key": uuid.uuid4(), "site": request.GET.get("site", "")})
        return _show_form(request, form, _site(request.GET.get("site", "")))
    if any(name in request.POST for name in LOOKING):
        return _look_for_site(request)
    form = CaseForm(request.user, request.POST)
    if not form.is_valid():
        return _show_form(request, form, _site(request.POST.get("site", "")), status=422)
    try:
        case = raising.raise_case(form.cleaned_data, by=request.user)
    except Problem as problem:
        form.add_error(None, str(problem))
        return _show_form(request, form, _site(request.POST.get("site", "")), status=422)
    return redirect(case)


def _look_for_site(request: PortalRequest) -> HttpResponse:
    key = "" if "clear" in request.POST else request.POST.get("pick") or request.POST.get("site", "")
    site = _site(key)
    if request.htmx:
        return render(request, "tickets/_case_site.html", _site_context(request, site))
    typed = {name: value for name, value in request.POST.items() if name != "site"}
    form = CaseForm(request.user, initial={**typed, "site": site.pk if site else ""})
    return _show_form(request, form, site)


def _show_form(
    request: PortalRequest, form: CaseForm, site: Site | None, *, status: int = 200
) -> HttpResponse:
    context = {"form": form, **_site_context(request, site)}
    return render(request, "tickets/case_new.html", context, status=status)


def _site_context(request: PortalRequest, site: Site | None) -> dict[str, Any]:
    q = searched(request.POST.get("q", ""))
    is_long_enough = len(q) >= SHORTEST_SEARCH
    return {
        "site": site,
        "contacts": list(site.contacts.order_by("position", "id")[:2]) if site else [],
        "q": q,
        "is_long_enough": is_long_enough,
        "hits": sites_for_wizard(q, MOST_SITES) if is_long_enough and not site else [],
    }


def _site(text: str) -> Site | None:
    is_key = text.isascii() and text.isdigit() and len(text) <= 18
    return Site.objects.filter(pk=int(text)).first() if is_key else None


def _case(request: PortalRequest, pk: int) -> Case:
    return get_object_or_404(Case.objects.visible_to(request.user).select_related(*PAGE_JOINS), pk=pk)


@require_safe
def case(request: PortalRequest, pk: int) -> HttpResponse:
    found = _case(request, pk)
    context = {"case": found, "page": CasePage(found), "audit": audit.of(found)}
    return render(request, "tickets/case.html", context)


@require_safe
def status(request: PortalRequest, pk: int) -> HttpResponse:
    found = _case(request, pk)
    return render(request, "tickets/_case_status.html", {"case": found, "page": CasePage(found)})


@require_POST
def refresh(request: PortalRequest, pk: int) -> HttpResponse:
    found = _case(request, pk)
    refusal = ""
    try:
        following.refresh(found, by=request.user)
    except Problem as problem:
        refusal = str(problem)
    if request.htmx:
        found = _case(request, pk)
        context = {"case": found, "page": CasePage(found), "refusal": refusal}
        return render(request, "tickets/_case_status.html", context)
    if refusal:
        messages.warning(request, refusal)
    return redirect(found)
