"""The wizard: drafts, their five steps, and the save that happens as one types."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.problems import Problem
from portal.request import PortalRequest
from tickets.forms import typed
from tickets.forms.checking import Checked
from tickets.forms.typed import BadRows
from tickets.models import Draft
from tickets.permissions import may_draft
from tickets.services import drafts as service
from tickets.services.drafts import ChangedElsewhere
from tickets.views.draft_files import add_files, files, remove_file
from tickets.views.draft_locations import add_location, copy_location, put_search, remove_location, search
from tickets.views.draft_review import estimates, review, submit
from tickets.views.wizard import after, go_to, on_open_draft, save_typed, show_step, stamp_of

__all__ = [
    "add_files",
    "add_location",
    "copy_location",
    "discard",
    "drafts",
    "estimates",
    "files",
    "new",
    "remove_file",
    "remove_location",
    "review",
    "save",
    "search",
    "submit",
    "what",
    "when",
    "where",
]
MOST_LISTED = 200


@require_safe
def drafts(request: PortalRequest) -> HttpResponse:
    if not may_draft(request.user):
        raise PermissionDenied
    found = Draft.objects.visible_to(request.user).open().select_related("team", "saved_by", "created_by")
    rows = list(found.order_by("-saved_at")[: MOST_LISTED + 1])
    return render(
        request, "tickets/drafts.html", {"drafts": rows[:MOST_LISTED], "has_more": len(rows) > MOST_LISTED}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PortalRequest) -> HttpResponse:
    """POST begins a draft. A GET, as after signing in again, leads to the list and changes nothing."""
    if not may_draft(request.user):
        raise PermissionDenied
    if request.method != "POST":
        return redirect("tickets:drafts")
    team = request.user.teams.first() or request.user.teams_to_work_for().first()
    if team is None:
        messages.error(
            request, "You belong to no team yet, so a dispatch would be nobody's. Ask an administrator."
        )
        return redirect("tickets:drafts")
    try:
        return redirect(service.new_draft(team, by=request.user))
    except Problem as problem:
        messages.error(request, str(problem))
        return redirect("tickets:drafts")


@require_http_methods(["GET", "HEAD", "POST"])
@on_open_draft
def what(request: PortalRequest, draft: Draft) -> HttpResponse:
    return _step(request, draft, "what")


@require_http_methods(["GET", "HEAD", "POST"])
@on_open_draft
def where(request: PortalRequest, draft: Draft) -> HttpResponse:
    if request.method == "POST" and request.POST.get("go") == "enter" and request.POST.get("q", "").strip():
        return put_search(request, draft)  # Enter in the search field of a browser without scripts
    return _step(request, draft, "where")


@require_http_methods(["GET", "HEAD", "POST"])
@on_open_draft
def when(request: PortalRequest, draft: Draft) -> HttpResponse:
    return _step(request, draft, "when")


def _step(request: PortalRequest, draft: Draft, step: str) -> HttpResponse:
    """Keep what was typed, whatever it is; "Next" also judges it and stays where something is wrong."""
    if request.method != "POST":
        return show_step(request, draft, step, is_checked="check" in request.GET)
    saved = save_typed(request, draft, step)
    if isinstance(saved, HttpResponse):
        return saved
    go = request.POST.get("go", "next")
    if go in ("next", "enter") and Checked(saved, request.user).problems(step):
        return show_step(request, saved, step, is_checked=True)
    return go_to(saved, after(saved, step, go))


@require_POST
@on_open_draft
def save(request: PortalRequest, draft: Draft, step: str) -> HttpResponse:
    """As one types: keep it, judge nothing, say that it is kept."""
    if step not in typed.APPLY or (draft.is_sheet and step != "what"):
        raise Http404
    context: dict[str, Any] = {"step": step, "page_key": request.POST.get("page", ""), "trouble": ""}
    try:
        draft = service.save_step(
            draft,
            step,
            lambda locked: typed.APPLY[step](locked, request.POST),
            by=request.user,
            stamp=stamp_of(request),
        )
    except (Problem, BadRows) as problem:
        hint = " Press Next to see both." if isinstance(problem, ChangedElsewhere) else ""
        context["trouble"] = f"Not saved. {problem}{hint}"
    context |= {"saved_at": timezone.localtime(), "seen": typed.fingerprint(typed.part(draft, step))}
    return render(request, "tickets/_draft_saved.html", context)


@require_POST
@on_open_draft
def discard(request: PortalRequest, draft: Draft) -> HttpResponse:
    try:
        service.discard_draft(draft, by=request.user)
    except Problem as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"{draft.reference} was discarded.")
    return redirect("tickets:drafts")
