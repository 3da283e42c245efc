"""Errors of vendor calls, named by what to do next, and the record of a call.

A status code alone cannot say whether a create happened. These classes say what the caller may do:

    NotSent          nothing left this machine: send again later
    Forbidden        sending is switched off here: nothing left this machine, and nobody was asked
    NotExecuted      the vendor refused before doing anything: mend the reason, then send again
    Rejected         the vendor read it and said no: a person must change it
    OutcomeUnknown   it may have happened: never send again without people
    NotFound         a read asked for something that is not there
    ReadFailed       a read brought nothing usable: read again later
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Reason = Literal["credential", "permission", "path", "throttled", "redirect", "promised"]


@dataclass
class Exchange:
    """One request and what came back, fit to be kept as evidence: no credential is ever in it."""

    method: str
    url: str
    request_headers: dict[str, str]
    request_summary: str
    started_at: datetime
    correlation_id: str
    status: int | None = None
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: bytes = field(default=b"", repr=False)
    elapsed_seconds: float = 0.0
    connected: bool = False
    """True once the connection, TLS included, stood. From then on the vendor may have heard us."""
    request_body_sha256: str = ""
    """Hash of the body bytes handed to the connection; of the whole body when all of them were."""
    request_bytes_sent: int = 0

    def text(self, limit: int = 500) -> str:
        """The start of the answer as text that a database column accepts (no NUL)."""
        return self.response_body[: limit * 4].decode("utf-8", "replace").replace("\x00", "\ufffd")[:limit]


@dataclass(frozen=True)
class FieldProblem:
    """One complaint of the vendor. `index` counts locations from 0; `field` is "" when none is named."""

    field: str
    index: int | None
    message: str


class VendorError(Exception):
    """`message` is a sentence for people. `exchange` is None when no request was even prepared."""

    def __init__(self, message: str, exchange: Exchange | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.exchange = exchange


class NotSent(VendorError):
    """No connection came about, so nothing left this machine."""


class Forbidden(VendorError):
    """Nothing may leave this machine at the moment: the portal itself keeps the call back."""


class Rejected(VendorError):
    """The vendor read the request and refused it. Sending the same again is pointless."""

    def __init__(
        self, message: str, exchange: Exchange | None = None, problems: list[FieldProblem] | None = None
    ) -> None:
        super().__init__(message, exchange)
        self.problems: list[FieldProblem] = problems or []


class NotExecuted(VendorError):
    """The vendor turned the request away before doing anything with it.

    `reason`: credential (401), permission (403), path (404, 405), throttled (429), redirect (3xx),
    promised (a code of which the vendor has promised in writing that it means "not executed").
    `retry_after`: seconds the vendor asks us to wait, when it said so.
    `token_version`: the access token that was refused, so that the caller can drop exactly that one.
    """

    def __init__(
        self,
        message: str,
        exchange: Exchange | None = None,
        *,
        reason: Reason,
        retry_after: float | None = None,
        token_version: int | None = None,
    ) -> None:
        super().__init__(message, exchange)
        self.reason = reason
        self.retry_after = retry_after
        self.token_version = token_version


class OutcomeUnknown(VendorError):
    """The request may or may not have been carried out; only people or evidence can tell."""


class NotFound(VendorError):
    """The one thing asked for does not exist, or not for us."""


class ReadFailed(VendorError):
    """A read brought no usable answer. `problems` are the vendor's complaints about the question, if any."""

    def __init__(
        self, message: str, exchange: Exchange | None = None, problems: list[FieldProblem] | None = None
    ) -> None:
        super().__init__(message, exchange)
        self.problems: list[FieldProblem] = problems or []
