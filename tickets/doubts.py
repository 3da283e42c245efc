"""The work list: messages of which nobody knows what they did, with the evidence a person needs."""

from dataclasses import dataclass

from django.db.models import Prefetch

from portal.models import Attempt, Message, User
from tickets.evidence import Try, try_of
from tickets.models import Dispatch, Location, Ticket
from tickets.needs import unknown_messages

MOST_SHOWN = 50


@dataclass(frozen=True)
class Doubt:
    """One message in doubt: `in_doubt` are the locations whose technicians may or may not come."""

    message: Message
    dispatch: Dispatch
    in_doubt: list[Location]
    certain: list[Location]
    strangers: list[Ticket]
    tries: list[Try]


def doubts_for(user: User) -> list[Doubt]:
    """What this person may see, the longest in doubt first; one more than is shown, so that the page can say so."""
    locations = Location.objects.select_related("dispatch__team", "dispatch__submitted_by", "site", "ticket")
    found = (
        unknown_messages(user)
        .order_by("pk")
        .prefetch_related(
            Prefetch("locations", locations.order_by("index")),
            Prefetch("attempts", Attempt.objects.order_by("-number")),
            Prefetch("tickets", Ticket.objects.filter(location=None), to_attr="strangers"),
        )
    )
    return [_doubt(message) for message in found.select_related("account", "created_by")[: MOST_SHOWN + 1]]


def _doubt(message: Message) -> Doubt:
    locations = list(message.locations.all())
    in_doubt = [location for location in locations if not hasattr(location, "ticket")]
    certain = [location for location in locations if hasattr(location, "ticket")]
    return Doubt(
        message=message,
        dispatch=locations[0].dispatch,
        in_doubt=in_doubt,
        certain=certain,
        strangers=message.strangers,  # type: ignore[attr-defined]
        tries=[try_of(attempt) for attempt in message.attempts.all()],
    )
