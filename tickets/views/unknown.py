"""Unknown outcomes: the list, one of them, and what people say of it."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from portal.models import Message, Resolution
from portal.outbox import resolving
from portal.problems import Problem
from portal.request import PortalRequest
from tickets import doubts
from tickets.board import UNKNOWN_WORDS
from tickets.doubts import Doubt
from tickets.needs import messages_visible_to, open_duplicates
from tickets.services import strays

MOST_DUPLICATES = 50
MAY_SETTLE, MAY_CONFIRM = "tickets.submit_dispatch", "tickets.confirm_resend"


@require_safe
def unknown(request: PortalRequest) -> HttpResponse:
    given = request.GET.get("after", "")
    after = int(given) if given.isdecimal() and given.isascii() and len(given) < 18 else 0
    found, following = doubts.doubts_for(request.user, after=after)
    duplicates = open_duplicates(request.user).select_related("ticket__dispatch", "message")
    context = {
        "doubts": found,
        "duplicates": [] if after else list(duplicates[:MOST_DUPLICATES]),
        "after": after,
        "following": following,
        "settled": [] if after else doubts.settled_lately(request.user),
        "words": UNKNOWN_WORDS,
    }
    return render(request, "tickets/unknown.html", context)


@require_safe
def one(request: PortalRequest, pk: int) -> HttpResponse:
    doubt = doubts.doubt_of(_message(request, pk))
    if not doubt.message.is_unknown and not doubt.said:  # nobody had to settle it; its own page says the rest
        return redirect(doubt.sent_url)
    return _page_of(request, doubt)


@require_POST
def found(request: PortalRequest, pk: int) -> HttpResponse:
    message = _message(request, pk, needs=MAY_SETTLE)
    doubt = doubts.doubt_of(message)
    doubt.found_form = doubt.form_of(request.POST.dict())
    if doubt.message.is_unknown and not doubt.found_form.is_good:
        doubt.refused = "found"
        return _page_of(request, doubt, status=422)

    def act() -> None:
        resolving.say_found(message, doubt.found_form.places, by=request.user)

    return _done(request, doubt, "found", act)


@require_POST
def not_there(request: PortalRequest, pk: int) -> HttpResponse:
    message, note = _message(request, pk, needs=MAY_SETTLE), request.POST.get("note", "")

    def act() -> None:
        resolving.say_not_there(message, note=note, by=request.user)
        messages.success(
            request, f"Kept. Now a second person has to look for {message.reference}; nothing was sent."
        )

    return _done(request, doubts.doubt_of(message), "not-there", act, typed=note)


@require_POST
def write_off(request: PortalRequest, pk: int) -> HttpResponse:
    message, reason = _message(request, pk, needs=MAY_SETTLE), request.POST.get("reason", "")

    def act() -> None:
        resolving.write_off(message, reason=reason, by=request.user)
        messages.success(request, f"{message.reference} is written off; nothing was sent.")

    return _done(request, doubts.doubt_of(message), "write-off", act, typed=reason)


@require_POST
def confirm(request: PortalRequest, pk: int) -> HttpResponse:
    message = _message(request, pk, needs=MAY_CONFIRM)

    def act() -> None:
        successor = resolving.confirm(_said(request, message), by=request.user)
        if successor:
            words = f"{message.reference} was not created, as two people found. It is sent again as {successor.reference}."
        else:
            words = f"{message.reference} was not created, as two people found. Correct it in its dispatch to send it."
        messages.success(request, words)

    return _done(request, doubts.doubt_of(message), "confirm", act)


@require_POST
def disagree(request: PortalRequest, pk: int) -> HttpResponse:
    message, note = _message(request, pk, needs=MAY_CONFIRM), request.POST.get("note", "")

    def act() -> None:
        resolving.disagree(_said(request, message), note=note, by=request.user)
        messages.success(request, f"{message.reference} is in doubt as before; nothing was sent.")

    return _done(request, doubts.doubt_of(message), "disagree", act, typed=note)


@require_POST
def close_duplicate(request: PortalRequest, pk: int) -> HttpResponse:
    if not request.user.has_perm(MAY_SETTLE):
        raise PermissionDenied
    duplicate = get_object_or_404(
        open_duplicates(request.user).select_related("ticket__dispatch", "message"), pk=pk
    )
    try:
        strays.close(duplicate, note=request.POST.get("note", ""), by=request.user)
    except Problem as problem:
        messages.error(request, str(problem))
        return redirect(f"{reverse('tickets:unknown')}#duplicate-{pk}")
    messages.success(request, f"Ticket {duplicate.ticket} is settled.")
    return redirect("tickets:unknown")


def _message(request: PortalRequest, pk: int, *, needs: str = "") -> Message:
    message = get_object_or_404(messages_visible_to(request.user), pk=pk)
    if needs and not request.user.has_perm(needs):
        raise PermissionDenied
    return message


def _said(request: PortalRequest, message: Message) -> Resolution:
    """What the person saw on the page when they answered it."""
    key = request.POST.get("resolution", "")
    said = message.resolutions.filter(pk=int(key)).first() if key.isdecimal() and len(key) < 18 else None
    if said is None:
        raise Problem(resolving.SETTLED_MEANWHILE)
    return said


def _page_of(request: PortalRequest, doubt: Doubt, *, status: int = 200) -> HttpResponse:
    piece = "tickets/_doubt.html" if doubt.message.is_unknown else "tickets/_doubt_settled.html"
    context = {"doubt": doubt, "words": UNKNOWN_WORDS, "piece": piece}
    is_piece = request.htmx and not request.htmx.history_restore_request
    response = render(request, piece if is_piece else "tickets/unknown_one.html", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _done(
    request: PortalRequest, doubt: Doubt, what: str, act: Callable[[], None], *, typed: str = ""
) -> HttpResponse:
    """Back to the item, or the page once more with what was typed and why it was not taken."""
    try:
        act()
    except Problem as problem:
        doubt = doubts.doubt_of(doubt.message)  # as it is now: somebody else may have been faster
        if not doubt.message.is_unknown:
            messages.warning(request, str(problem))
            return redirect("tickets:unknown-one", pk=doubt.message.pk)
        doubt.refused, doubt.error, doubt.typed = what, str(problem), typed
        return _page_of(request, doubt, status=422)
    return redirect("tickets:unknown-one", pk=doubt.message.pk)
