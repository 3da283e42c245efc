"""*Review*: everything wrong, everything odd, and exactly what will be sent; then the one button that sends it."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.problems import Problem
from portal.request import PortalRequest
from tickets.forms.checking import clock_warnings
from tickets.grid import refusals
from tickets.models import Draft
from tickets.queueing import outlook
from tickets.review import MOST_FINDINGS, Review
from tickets.services import costs, repeat_choices, repeats, submitting
from tickets.services.repeat_choices import Undecided
from tickets.services.submitting import ChangedSinceReview, Plan
from tickets.views.wizard import frame, go_to, links_to, on_open_draft


@require_safe
@on_open_draft
def review(request: PortalRequest, draft: Draft) -> HttpResponse:
    return _show(request, draft)


@require_safe
@on_open_draft
def review_message(request: PortalRequest, draft: Draft, number: int) -> HttpResponse:
    """One planned message, part by part; into its place on the page, or as a page of its own."""
    plan = submitting.plan(draft, by=request.user)
    if not 1 <= number <= len(plan.messages):
        raise Http404
    context = {"draft": draft, "message": plan.messages[number - 1]}
    if request.htmx:
        return render(request, "tickets/_draft_message_parts.html", context)
    return render(request, "tickets/draft_message.html", {**frame(draft, "review"), **context})


@require_POST
@on_open_draft
def submit(request: PortalRequest, draft: Draft) -> HttpResponse:
    """Once: whoever presses twice is led to the dispatch the first press made."""
    try:
        dispatch = submitting.submit_draft(
            draft, by=request.user, plan_hash=request.POST.get("plan_hash", "")
        )
    except (ChangedSinceReview, Undecided) as problem:
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
    return render(
        request, "tickets/_draft_estimates.html", {"draft": draft, "estimates": _estimates(draft, plan)}
    )


def _show(request: PortalRequest, draft: Draft, status: int = 200) -> HttpResponse:
    plan = submitting.plan(draft, by=request.user)
    checked = plan.checked
    problems, odd = checked.problems(), clock_warnings(checked)
    found = repeats.look(draft, plan.locations, by=request.user)
    said = repeat_choices.choices(draft, found.repeats)
    undecided = [one for one in said if not one.choice]
    context = {
        **frame(draft, "review"),
        "plan": plan,
        "review": Review(plan.messages, request.GET.get("from", "")),
        "outlook": outlook(draft.account, len(plan.messages)) if plan.may_go else None,
        "problems": links_to(draft, problems[:MOST_FINDINGS]),
        "more_problems": max(0, len(problems) - MOST_FINDINGS),
        "warnings": links_to(draft, odd[:MOST_FINDINGS]),
        "more_warnings": max(0, len(odd) - MOST_FINDINGS),
        "repeats": said[:MOST_FINDINGS],
        "more_repeats": max(0, len(said) - MOST_FINDINGS),
        "undecided": undecided,
        "undecided_with_ticket": any(one.repeat.ticket_id for one in undecided),
        "digest": repeat_choices.digest(undecided),
        "often": found.often[:MOST_FINDINGS],
        "more_often": max(0, len(found.often) - MOST_FINDINGS),
        "refused": _still_refused(draft),
        "what": checked.said_for_all if plan.may_go else {},
        "locations": len(draft.locations),
        "estimates": _estimates(draft, plan),
    }
    return render(request, "tickets/draft_review.html", context, status=status)


def _estimates(draft: Draft, plan: Plan) -> costs.Estimates | None:
    if not plan.may_go:
        return None
    return costs.read_estimates(draft.account, _service_type(plan), plan.locations)


def _service_type(plan: Plan) -> str:
    return str(plan.checked.said_for_all["service_type"])


def _still_refused(draft: Draft) -> list[str]:
    """What Granite said of values that stand here unchanged."""
    found = [message for lines in refusals(draft.what).values() for message in lines]
    for index, row in enumerate(draft.locations):
        found += [f"Location {index + 1}: {message}" for lines in refusals(row).values() for message in lines]
    return found
