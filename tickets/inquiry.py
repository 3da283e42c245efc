"""What one asks Granite about a request whose answer was lost: text to read out on the phone or to paste."""

from collections.abc import Sequence

from portal import times
from portal.models import Message
from tickets.models import Location


def words_for_granite(message: Message, locations: Sequence[Location]) -> str:
    lines = [
        f"We sent a request to create TechExpress tickets on {times.exact(message.created_at)} and got no usable answer.",
        f"Our reference, first in the customer ticket number: {message.reference}",
        "Please tell us whether tickets with this reference exist, and their numbers:",
        *(f"- {location}, {times.exact(location.local_start)}" for location in locations),
    ]
    attempt = message.attempts.all()[0] if message.attempts.all() else None
    if attempt:
        lines.append(f"Correlation id of the request: {attempt.correlation_id}")
    return "\n".join(lines)
