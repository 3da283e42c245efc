"""Who knows what a message means: `portal` carries messages and does not read them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from portal.models import Attempt, Message, StoredFile
from portal.models.messages import HeldReason, State
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


@dataclass(frozen=True)
class Kept:
    """What became of the ids a person named: a sentence for each, and how many of them proved to be ours."""

    sentences: dict[str, str]
    ours: int


@dataclass(frozen=True)
class Renewal:
    """The same request under the next reference, and for how many technicians."""

    payload: dict[str, Any]
    weight: int
    files: list[StoredFile]


class Stop(Exception):
    """Before anything left, something was found that only a person can mend: the message is held."""

    def __init__(self, reason: HeldReason, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


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
        """Copy the answer into our records; runs in the transaction that settles the message.

        It may come late, even after people settled the message: then it is evidence, and must be shown.
        """

    # --- for people who settle what is unknown

    def parts_in_doubt(self, message: Message) -> list[int]:
        """The places in the message, from 0, of which we have no vendor's record."""

    def look(self, message: Message, vendor_id: str) -> dict[str, Any]:
        """What the vendor has under this id, as JSON: one read. Raises NotFound and the other errors of reads."""

    def keep_found(
        self, message: Message, told: dict[str, dict[str, Any] | None], places: dict[str, int]
    ) -> Kept:
        """Copy in what `look` said of each id (None: not there), where it proves to be of this message.

        `places` are the parts the ids were named for.
        """

    def renew(self, message: Message, reference: str, parts: list[int]) -> Renewal | None:
        """These parts once more under another reference; None where that makes no sense any more."""

    def hand_on(self, message: Message, successor: Message, parts: list[int]) -> None:
        """From now on these parts are the successor's."""


def handler_of(message: Message) -> Handler:
    found: Handler = import_string(settings.OUTBOX_HANDLERS[message.kind])
    return found
