from typing import Any

from django.conf import settings
from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, Any]:
    """What the frame of every page needs."""
    return {"is_demo": settings.DEMO, "sandbox_url": settings.SANDBOX_URL if settings.DEMO else ""}
