"""*Review*: everything wrong, everything odd, and exactly what will be sent; then the one button that sends it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.problems import Problem
from portal.request import PortalRequest
from tickets.forms.checking import clock_warnings
from tickets.models import Draft
from tickets.services import costs, repeats, submitting
from tickets.services.submitting import ChangedSinceReview, Plan
from tickets.views.draft_pages import refusals
from tickets.views.wizard import frame, go_to, links_to, on_open_draft


@require_safe
@on_open_draft
def review(request: PortalRequest, draft: Draft) -> HttpResponse:
    return _show(request, draft)


@require_POST
@on_open_draft
def submit(request: PortalRequest, draft: Draft) -> HttpResponse:
    """Once: whoever presses twice is led to the dispatch the first press made."""
    try:
        dispatch = submitting.submit_draft(
            draft, by=request.user, plan_hash=request.POST.get("plan_hash", "")
        )
    except ChangedSinceReview as problem:
        messages.error(request, str(problem))
        draft.refresh_from_db()
        return _show(request, draft, status=409)
    except Problem as problem:
        messages.error(request, str(problem))
        return redirect("tickets:drafts")
    return redirect(dispatch)


@require_http_methods(["GET", "HEAD", "POST"])
@on_open_draft
def estimates(request: PortalRequest, draft: Draft) -> HttpResponse:
    """GET shows the estimates that are known; POST puts the missing questions to Granite first."""
    plan = submitting.plan(draft, by=request.user)
    if request.method == "POST" and plan.may_go:
        costs.ask_estimates(draft.account, _service_type(plan), plan.locations, by=request.user)
    if not request.htmx:
        return go_to(draft, "review")
    return render(request, "tickets/_draft_estimates.html", {"draft": draft, **_estimates(draft, plan)})


def _show(request: PortalRequest, draft: Draft, status: int = 200) -> HttpResponse:
    plan = submitting.plan(draft, by=request.user)
    checked = plan.checked
    locations = len(draft.locations)
    context = {
        **frame(draft, "review"),
        "plan": plan,
        "problems": links_to(draft, checked.problems()),
        "warnings": links_to(draft, clock_warnings(checked)),
        "repeats": repeats.find_repeats(draft, plan.locations, by=request.user),
        "refused": _still_refused(draft),
        "what": checked.said_for_all if plan.may_go else {},
        "locations": locations,
        **_estimates(draft, plan),
    }
    return render(request, "tickets/draft_review.html", context, status=status)


def _estimates(draft: Draft, plan: Plan) -> dict[str, Any]:
    if not plan.may_go:
        return {"estimates": None}
    found = costs.read_estimates(draft.account, _service_type(plan), plan.locations)
    is_unbidden = not found.is_asked and len(plan.locations) <= costs.MOST_ASKED_UNBIDDEN
    return {"estimates": found, "asks_itself": is_unbidden and found.can_ask}


def _service_type(plan: Plan) -> str:
    return str(plan.checked.said_for_all["service_type"])


def _still_refused(draft: Draft) -> list[str]:
    """What Granite said of values that stand here unchanged."""
    found = [message for lines in refusals(draft.what).values() for message in lines]
    for index, row in enumerate(draft.locations):
        found += [f"Location {index + 1}: {message}" for lines in refusals(row).values() for message in lines]
    return found
