"""What one asks a vendor about a request whose answer was lost: text to read out on the phone or to paste."""

from collections.abc import Sequence

from portal import times
from portal.models import Message
from tickets.models import Location
from tickets.work import CasePlace, Work


def words_for_vendor(message: Message, work: Work, parts: Sequence[Location | CasePlace]) -> str:
    if work.is_case:
        lines = [
            f"We sent a request to create a case on {times.exact(message.created_at)} and got no usable answer.",
            f"Our reference, in the last line of the description: {message.reference}",
            "Please tell us whether a case with this reference exists, and its number:",
            *(f"- {part}" for part in parts),
        ]
    else:
        lines = [
            f"We sent a request to create TechExpress tickets on {times.exact(message.created_at)} and got no usable answer.",
            f"Our reference, first in the customer ticket number: {message.reference}",
            "Please tell us whether tickets with this reference exist, and their numbers:",
            *(
                f"- {part}, {times.exact(part.local_start)}" if isinstance(part, Location) else f"- {part}"
                for part in parts
            ),
        ]
    attempt = message.attempts.all()[0] if message.attempts.all() else None
    if attempt:
        lines.append(f"Correlation id of the request: {attempt.correlation_id}")
    return "\n".join(lines)
