"""A request as it came off the wire, and an answer with the way it shall be delivered."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

from portal.vendors.sandbox.bulk import padded

# The trainer's own addresses: they answer while the vendor is down, or nobody could bring it up again.
STEERING = "/_sandbox"
# Deliveries of which a client learns no status, and what the truth log calls them.
NO_STATUS = {"reset": "reset", "hang": "hung", "close": "closed", "cut status": "garbled"}


@dataclass
class FilePart:
    """A file of a multipart body. The bytes themselves are not kept, only what proves them."""

    name: str
    filename: str
    content_type: str
    size: int
    sha256: str


@dataclass
class Request:
    """One request, read to its end. `texts` holds a form's or multipart body's text parts in their order."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]  # names in lower case
    peer: str = ""
    arrived: float = field(default_factory=time.monotonic)
    arrived_at: float = field(default_factory=time.time)
    body_length: int = 0
    body_sha256: str = ""
    media_type: str = ""
    texts: list[tuple[str, str]] = field(default_factory=list)
    files: list[FilePart] = field(default_factory=list)
    json: Any = None
    text: str = ""  # of a JSON body, as it came
    trouble: str = ""  # why the body could not be read as what it claims to be
    is_cut_short: bool = False  # the sender went away before the body ended
    is_too_large: bool = False
    fault: Any = None  # the armed fault that is to happen to it
    fault_since: int = 0  # how often the faults had been cleared when it was chosen
    read_at_most: int | None = None  # bytes of the body that are read before the connection breaks

    @property
    def parts(self) -> dict[str, str]:
        return dict(self.texts)

    @property
    def correlation(self) -> str:
        return self.headers.get("x-correlation-id") or self.headers.get("x-request-id", "")


@dataclass
class Answer:
    """`data` is what the body says; a fault may change it. `delivery` says what the wire does to it.

    Deliveries: whole, reset (not a byte, then RST), close (not a byte, then FIN), hang (not a byte until the client
    gives up), drip (byte by byte), cut status and cut head (the end comes within these), truncated (half of the
    promised body), half and reset. Framings: length, chunked, none (the end of the connection is the end).
    """

    status: int
    data: Any = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    ticket_ids: list[int] = field(default_factory=list)  # what was truly created
    case_names: list[str] = field(default_factory=list)  # cases truly created or changed
    webhook_names: list[str] = field(default_factory=list)  # subscriptions truly made or ended
    ignored: list[str] = field(default_factory=list)  # names we did not know and passed over
    problem: str = ""
    delivery: str = "whole"
    framing: str = "length"
    padding: int = 0  # bytes to swell a JSON body to
    delay: float = 0.0  # seconds before the first byte
    drip_seconds: float = 0.3

    @property
    def body(self) -> bytes:
        if self.data is None:
            return b""
        if isinstance(self.data, bytes):
            return self.data
        if isinstance(self.data, str) and self.content_type != "application/json":
            return self.data.encode()
        return json.dumps(self.data).encode()

    @property
    def pieces(self) -> list[bytes]:
        """The body as it goes out, piece by piece; a padded one shares one block among all of them."""
        if self.padding and self.body:
            return padded(self.body, self.padding)
        return [self.body] if self.body else []

    @property
    def outcome(self) -> int | str:
        """What the client is about to see: a status, or that there is none."""
        return NO_STATUS.get(self.delivery, self.status)


def html(status: int, text: str) -> Answer:
    return Answer(status, text, content_type="text/html; charset=utf-8")
