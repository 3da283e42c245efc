from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.models.messages import State
from portal.request import PortalRequest
from tickets import needs
from tickets.services import templates
from tickets.services.cases import silence


@require_safe
def home(request: PortalRequest) -> HttpResponse:
    """What needs this person now, first what cannot wait."""
    user = request.user
    visits, more_visits = needs.visits_today(user)
    stuck = needs.stuck_messages(user, State.UNKNOWN, State.HELD)
    context = {
        "unknown": stuck[State.UNKNOWN],
        "unknown_words": list(dict.fromkeys(one.work.words for one in stuck[State.UNKNOWN])),
        "duplicates": needs.open_duplicates(user).select_related("ticket", "message")[: needs.SHOWN],
        "held": stuck[State.HELD],
        "rejected": needs.rejected_dispatches(user),
        "without_technician": needs.visits_without_technician(user),
        "visits": visits,
        "more_visits": more_visits,
        "drafts": needs.own_drafts(user),
        "latest": needs.latest_dispatches(user),
        "health": needs.health(),
        "recurring": needs.recurring_to_review(user),
        "silent": silence.silent_channels() if user.has_perm("portal.view_subscription") else [],
        "most_used": templates.most_used(user),
    }
    context["needs_anything"] = any(
        context[name]
        for name in ("unknown", "duplicates", "held", "rejected", "without_technician", "recurring", "silent")
    )
    return render(request, "tickets/home.html", context)
