"""Who knows what a message means: `portal` carries messages and does not read them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from portal.models import Attempt, Message
from portal.models.messages import State
from portal.vendors.drift import Drift
from portal.vendors.errors import Exchange


class Answer(Protocol):
    """What a vendor's success came with, beside what the handler itself wants to remember."""

    exchange: Exchange
    drift: list[Drift]


@dataclass(frozen=True)
class Settlement:
    """What an answer proved: everything asked for exists (DONE), or a part is in doubt (UNKNOWN)."""

    state: State = State.DONE
    detail: str = ""


Call = Callable[[Attempt], Answer]


class Handler(Protocol):
    def path(self, message: Message) -> str:
        """Where the next attempt goes; written down before it is made."""

    def prepare(self, message: Message, path: str) -> Call:
        """Gather everything one request needs. What is returned makes it, once, and touches only the network.

        It raises the errors of `portal.vendors.errors`, named by what to do next.
        """

    def read(self, message: Message, exchange: Exchange) -> Answer:
        """The answer once more out of its bytes, as `send` read it: the journal keeps nothing but those."""

    def record(self, message: Message, attempt: Attempt, answer: Answer) -> Settlement:
        """Copy the answer into our records; runs in the transaction that settles the message."""


def handler_of(message: Message) -> Handler:
    found: Handler = import_string(settings.OUTBOX_HANDLERS[message.kind])
    return found
