import ipaddress
import re
import uuid
from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django_htmx.http import HttpResponseClientRedirect

from portal import logs
from portal.request import PortalRequest
from portal.views.errors import bad_request, signed_out_form, too_large

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
NUL = "%00"
# Forms in another encoding come from no page of ours; some codecs are none for text and end in an error.
# Who delivers there says of its charset what it likes: those bytes are kept as they are.
KEPT_UNREAD = "/hooks/"
TEXT_AS_WE_READ_IT = {"utf-8", "utf8", "us-ascii"}
USABLE_ID = re.compile(r"[A-Za-z0-9-]{8,40}")


def client_address(request: HttpRequest) -> str | None:
    """Who asks. Behind a proxy the last entry it added counts; earlier ones are the client's own words."""
    if settings.BEHIND_PROXY and (forwarded := request.headers.get("X-Forwarded-For")):
        return usable_address(forwarded.rsplit(",", 1)[-1])
    return usable_address(request.META.get("REMOTE_ADDR", ""))


def usable_address(text: str) -> str | None:
    """An address as the database takes it, or None: some proxies add a port, and one may send nonsense."""
    text = text.strip()
    without_port = (
        text[1:].partition("]")[0] if text.startswith("[") else re.sub(r"^([\d.]+):\d+$", r"\1", text)
    )
    try:
        return str(ipaddress.ip_address(without_port.partition("%")[0]))
    except ValueError:
        return None


class RequestIdMiddleware:
    """Gives each request an id, or keeps the one the proxy in front of us gave it; and remembers who asks."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "") if settings.BEHIND_PROXY else ""
        found = given if USABLE_ID.fullmatch(given) else uuid.uuid4().hex
        token, who = logs.request_id.set(found), logs.client_address.set(client_address(request))
        try:
            response = self.get_response(request)
        finally:
            logs.request_id.reset(token)
            logs.client_address.reset(who)
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
        # Pages hold names and telephone numbers: not for the disk of a shared computer, nor for the back button of
        # whoever comes next. Files that are the same for everybody have said otherwise by now.
        response.headers.setdefault("Cache-Control", "no-store, private")
        return response


class PlainRequestMiddleware:
    """Refuses, before anything is read or asked, what no browser sends and no page of ours could use.

    A NUL fits into no text of the database, wherever it comes in; a body beyond every limit would only fill the disk.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path_info or NUL in request.META.get("QUERY_STRING", ""):
            return bad_request(request, BadRequest())
        charset = (request.content_params or {}).get("charset", "utf-8").lower()
        if charset not in TEXT_AS_WE_READ_IT and not request.path_info.startswith(KEPT_UNREAD):
            return bad_request(request, BadRequest())
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > settings.MAX_BODY_BYTES:
            return too_large(request)
        return self.get_response(request)


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
