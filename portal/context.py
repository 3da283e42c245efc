from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal.models import Arming


def frame(request: HttpRequest) -> dict[str, Any]:
    """What the frame of every page needs. Lazy, since the pieces htmx asks for have no frame."""
    return {
        "is_demo": settings.DEMO,
        # Only while the vendor is our own sandbox may a page say that no technician will come.
        "sandbox_url": settings.SANDBOX_URL if settings.DEMO else "",
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "why_nothing_is_sent": SimpleLazyObject(lambda: why_nothing_is_sent(request)),
        "team_names": SimpleLazyObject(lambda: team_names(request)),
    }


def why_nothing_is_sent(request: HttpRequest) -> str:
    user = getattr(request, "user", None)
    return Arming.why_not_on_page() if user is not None and user.is_authenticated else ""


def team_names(request: HttpRequest) -> str:
    user = getattr(request, "user", None)  # an error page may come before anybody was recognised
    if user is None or not user.is_authenticated:
        return ""
    names = list(user.teams.values_list("name", flat=True))
    return ", ".join(names) or ("all teams" if user.sees_all_teams else "")
