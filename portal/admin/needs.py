"""What waits for an administrator, counted for the first page of the admin."""

from typing import NamedTuple

from axes.models import AccessAttempt
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from portal.models import DriftEntry, Message, VendorAccount
from portal.models.messages import State


class Need(NamedTuple):
    word: str  # how it looks: see portal.badges
    count: int
    text: str
    address: str


def needs(request: HttpRequest) -> list[Need]:
    """Only what there is, most urgent first, and only for who may look at it."""
    found: list[Need] = []

    def add(permission: str, word: str, count: int, text: str, model: str, **filters: str) -> None:
        if count and request.user.has_perm(permission):
            address = reverse(f"admin:{model}_changelist")
            found.append(Need(word, count, text, f"{address}?{urlencode(filters)}" if filters else address))

    in_state = {state: Message.objects.filter(state=state).count() for state in (State.UNKNOWN, State.HELD)}
    looks = "portal.view_message"
    add(
        looks,
        "unknown",
        in_state[State.UNKNOWN],
        "messages with unknown outcome",
        "portal_message",
        state__exact="unknown",
    )
    add(looks, "held", in_state[State.HELD], "messages held", "portal_message", state__exact="held")
    paused = VendorAccount.objects.exclude(paused_at=None).count()
    add("portal.view_vendoraccount", "paused", paused, "vendor accounts paused", "portal_vendoraccount")
    locked = AccessAttempt.objects.filter(failures_since_start__gte=settings.AXES_FAILURE_LIMIT).count()
    add("axes.view_accessattempt", "warn", locked, "names locked", "axes_accessattempt", locked_out="yes")
    drift = DriftEntry.objects.filter(acknowledged_at=None).count()
    add(
        "portal.view_driftentry",
        "info",
        drift,
        "new things in vendors' answers",
        "portal_driftentry",
        acknowledged="no",
    )
    return found
