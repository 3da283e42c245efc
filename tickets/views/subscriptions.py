"""What GTT is asked to tell us of: subscriptions made, tested, given a new address, closed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from portal.models import Subscription
from portal.problems import Problem
from portal.request import PortalRequest
from tickets.forms.subscriptions import SubscriptionForm
from tickets.services.cases import silence, subscribing

may_view = permission_required("portal.view_subscription", raise_exception=True)
may_change = permission_required("portal.change_subscription", raise_exception=True)


@dataclass(frozen=True)
class Row:
    one: Subscription
    state: str
    last: datetime | None
    """When GTT last delivered at its address."""
    can_ask_again: bool
    can_renew: bool
    is_replaced: bool


@may_view
@require_http_methods(["GET", "HEAD", "POST"])
def subscriptions(request: PortalRequest) -> HttpResponse:
    accounts = subscribing.offered_accounts()
    if request.method != "POST":
        return _show(request, SubscriptionForm(None, accounts=accounts))
    if not request.user.has_perm("portal.add_subscription"):
        raise PermissionDenied
    form = SubscriptionForm(request.POST, accounts=accounts)
    if form.is_valid():
        try:
            said = form.cleaned_data
            made = subscribing.subscribe(said["account"], said["action"], by=request.user)
        except Problem as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, f"GTT is asked for {made.name}.")
            return redirect("tickets:subscriptions")
    return _show(request, form, status=422)


@may_change
@require_POST
def ask_again(request: PortalRequest, pk: int) -> HttpResponse:
    return _do(request, pk, subscribing.ask_again, "GTT is asked again.")


@may_change
@require_POST
def renew(request: PortalRequest, pk: int) -> HttpResponse:
    done = "GTT is told a new address. The old one stays open until the new one has been used."
    return _do(request, pk, subscribing.renew_address, done)


@may_change
@require_POST
def close(request: PortalRequest, pk: int) -> HttpResponse:
    return _do(request, pk, subscribing.close_address, "Nothing is taken at that address any more.")


@may_change
@require_POST
def test(request: PortalRequest, pk: int) -> HttpResponse:
    return _do(
        request, pk, subscribing.want_test, "A worker tries the address. Load this page again in a moment."
    )


def _do(request: PortalRequest, pk: int, change: Callable[..., object], done: str) -> HttpResponse:
    found = get_object_or_404(Subscription.objects.select_related("account", "message"), pk=pk)
    try:
        change(found, by=request.user)
    except Problem as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, done)
    return redirect("tickets:subscriptions")


def _show(request: PortalRequest, form: SubscriptionForm, *, status: int = 200) -> HttpResponse:
    found = Subscription.objects.select_related("account", "message", "token", "replaces", "successor")
    context = {
        "form": form,
        "rows": [_row(one) for one in found.order_by("retired_at", "account", "action", "pk")[:100]],
        "has_accounts": form.fields["account"].queryset.exists(),  # type: ignore[attr-defined]
        "silent": silence.silent_channels(),
    }
    return render(request, "tickets/subscriptions.html", context, status=status)


def _row(one: Subscription) -> Row:
    last = subscribing.real_deliveries(one.token).values_list("received_at", flat=True).first()
    state = one.state
    is_replaced = hasattr(one, "successor") and state != "retired"
    can_renew = state == "subscribed" and not is_replaced
    return Row(one, state, last, state in ("unknown", "refused"), can_renew, is_replaced)
