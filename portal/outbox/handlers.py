"""Who knows what a message means: `portal` carries messages and does not read them."""

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


class Handler(Protocol):
    def path(self, message: Message) -> str:
        """Where the next attempt goes; written down before it is made."""

    def send(self, message: Message, attempt: Attempt) -> Answer:
        """Make one request, once. Raises the errors of `portal.vendors.errors`, named by what to do next."""

    def record(self, message: Message, attempt: Attempt, answer: Answer) -> Settlement:
        """Copy the answer into our records; runs in the transaction that settles the message."""


def handler_of(message: Message) -> Handler:
    found: Handler = import_string(settings.OUTBOX_HANDLERS[message.kind])
    return found
