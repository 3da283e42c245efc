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
from portal.models.accounts import Vendor
from portal.problems import Problem
from portal.request import PortalRequest
from sites.models import Service, Site
from sites.services import sites_for_wizard
from tickets.case_filters import CaseFilters
from tickets.case_page import CasePage
from tickets.forms.cases import CaseForm, ChangeForm, CommentForm
from tickets.models import Case
from tickets.services.cases import answering, following, raising
from tickets.views.draft_pages import SHORTEST_SEARCH, searched

LIST_JOINS = ("site", "team", "message")
PAGE_JOINS = ("account", "team", "site", "service", "message", "submitted_by")
MOST_SITES = 8
MOST_AT_ONCE = 100
# Buttons that look for a site and send nothing.
LOOKING = ("search", "pick", "clear", "choose")


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
        service = _service(request, request.GET.get("service", ""))
        site = service.site if service else _site(request.GET.get("site", ""))
        form = CaseForm(request.user, initial={"key": uuid.uuid4(), "site": site.pk if site else ""})
        return _show_form(request, form, site)
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
        **_service_context(request, site),
    }


def _service_context(request: PortalRequest, site: Site | None) -> dict[str, Any]:
    """GTT's services at the site, and the one chosen, if it is one of these."""
    if site is None:
        return {"services": [], "service": None}
    services = Service.objects.visible_to(request.user).filter(vendor=Vendor.GTT, site=site)
    chosen = _service(request, request.POST.get("service") or request.GET.get("service", ""))
    return {
        "services": list(services.order_by("our_id")),
        "service": chosen if chosen and chosen.site_id == site.pk else None,
    }


def _service(request: PortalRequest, text: str) -> Service | None:
    found = Service.objects.visible_to(request.user).filter(vendor=Vendor.GTT).select_related("site")
    return found.filter(pk=int(text)).first() if _is_key(text) else None


def _site(text: str) -> Site | None:
    return Site.objects.filter(pk=int(text)).first() if _is_key(text) else None


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _case(request: PortalRequest, pk: int) -> Case:
    return get_object_or_404(Case.objects.visible_to(request.user).select_related(*PAGE_JOINS), pk=pk)


@require_safe
def case(request: PortalRequest, pk: int) -> HttpResponse:
    return _page(request, _case(request, pk))


def _page(request: PortalRequest, found: Case, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "case": found,
        "page": CasePage(found),
        "comment_form": CommentForm(),
        "may_answer": answering.may_answer(request.user, found),
        "audit": audit.of(found),
        **more,
    }
    return render(request, "tickets/case.html", context, status=status)


@require_POST
def comment(request: PortalRequest, pk: int) -> HttpResponse:
    found = _case(request, pk)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _page(request, found, status=422, comment_form=form)
    try:
        answering.comment(found, form.cleaned_data["text"], by=request.user)
    except Problem as problem:
        form.add_error("text", str(problem))
        return _page(request, found, status=422, comment_form=form)
    return redirect(f"{found.get_absolute_url()}#thread")


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: PortalRequest, pk: int) -> HttpResponse:
    """Other values for the case; what the person saw goes along and is compared before anything is sent."""
    found = _case(request, pk)
    if not answering.may_answer(request.user, found):
        raise PermissionDenied
    if request.method != "POST":
        return _show_change(request, found, ChangeForm(found))
    form = ChangeForm(found, request.POST)
    if not form.is_valid():
        return _show_change(request, found, form, status=422)
    seen = {name: request.POST.get(f"seen-{name}", "") for name in form.fields}
    try:
        answering.change(found, form.cleaned_data, seen, by=request.user)
    except Problem as problem:
        form.add_error(None, str(problem))
        return _show_change(request, found, form, status=422)
    return redirect(found)


def _show_change(request: PortalRequest, found: Case, form: ChangeForm, *, status: int = 200) -> HttpResponse:
    seen = {name: request.POST.get(f"seen-{name}", str(form.initial.get(name, ""))) for name in form.fields}
    return render(
        request, "tickets/case_change.html", {"case": found, "form": form, "seen": seen}, status=status
    )


@require_POST
def settle(request: PortalRequest, pk: int, edit_pk: int) -> HttpResponse:
    """A conflict: ours over GTT's, or GTT's."""
    found = _case(request, pk)
    edit = get_object_or_404(found.edits, pk=edit_pk)
    try:
        answering.settle_conflict(edit, keep_mine="mine" in request.POST, by=request.user)
    except Problem as problem:
        messages.warning(request, str(problem))
    return redirect(found)


@require_POST
def add_files(request: PortalRequest, pk: int) -> HttpResponse:
    found = _case(request, pk)
    uploads = request.FILES.getlist("file")
    refused = (
        answering.add_files(found, uploads, by=request.user) if uploads else ["Choose at least one file."]
    )
    for sentence in refused:
        messages.error(request, sentence)
    return redirect(f"{found.get_absolute_url()}#files")


@require_POST
def comment_on_many(request: PortalRequest) -> HttpResponse:
    """The same comment on every ticked case, with a result for each."""
    if not request.user.has_perm("tickets.raise_case"):
        raise PermissionDenied
    keys = [
        int(key) for key in request.POST.getlist("case") if key.isascii() and key.isdigit() and len(key) < 18
    ]
    chosen = list(
        Case.objects.visible_to(request.user).filter(pk__in=keys[:MOST_AT_ONCE]).select_related(*PAGE_JOINS)
    )
    form = CommentForm(request.POST)
    results: list[tuple[Case, str]] = []
    if chosen and form.is_valid() and "send" in request.POST:
        results = [(one, _comment_result(request, one, form.cleaned_data["text"])) for one in chosen]
    elif "send" not in request.POST:
        form = CommentForm()
    context = {"cases": chosen, "form": form, "results": results}
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "tickets/case_comment_many.html", context, status=status)


def _comment_result(request: PortalRequest, found: Case, text: str) -> str:
    """Why it was not promised, or ""."""
    try:
        answering.comment(found, text, by=request.user)
    except Problem as problem:
        return str(problem)
    return ""


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
