from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.request import PortalRequest
from tickets.board import UNKNOWN_WORDS
from tickets.doubts import MOST_SHOWN, doubts_for


@require_safe
def unknown(request: PortalRequest) -> HttpResponse:
    doubts = doubts_for(request.user)
    context = {"doubts": doubts[:MOST_SHOWN], "has_more": len(doubts) > MOST_SHOWN, "words": UNKNOWN_WORDS}
    return render(request, "tickets/unknown.html", context)
