"""The integration page: how the vendors do, what is stuck and why, and the few things one does about it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.module_loading import import_string
from django.views.decorators.http import require_POST, require_safe

from portal import account_services, integration, outbox
from portal.models import Message, VendorAccount
from portal.models.messages import State
from portal.problems import Problem
from portal.request import PortalRequest

RIGHT = "portal.change_message"
NEVER = "The vendor may have carried it out. Two people settle that on its page of unknown outcomes; it is never replayed."
WHY = "Say why, so that the others know."


def _for_admins(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def allowed(request: PortalRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return allowed


@_for_admins
@require_safe
def page(request: PortalRequest) -> HttpResponse:
    state = request.GET.get("state", "")
    state = state if state in integration.STATES else next(iter(integration.STATES))
    context = {
        "healths": integration.healths(),
        "state": state,
        "state_words": State(state).label,
        "states": [(one.value, one.label) for one in integration.STATES],
        "rows": [(one, integration.may_go_on(one)) for one in integration.messages_in(state)],
        "silent": import_string(settings.SILENT_CHANNELS)(),
    }
    return render(request, "portal/integration.html", context)


@_for_admins
@require_POST
def act_on_message(request: PortalRequest, pk: int) -> HttpResponse:
    """Replay lets a held message go on; ignore cancels one that has not left. Each with a reason, both audited."""
    message = get_object_or_404(Message, pk=pk)
    reason = request.POST.get("reason", "").strip()
    try:
        if not reason:
            raise Problem(WHY)
        if "replay" in request.POST:
            if not integration.may_go_on(message):
                raise Problem(NEVER if message.is_unknown else "Only what is held can be replayed from here.")
            outbox.release([message], by=request.user, reason=reason)
        else:
            outbox.cancel(message, by=request.user, reason=reason)
        messages.success(request, f"{message.reference}: done.")
    except Problem as problem:
        messages.error(request, f"{message.reference}: {problem}")
    return redirect(f"{reverse('integration')}?state={message.state}#messages")


@_for_admins
@require_POST
def act_on_account(request: PortalRequest, pk: int) -> HttpResponse:
    account = get_object_or_404(VendorAccount, pk=pk)
    reason = request.POST.get("reason", "")
    try:
        if "pause" in request.POST:
            account_services.pause(account, reason, by=request.user)
        else:
            account_services.resume(account, by=request.user, reason=reason)
    except Problem as problem:
        messages.error(request, f"{account}: {problem}")
    return redirect("integration")
