"""Taking back what has not left yet."""

from portal import outbox
from portal.models import Message, User
from portal.models.messages import State

STILL_HERE = (State.QUEUED, State.HELD)


def may_cancel(user: User, message: Message) -> bool:
    return message.state in STILL_HERE and user.has_perm("tickets.submit_dispatch")


def cancel_message(message: Message, *, by: User) -> None:
    """Nothing of this message is sent. Raises Problem when it is too late for that."""
    outbox.cancel(message, by=by)
