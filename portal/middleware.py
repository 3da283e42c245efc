import re
import uuid
from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django_htmx.http import HttpResponseClientRedirect

from portal import logs
from portal.request import PortalRequest
from portal.views.errors import signed_out_form

GetResponse = Callable[[HttpRequest], HttpResponse]
# The portal uses none of these, so a script that should never have got in cannot either.
NO_POWERS = ", ".join(
    f"{power}=()"
    for power in (
        "camera",
        "display-capture",
        "geolocation",
        "microphone",
        "midi",
        "payment",
        "serial",
        "usb",
    )
)
USABLE_ID = re.compile(r"[A-Za-z0-9-]{8,40}")


def client_address(request: HttpRequest) -> str | None:
    """Who asks. Behind a proxy the last entry it added counts; earlier ones are the client's own words."""
    if settings.BEHIND_PROXY and (forwarded := request.headers.get("X-Forwarded-For")):
        return forwarded.rsplit(",", 1)[-1].strip() or None
    return request.META.get("REMOTE_ADDR") or None


class RequestIdMiddleware:
    """Gives each request an id, or keeps the one the proxy in front of us gave it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "") if settings.BEHIND_PROXY else ""
        found = given if USABLE_ID.fullmatch(given) else uuid.uuid4().hex
        token = logs.request_id.set(found)
        try:
            response = self.get_response(request)
        finally:
            logs.request_id.reset(token)
        response["X-Request-ID"] = found
        return response


class BrowserRulesMiddleware:
    """What browsers shall refuse for our pages, beyond what Django and the content policy already say."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", NO_POWERS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class SignedOutMiddleware(LoginRequiredMiddleware):
    """Everything needs a login unless its view says otherwise; and what was typed survives a session that ended."""

    def handle_no_permission(  # type: ignore[override]  # Django knows only the redirect to the login page
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponse:
        portal_request = cast(PortalRequest, request)
        if request.method == "POST" and not portal_request.htmx:
            return signed_out_form(request)
        response = super().handle_no_permission(request, view_func)
        if portal_request.htmx:
            # Swapping the login page into a piece of another page helps nobody. Autosave is answered with 401,
            # which the page shows as a banner: going away would throw the unsaved words out.
            if request.method == "POST":
                return HttpResponse("Your session has ended.", status=401, content_type="text/plain")
            return HttpResponseClientRedirect(response["Location"])
        return response
