"""What waits for an administrator, counted for the first page of the admin."""

from typing import Any, NamedTuple

from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from portal.models import DriftEntry, Message, VendorAccount
from portal.models.messages import State


class Need(NamedTuple):
    number: int
    text: str
    address: str


def needs(request: HttpRequest) -> list[Need]:
    """Only what there is, most urgent first, and only for who may look at it."""
    found: list[Need] = []

    def add(permission: str, rows: QuerySet[Any], words: tuple[str, str], **filters: str) -> None:
        if not request.user.has_perm(permission) or not (number := rows.count()):
            return
        model = rows.model._meta
        address = reverse(f"admin:{model.app_label}_{model.model_name}_changelist")
        found.append(Need(number, words[number > 1], f"{address}?{urlencode(filters)}"))

    for state, words in (
        (State.UNKNOWN, ("message with unknown outcome", "messages with unknown outcome")),
        (State.HELD, ("message held", "messages held")),
    ):
        add("portal.view_message", Message.objects.filter(state=state), words, state__exact=state.value)
    paused = VendorAccount.objects.exclude(paused_at=None)
    add("portal.view_vendoraccount", paused, ("vendor account paused", "vendor accounts paused"))
    locked = AccessAttempt.objects.filter(failures_since_start__gte=settings.AXES_FAILURE_LIMIT)
    add("axes.view_accessattempt", locked, ("name locked", "names locked"), locked_out="yes")
    drift = DriftEntry.objects.filter(acknowledged_at=None)
    add(
        "portal.view_driftentry",
        drift,
        ("news in vendors’ answers", "news in vendors’ answers"),
        acknowledged="no",
    )
    return found
