from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from tickets import needs as questions
from tickets.own_doubts import OwnDoubts, own_doubts


def needs(request: HttpRequest) -> dict[str, Any]:
    """How many outcomes are unknown, for the side bar, and how many of this person's own, for the line above the page.

    Each is asked only where it is drawn, and then once.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"unknown_count": 0}

    def own() -> OwnDoubts | None:
        # The work list itself says more than the line that leads to it.
        return None if request.path.startswith(reverse("tickets:unknown")) else own_doubts(user)

    return {
        "unknown_count": SimpleLazyObject(lambda: questions.count_of_doubts(user)),
        "own_doubts": SimpleLazyObject(own),
    }
