"""Whether anything leaves from here, what would, and what did: for whoever may stop and allow sending."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Count, Min, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal import arming, audit, sentlog
from portal.models import ForgottenSend, Message
from portal.models.arming import this_place
from portal.models.messages import State
from portal.outbox import forgotten
from portal.problems import Problem
from portal.request import PortalRequest

MOST_ROWS = 200
MAY_LEAVE = (State.QUEUED, State.CLAIMED, State.HELD)
only_admins = permission_required(forgotten.RIGHT, raise_exception=True)


@only_admins
@require_safe
def overview(request: PortalRequest) -> HttpResponse:
    waiting = Message.objects.filter(state__in=MAY_LEAVE).select_related("account", "created_by")
    known = set(
        Message.objects.filter(payload_hash__in=_forgotten_hashes()).values_list("payload_hash", flat=True)
    )
    sends = list(
        ForgottenSend.objects.select_related("looked_by", "cleared_by").order_by("cleared_at", "sent_at")
    )
    row = arming.row()
    context = {
        "why_not": arming.why_not(),
        "may_be_allowed": arming.may_be_allowed(),
        "row": row,
        "here": this_place(),
        "waiting": waiting.order_by("created_at", "pk")[:MOST_ROWS],
        "accounts": waiting.order_by()
        .values("account__vendor", "account__name")
        .annotate(requests=Count("pk"), technicians=Sum("weight"), oldest=Min("created_at"))
        .order_by("account__vendor", "account__name"),
        "sends": [(send, send.payload_hash in known) for send in sends[:MOST_ROWS]],
        "sends_count": len(sends),
        "most_rows": MOST_ROWS,
        "in_doubt": Message.objects.filter(state=State.UNKNOWN).count(),
        "under_way": Message.objects.filter(state=State.SENDING).count(),
        "nothing_there": sentlog.NOTHING_THERE,
        "audit": audit.of(row)[:20] if row else [],
    }
    return render(request, "portal/outbound.html", context)


def _forgotten_hashes() -> list[str]:
    return list(ForgottenSend.objects.values_list("payload_hash", flat=True))


@only_admins
@require_POST
def allow(request: PortalRequest) -> HttpResponse:
    def change() -> None:
        if request.POST.get("is_sure") != "yes":
            raise Problem("Tick that you have read the lists below, please.")
        arming.arm(by=request.user, reason=request.POST.get("reason", ""))

    return _do(request, change, "Sending is allowed from here.")


@only_admins
@require_POST
def stop(request: PortalRequest) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return _do(request, lambda: arming.disarm(by=request.user, reason=reason), "All sending is stopped.")


@only_admins
@require_POST
def looked(request: PortalRequest, pk: int) -> HttpResponse:
    send = get_object_or_404(ForgottenSend, pk=pk)
    note = request.POST.get("note", "")
    return _do(
        request,
        lambda: forgotten.note_look(send, by=request.user, note=note),
        f"Noted for {send.reference}. Now somebody else must agree.",
    )


@only_admins
@require_POST
def send_again(request: PortalRequest, pk: int) -> HttpResponse:
    send = get_object_or_404(ForgottenSend, pk=pk)
    return _do(
        request, lambda: forgotten.let_go(send, by=request.user), f"{send.reference} may be sent again."
    )


def _do(request: PortalRequest, change: Callable[[], None], done: str) -> HttpResponse:
    try:
        change()
    except Problem as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, done)
    return redirect("outbound")
