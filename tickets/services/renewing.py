"""Locations that go into a second message, because two people found nothing of the first, and sometimes back again."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from portal import outbox
from portal.models import Message
from portal.outbox.handlers import Renewal
from portal.problems import Problem
from tickets import payloads
from tickets.models import EarlierSending, Location

CAME_AFTER_ALL = "the answer to the first sending came after all"


def renew(message: Message, reference: str, parts: list[int]) -> Renewal | None:
    """The same request for these locations under `reference`; None once one of their visits should have begun."""
    locations = Location.objects.filter(message=message, index__in=parts)
    if any(location.starts_at <= timezone.now() for location in locations):
        return None
    payload = payloads.renewed(message.payload, old=message.reference, new=reference, parts=parts)
    return Renewal(payload, len(parts), list(message.files.order_by("messagefile__position")))


def hand_on(message: Message, successor: Message, parts: list[int]) -> None:
    locations = {location.index: location for location in Location.objects.filter(message=message)}
    for index, part in enumerate(parts):
        location = locations[part]
        EarlierSending.objects.create(location=location, message=message, index=part)
        location.message, location.index = successor, index
        location.save(update_fields=["message", "index"])


def take_back(message: Message) -> None:
    """Its answer came after all: what was not yet sent again is not sent again."""
    for successor in message.renewals.all():
        try:
            with transaction.atomic():
                outbox.cancel(successor, by=None, reason=CAME_AFTER_ALL)
        except Problem:
            continue  # too late; the tickets that are too many are raised for people
        sendings = EarlierSending.objects.filter(message=message, location__message=successor)
        for sending in sendings:
            Location.objects.filter(pk=sending.location_id).update(message=message, index=sending.index)
        sendings.filter(location__message=F("message")).delete()
