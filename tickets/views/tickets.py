from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from portal import audit, tables
from portal.problems import Problem
from portal.request import PortalRequest
from tickets.filters import TicketFilters
from tickets.models import Ticket
from tickets.services import following
from tickets.ticket_page import TicketPage
from tickets.windows import window_of

LIST_JOINS = ("location__site", "dispatch", "team")
PAGE_JOINS = (
    "account", "dispatch__submitted_by", "message", "team", "location__site", "possible_duplicate__closed_by",
)  # fmt: skip


def _ticket(request: PortalRequest, pk: int) -> Ticket:
    return get_object_or_404(Ticket.objects.visible_to(request.user).select_related(*PAGE_JOINS), pk=pk)


@require_safe
def tickets(request: PortalRequest) -> HttpResponse:
    filters = TicketFilters(request.GET, user=request.user)
    # `raw` is a whole answer per row, and the list shows nothing of it.
    rows = filters.apply(Ticket.objects.visible_to(request.user).defer("raw", "search"))
    page = tables.page_of(rows.select_related(*LIST_JOINS), request.GET.get(tables.CURSOR, ""))
    context = {
        "filters": filters,
        "rows": [(ticket, window_of(ticket.location) if ticket.location else None) for ticket in page.rows],
        "count": tables.count_of(rows),
        "older": tables.link_to(request.GET, page.older),
        "newer": tables.link_to(request.GET, page.newer),
    }
    # Going back through the history asks by htmx too, but wants the whole page.
    is_piece = request.htmx and not request.htmx.history_restore_request
    response = render(request, "tickets/_ticket_rows.html" if is_piece else "tickets/tickets.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def ticket(request: PortalRequest, pk: int) -> HttpResponse:
    found = _ticket(request, pk)
    records = audit.of(found) | audit.of(found.message) | audit.of(found.dispatch)
    context = {"page": TicketPage(found), "ticket": found, "audit": records}
    return render(request, "tickets/ticket.html", context)


@require_safe
def status(request: PortalRequest, pk: int) -> HttpResponse:
    found = _ticket(request, pk)
    return render(request, "tickets/_ticket_status.html", {"page": TicketPage(found), "ticket": found})


@require_POST
def refresh(request: PortalRequest, pk: int) -> HttpResponse:
    found = _ticket(request, pk)
    refusal = ""
    try:
        following.refresh(found, by=request.user)
    except Problem as problem:
        refusal = str(problem)
    if request.htmx:
        found.refresh_from_db(fields=["wanted_at", "tried_at", "next_read_at"])
        context = {"page": TicketPage(found), "ticket": found, "refusal": refusal}
        return render(request, "tickets/_ticket_status.html", context)
    if refusal:
        messages.warning(request, refusal)
    return redirect(found)
