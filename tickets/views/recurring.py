"""Recurring dispatches: set up from a draft or a template, looked at, paused, resumed, ended."""

from collections.abc import Callable
from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Max
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import audit, tables
from portal.problems import Problem
from portal.request import PortalRequest
from tickets import timeless
from tickets.forms.recurrence import ReasonForm, RecurrenceForm, first_values
from tickets.models import Draft, Occurrence, Recurrence
from tickets.permissions import may_draft
from tickets.recurring_page import Run, runs_of
from tickets.services import occurrences
from tickets.services import recurring as service
from tickets.services.copying import Content
from tickets.views.templates import template_of
from tickets.views.wizard import on_open_draft


@require_safe
def recurring(request: PortalRequest) -> HttpResponse:
    """The ones that run first; those that were ended last."""
    if not may_draft(request.user):
        raise PermissionDenied
    seen = Recurrence.objects.visible_to(request.user).select_related("team", "made_by")
    found = list(seen.annotate(last_day=Max("occurrences__day")))
    found.sort(key=lambda one: one.ended_at is not None)
    rows = [(one, _next_of(one, one.last_day)) for one in found]
    return render(request, "tickets/recurring.html", {"rows": rows})


def _next_of(recurrence: Recurrence, last: date | None) -> Run | None:
    if recurrence.ended_at:
        return None
    visits = [run for run in _runs(recurrence, last, 1) if run.has_visit]
    return visits[0] if visits else None


def _runs(recurrence: Recurrence, last: date | None, number: int = 5) -> list[Run]:
    following = occurrences.next_visits(recurrence, last, number)
    return runs_of(recurrence, following, occurrences.zones_of(recurrence))


def _recurrence(request: PortalRequest, pk: int) -> Recurrence:
    if not may_draft(request.user):
        raise PermissionDenied
    seen = Recurrence.objects.visible_to(request.user).select_related("team", "account", "made_by")
    return get_object_or_404(seen, pk=pk)


@require_safe
def recurrence(request: PortalRequest, pk: int) -> HttpResponse:
    return _show(request, _recurrence(request, pk))


def _show(request: PortalRequest, found: Recurrence, form: ReasonForm | None = None) -> HttpResponse:
    past = Occurrence.objects.filter(recurrence=found).select_related("draft__dispatch")
    past = past.defer("draft__what", "draft__locations")  # of a bulk they are large, and none of it is shown
    page = tables.page_of(past, request.GET.get(tables.CURSOR, ""), order="day")
    context = {
        "recurrence": found,
        "runs": [] if found.ended_at else _runs(found, occurrences.last_day(found)),
        "form": form or ReasonForm(),
        "occurrences": page.rows,
        "older": tables.link_to(request.GET, page.older),
        "newer": tables.link_to(request.GET, page.newer),
        "files": found.files.order_by("pk"),
        "audit": audit.of(found),
    }
    return render(request, "tickets/recurring_one.html", context, status=400 if form else 200)


@require_POST
def pause(request: PortalRequest, pk: int) -> HttpResponse:
    return _with_reason(request, pk, service.pause, "Paused. Nothing is made until somebody resumes it.")


@require_POST
def end(request: PortalRequest, pk: int) -> HttpResponse:
    return _with_reason(request, pk, service.end, "Ended. What it made stays as it is.")


def _with_reason(request: PortalRequest, pk: int, change: Callable[..., None], done: str) -> HttpResponse:
    found, form = _recurrence(request, pk), ReasonForm(request.POST)
    if not form.is_valid():
        return _show(request, found, form)
    try:
        change(found, form.cleaned_data["reason"], by=request.user)
    except Problem as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, done)
    return redirect(found)


@require_POST
def resume(request: PortalRequest, pk: int) -> HttpResponse:
    found = _recurrence(request, pk)
    try:
        service.resume(found, by=request.user)
    except Problem as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "It goes on with the visits that are still ahead.")
    return redirect(found)


@require_http_methods(["GET", "HEAD", "POST"])
@on_open_draft
def repeat_draft(request: PortalRequest, draft: Draft) -> HttpResponse:
    places = [str(row.get("location_name") or "") for row in draft.locations[:1]]
    name = ", ".join(filter(None, [str(draft.what.get("service_type") or draft.reference), *places]))
    note = f"The draft {draft.reference} itself stays as it is: submit it or discard it."
    return _set_up(request, service.content_of_draft(draft), name, note)


@require_http_methods(["GET", "HEAD", "POST"])
def repeat_template(request: PortalRequest, pk: int) -> HttpResponse:
    template = template_of(request, pk)
    return _set_up(request, service.content_of_template(template), template.name, "")


def _set_up(request: PortalRequest, content: Content, name: str, note: str) -> HttpResponse:
    """The form; with `?preview` it only shows what would come of it."""
    is_preview = "preview" in request.GET
    if request.method == "POST":
        form = RecurrenceForm(request.POST)
    else:
        form = RecurrenceForm(
            initial=first_values(name, timeless.common_window(content.what, content.locations))
        )
    runs: list[Run] | None = None
    if form.is_bound and form.is_valid():
        if not is_preview:
            try:
                made = service.set_up(content, form.key, form.values(), by=request.user)
            except Problem as problem:
                form.add_error(None, str(problem))
            else:
                messages.success(request, f"“{made.name}” is set up: {made.words}.")
                return redirect(made)
        runs = _runs(service.draw_up(content, form.values(), by=request.user), None)
    context = {"form": form, "content": content, "runs": runs, "note": note, "here": request.path}
    if is_preview and request.htmx:
        return render(request, "tickets/_recurring_preview.html", context)
    return render(request, "tickets/recurring_new.html", context, status=400 if form.errors else 200)
