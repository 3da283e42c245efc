"""At which address GTT is told to reach us: the public one of the portal, and a secret."""

import ipaddress
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from portal.models import VendorAccount


def address(secret: str) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{path(secret)}"


def path(secret: str) -> str:
    return f"{reverse('gtt-hook', args=[secret])}/"


def why_unreachable(account: VendorAccount) -> str:
    """A sentence on why GTT could not reach us there, or should not; "" where it can.

    A vendor on this machine is the sandbox, which reaches us anywhere.
    """
    if _is_this_machine(account.api_url):
        return ""
    if _is_this_machine(settings.PUBLIC_URL):
        return (
            f"GTT cannot reach {settings.PUBLIC_URL}, which is this machine's name for itself. "
            "Whoever runs the portal must set PUBLIC_URL to its address on the internet."
        )
    if not settings.PUBLIC_URL.startswith("https://"):
        return "PUBLIC_URL is no https address: the secret of the address would travel in the open."
    return ""


def _is_this_machine(url: str) -> bool:
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return False
    return found.is_loopback or found.is_unspecified or found.is_link_local
