from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from portal.models import User


class PortalRequest(HttpRequest):
    """What every view gets: somebody signed in, and what htmx says of its request."""

    user: User  # type: ignore[assignment]
    htmx: HtmxDetails
