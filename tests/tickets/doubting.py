"""Messages in doubt, for tests of how people settle them."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from portal import outbox
from portal.models import Message, VendorAccount
from portal.models.messages import State
from portal.outbox import claims, settling
from portal.outbox.handlers import handler_of
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast
from tests.dispatching import make_dispatch, refill
from tests.portal.outbox_parts import force
from tests.tickets.scene import sent_dispatch
from tickets.models import Dispatch

WHERE = "Granite portal, search for the reference; then Joan at the desk"


def in_doubt(
    box: Sandbox, people: Cast, rows: int = 2, fault: str = "lose_answer"
) -> tuple[Dispatch, Message]:
    box.fail_next(fault)
    dispatch = sent_dispatch(people, rows)
    message = dispatch.locations.first().message
    assert message.state == State.UNKNOWN
    return dispatch, message


def let_pass(message: Message, minutes: float = 16) -> None:
    """As if the deadline of its sending had been so long ago."""
    force(message, State.UNKNOWN, send_deadline_at=timezone.now() - timedelta(minutes=minutes))


def check(account: VendorAccount) -> None:
    """As the workers ask Granite about what people named."""
    for _ in range(10):
        refill(account)
        if not outbox.check_found():
            break


def ids_at_granite(box: Sandbox, message: Message) -> list[str]:
    return [
        str(key)
        for key, ticket in box.tickets.items()
        if ticket["customer_ticket_number"] == message.reference
    ]


def answered_late(people: Cast, rows: int = 2) -> tuple[Dispatch, Message, Callable[[], None]]:
    """A message that the sweeper gave up, and the worker's answer to be settled when a test wants it."""
    dispatch = make_dispatch(people.alice, people.east, rows)
    refill(dispatch.account)
    message = claims.claim()
    assert message is not None
    handler = handler_of(message)
    path = handler.path(message)
    call = handler.prepare(message, path)
    attempt = claims.begin(message, path)
    assert attempt is not None
    answer = call(attempt)
    force(message, State.SENDING, send_deadline_at=timezone.now() - timedelta(minutes=16))
    outbox.sweep()
    message.refresh_from_db()
    assert message.state == State.UNKNOWN
    return dispatch, message, lambda: settling.succeed(message, attempt, answer)
