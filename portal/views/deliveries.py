"""What vendors told us, for administrators: which deliveries came, and what came of each."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from portal import audit, inbox, masking, tables
from portal.delivery_filters import DeliveryFilters
from portal.delivery_page import body_of
from portal.models import Delivery
from portal.problems import Problem
from portal.request import PortalRequest

may_view = permission_required("portal.view_delivery", raise_exception=True)
may_change = permission_required("portal.change_delivery", raise_exception=True)


@may_view
@require_safe
def deliveries(request: PortalRequest) -> HttpResponse:
    filters = DeliveryFilters(request.GET)
    rows = filters.apply(Delivery.objects.defer("body", "headers"))
    page = tables.page_of(rows.select_related("account"), request.GET.get(tables.CURSOR, ""))
    context = {
        "filters": filters,
        "rows": page.rows,
        "count": tables.count_of(rows),
        "older": tables.link_to(request.GET, page.older),
        "newer": tables.link_to(request.GET, page.newer),
    }
    is_piece = request.htmx and not request.htmx.history_restore_request
    template = "portal/_delivery_rows.html" if is_piece else "portal/deliveries.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@may_view
@require_safe
def delivery(request: PortalRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Delivery.objects.select_related("account", "token__subscription"), pk=pk)
    shows_people = request.user.has_perm("portal.change_delivery")
    headers = masking.without_secrets(found.headers)
    context = {
        "delivery": found,
        "body": body_of(found, shows_people=shows_people),
        "headers": headers if shows_people else masking.mask_deep(headers),
        "subscription": getattr(found.token, "subscription", None),
        "audit": audit.of(found)[:20],
    }
    return render(request, "portal/delivery.html", context)


@may_change
@require_POST
def again(request: PortalRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Delivery, pk=pk)
    try:
        inbox.process_again(found, by=request.user)
    except Problem as problem:
        messages.warning(request, str(problem))
    else:
        messages.success(request, "It is looked at again within seconds.")
    return redirect(found)
