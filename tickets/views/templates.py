"""Templates of a team, drafts begun from them, and copies of dispatches."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.problems import Problem
from portal.request import PortalRequest
from tickets.forms.checking import Checked
from tickets.forms.templates import DayForm, NameForm, TemplateForm
from tickets.models import Dispatch, DispatchTemplate, Draft
from tickets.permissions import may_correct, may_draft
from tickets.services import templates as service
from tickets.services.attaching import files_of
from tickets.services.copying import copy_dispatch
from tickets.views.wizard import frame, go_to, on_open_draft


def template_of(request: PortalRequest, pk: int) -> DispatchTemplate:
    """One that is still offered, or 404."""
    if not may_draft(request.user):
        raise PermissionDenied
    offered = DispatchTemplate.objects.visible_to(request.user).offered()
    return get_object_or_404(offered.select_related("team", "account"), pk=pk)


@require_safe
def templates(request: PortalRequest) -> HttpResponse:
    if not may_draft(request.user):
        raise PermissionDenied
    return render(request, "tickets/templates.html", {"templates": service.listed(request.user)})


@require_POST
def start(request: PortalRequest, pk: int) -> HttpResponse:
    """A new draft, and then at once the question for its day."""
    template = template_of(request, pk)
    try:
        draft = service.start(template, by=request.user)
    except Problem as problem:
        messages.error(request, str(problem))
        return redirect("tickets:templates")
    return redirect("tickets:draft-day", pk=draft.pk)


@require_POST
def rename(request: PortalRequest, pk: int) -> HttpResponse:
    template, form = template_of(request, pk), NameForm(request.POST)
    try:
        if form.is_valid():
            service.rename(template, form.cleaned_data["name"], by=request.user)
        else:
            messages.error(request, " ".join(str(error) for error in form.errors["name"]))
    except Problem as problem:
        messages.error(request, str(problem))
    return redirect("tickets:templates")


@require_POST
def retire(request: PortalRequest, pk: int) -> HttpResponse:
    template = template_of(request, pk)
    try:
        service.retire(template, by=request.user)
    except Problem as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"“{template.name}” is no longer offered. What was begun from it stays.")
    return redirect("tickets:templates")


@require_http_methods(["GET", "HEAD", "POST"])
@on_open_draft
def keep_draft(request: PortalRequest, draft: Draft) -> HttpResponse:
    return _keep(request, draft, back=draft.get_absolute_url())


@require_http_methods(["GET", "HEAD", "POST"])
def keep_dispatch(request: PortalRequest, pk: int) -> HttpResponse:
    dispatch = _dispatch(request, pk)
    return _keep(request, dispatch.draft, back=dispatch.get_absolute_url())


def _keep(request: PortalRequest, draft: Draft, back: str) -> HttpResponse:
    """The form that keeps a draft or a dispatch as a template."""
    sites, files = len(draft.locations), len(files_of(draft))
    data = request.POST if request.method == "POST" else None
    first = {"name": "", "with_sites": True, "with_files": True}
    form = TemplateForm(data, initial=first, sites=sites, files=files)
    if data is not None and form.is_valid():
        try:
            template = service.save_template(
                draft,
                by=request.user,
                name=form.cleaned_data["name"],
                with_sites=form.cleaned_data.get("with_sites", False),
                with_files=form.cleaned_data.get("with_files", False),
            )
        except Problem as problem:
            form.add_error("name", str(problem))
        else:
            messages.success(request, f"Kept as the template “{template.name}” of {template.team}.")
            return redirect("tickets:templates")
    context = {"form": form, "draft": draft, "sites": sites, "files": files, "back": back}
    return render(request, "tickets/template_keep.html", context, status=400 if form.errors else 200)


@require_POST
def copy(request: PortalRequest, pk: int) -> HttpResponse:
    """A new draft with everything of the dispatch; its times are past by now, and the review says so."""
    dispatch = _dispatch(request, pk)
    draft = copy_dispatch(dispatch, by=request.user)
    messages.success(
        request,
        f"This is a copy of {dispatch.reference} with its times. Nothing was sent: change what differs.",
    )
    return redirect(draft)


def _dispatch(request: PortalRequest, pk: int) -> Dispatch:
    """One this person may see, whose team they may work for."""
    seen = Dispatch.objects.visible_to(request.user).select_related("team", "account", "draft")
    dispatch = get_object_or_404(seen, pk=pk)
    if not may_correct(request.user, dispatch):
        raise PermissionDenied
    return dispatch


@require_http_methods(["GET", "HEAD", "POST"])
@on_open_draft
def day(request: PortalRequest, draft: Draft) -> HttpResponse:
    """The first question of a draft from a template. Leads to the first step with something missing, or to the review."""
    form = DayForm(draft, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            saved = service.set_day(draft, form.cleaned_data["day"], form.window, by=request.user)
        except Problem as problem:
            messages.error(request, str(problem))
            return redirect("tickets:drafts")
        problems = Checked(saved, request.user).problems()
        return go_to(saved, problems[0].step if problems else "review")
    context = {**frame(draft, "day"), "form": form, "template": draft.templates.first()}
    return render(request, "tickets/template_day.html", context, status=400 if form.errors else 200)
