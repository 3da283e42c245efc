"""What a person sees when a request could not be taken, and how what they typed survives it."""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import (
    DisallowedHost,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from portal import logs

KEPT_AT_MOST = 2_000_000  # characters of one form; more than any form of ours holds
SECRET = re.compile(r"password|secret|token", re.IGNORECASE)
TOO_MUCH = {
    TooManyFieldsSent: "The form has more fields than the portal accepts. Send fewer rows at once.",
    TooManyFilesSent: "These are more files than the portal accepts at once. Send fewer at a time.",
    RequestDataTooBig: "The form is larger than the portal accepts. Send less text at once.",
    DisallowedHost: "This is not an address of the portal. Check the address you typed.",
}


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page was open so long, or somebody signed in again since, that its token is no longer good."""
    if getattr(request, "htmx", False):
        return HttpResponse(
            "This page was open for a long time. Load it again before you go on.",
            status=403,
            content_type="text/plain",
        )
    return carry_on(request, "portal/stale_form.html", status=403)


def signed_out_form(request: HttpRequest) -> HttpResponse:
    """Somebody sent a form after their session had ended."""
    return carry_on(request, "portal/signed_out_form.html", status=401)


def carry_on(request: HttpRequest, template: str, *, status: int) -> HttpResponse:
    """A page that holds what was typed and sends it again by one button, or a plain refusal.

    Only what our own pages sent is echoed: another site must not make us show a form of its making.
    """
    kept = kept_fields(request) if came_from_us(request) else None
    if kept is None:
        return render(request, "portal/not_ours.html", status=403)
    context = {
        "fields": kept,
        "action": request.get_full_path(),
        "lacks_files": bool(request.FILES),
        "lacks_secrets": any(is_secret(name) for name in request.POST),
    }
    return render(request, template, context, status=status)


def kept_fields(request: HttpRequest) -> list[tuple[str, str]] | None:
    """Every text field that was sent, in order; None where there is nothing to carry or too much."""
    if request.method != "POST":
        return None
    if request.resolver_match and request.resolver_match.url_name in ("login", "password"):
        return None
    fields = [
        (name, str(value))
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken" and not is_secret(name)
    ]
    return fields if sum(len(name) + len(value) for name, value in fields) <= KEPT_AT_MOST else None


def is_secret(name: str) -> bool:
    """The token of the form itself is no loss."""
    return bool(SECRET.search(name)) and name != "csrfmiddlewaretoken"


def came_from_us(request: HttpRequest) -> bool:
    """Browsers always send Origin with a POST; a Referer does where something on the way removed it."""
    said = request.headers.get("Origin") or origin(request.headers.get("Referer", ""))
    return said in {origin(settings.PUBLIC_URL), f"{request.scheme}://{request.get_host()}"}


def origin(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Rendered without the request: it may be one that nothing can be read from."""
    words = next((words for kind, words in TOO_MUCH.items() if isinstance(exception, kind)), "")
    if words and request.headers.get("HX-Request"):
        return HttpResponse(words, status=400, content_type="text/plain")  # stands in the banner of the page
    return HttpResponse(render_to_string("400.html", {"words": words}), status=400)


def too_large(request: HttpRequest) -> HttpResponse:
    words = "This is more than the portal accepts at once. Send fewer or smaller files."
    if request.headers.get("HX-Request"):
        return HttpResponse(words, status=413, content_type="text/plain")
    return HttpResponse(render_to_string("400.html", {"words": words}), status=413)


def server_error(request: HttpRequest) -> HttpResponse:
    """Uses nothing that may be broken; the number leads to the lines of the log."""
    return HttpResponse(render_to_string("500.html", {"request_id": logs.request_id.get()}), status=500)
