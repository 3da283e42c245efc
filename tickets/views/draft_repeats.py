"""The answers to "is this visit meant?", given on the review page."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from portal.problems import Problem
from portal.request import PortalRequest
from tickets.models import Draft
from tickets.services import repeat_choices
from tickets.views.wizard import on_open_draft


@require_POST
@on_open_draft
def decide(request: PortalRequest, draft: Draft) -> HttpResponse:
    """One visit (`only`, its fingerprint), or every one that the person saw undecided (`all_of`, their digest)."""
    typed = request.POST
    try:
        told = repeat_choices.decide(
            draft,
            typed.get("choice", ""),
            by=request.user,
            reason=typed.get("reason", ""),
            only=typed.get("only", ""),
            all_of=typed.get("all_of", ""),
        )
    except Problem as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, told)
    return redirect(f"{reverse('tickets:draft-review', args=[draft.pk])}#repeats")
