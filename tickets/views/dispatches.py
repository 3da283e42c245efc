from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from portal import audit, tables
from portal.models import Message
from portal.problems import Problem
from portal.request import PortalRequest
from tickets.board import MANY, board_of
from tickets.evidence import as_sent, tries_of
from tickets.models import Dispatch, EarlierSending
from tickets.permissions import may_correct
from tickets.progress import progress_of
from tickets.services import repeat_choices
from tickets.services.correcting import correction_of, draft_from_failed, first_refused
from tickets.services.incidents import is_of_a_case
from tickets.services.stopping import cancel_message as stop
from tickets.services.stopping import may_cancel
from tickets.stretches import Stretch


def _dispatch(request: PortalRequest, pk: int) -> Dispatch:
    visible = Dispatch.objects.visible_to(request.user).select_related(
        "team", "account__breaker", "submitted_by", "draft"
    )
    return get_object_or_404(visible, pk=pk)


def _message(request: PortalRequest, pk: int, message_pk: int) -> tuple[Dispatch, Message]:
    dispatch = _dispatch(request, pk)
    ours = _messages_of(dispatch).select_related("account", "created_by")
    return dispatch, get_object_or_404(ours, pk=message_pk)


def _messages_of(dispatch: Dispatch) -> QuerySet[Message]:
    """Those too whose locations are in a second message by now."""
    earlier = EarlierSending.objects.filter(location__dispatch=dispatch).values("message")
    return Message.objects.filter(Q(pk__in=dispatch.locations.values("message")) | Q(pk__in=earlier))


@require_safe
def dispatches(request: PortalRequest) -> HttpResponse:
    rows = Dispatch.objects.visible_to(request.user).select_related("team", "submitted_by")
    page = tables.page_of(rows, request.GET.get(tables.CURSOR, ""))
    progress = progress_of(dispatch.pk for dispatch in page.rows)
    context = {
        "rows": [(dispatch, progress[dispatch.pk]) for dispatch in page.rows],
        "older": tables.link_to(request.GET, page.older),
        "newer": tables.link_to(request.GET, page.newer),
    }
    return render(request, "tickets/dispatches.html", context)


@require_safe
def dispatch(request: PortalRequest, pk: int) -> HttpResponse:
    found = _dispatch(request, pk)
    entries = list(audit.of(found) | audit.of_all(_messages_of(found)))
    context = {
        **_status_context(request, found),
        "corrections": found.corrections.filter(discarded_at=None).select_related("dispatch"),
        "incidents": found.draft.incidents.prefetch_related("cases") if is_of_a_case(found.draft) else [],
        "meant": repeat_choices.told_in(entries),
        "audit": entries,
    }
    return render(request, "tickets/dispatch.html", context)


@require_safe
def status(request: PortalRequest, pk: int) -> HttpResponse:
    return render(request, "tickets/_dispatch_status.html", _status_context(request, _dispatch(request, pk)))


def _status_context(request: PortalRequest, found: Dispatch) -> dict[str, object]:
    board = board_of(found)
    rows = Stretch(board.in_order, request.GET.get("from", ""), MANY)
    requests = Stretch(board.messages, request.GET.get("sent", ""), MANY)
    return {
        "dispatch": found,
        "board": board,
        "rows": rows,
        "requests": requests,
        "correction": correction_of(found)
        if board.progress.correctable and may_correct(request.user, found)
        else None,
        "cancellable": [message for message in requests.page if may_cancel(request.user, message)],
    }


@require_POST
def correct(request: PortalRequest, pk: int) -> HttpResponse:
    found = _dispatch(request, pk)
    if not may_correct(request.user, found):
        raise PermissionDenied
    try:
        draft = draft_from_failed(found, by=request.user)
    except Problem as problem:
        messages.error(request, str(problem))
        return redirect(found)
    step, place = first_refused(draft)
    return redirect(f"{reverse(f'tickets:draft-{step}', args=[draft.pk])}{place}")


@require_safe
def message(request: PortalRequest, pk: int, message_pk: int) -> HttpResponse:
    found, sent = _message(request, pk, message_pk)
    context = {
        "dispatch": found,
        "message": sent,
        "sent": as_sent(sent),
        "tries": tries_of(sent),
        "locations": sent.locations.select_related("ticket", "site").order_by("index"),
        "files": sent.files.order_by("messagefile__position"),
        "transitions": sent.transitions.all(),
        "said": sent.resolutions.select_related("opened_by", "decided_by"),
        "duplicates": sent.possible_duplicates.select_related("ticket", "closed_by"),
        "may_cancel": may_cancel(request.user, sent),
        "audit": audit.of(sent),
    }
    return render(request, "tickets/message.html", context)


@require_POST
def cancel_message(request: PortalRequest, pk: int, message_pk: int) -> HttpResponse:
    found, sent = _message(request, pk, message_pk)
    if not request.user.has_perm("tickets.submit_dispatch"):
        raise PermissionDenied
    try:
        stop(sent, by=request.user)
    except Problem as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"{sent.reference} is cancelled: nothing of it was sent.")
    return redirect(found)
