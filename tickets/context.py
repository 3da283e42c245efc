from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from tickets import needs as questions


def needs(request: HttpRequest) -> dict[str, Any]:
    """How many outcomes are unknown, for the side bar. Asked only where the side bar is drawn, and then once."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"unknown_count": 0}
    return {"unknown_count": SimpleLazyObject(lambda: questions.count_of_doubts(user))}
