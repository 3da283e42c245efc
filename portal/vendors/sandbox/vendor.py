"""What the sandbox needs to know of a vendor it plays. Whoever calls one holds the sandbox's lock."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from portal.vendors.sandbox.faults import Kind
from portal.vendors.sandbox.message import Answer, Request
from portal.vendors.sandbox.truth import Record

Line = dict[str, Any]


class Vendor(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def operations(self) -> tuple[str, ...]: ...

    @property
    def faults(self) -> Sequence[Kind]: ...

    # Answering

    def owns(self, path: str) -> bool: ...

    def operation(self, request: Request) -> str: ...

    def client(self, request: Request) -> str: ...

    def gate(self, request: Request, operation: str) -> Answer | None: ...

    def handle(self, operation: str, request: Request) -> Answer: ...

    def start(self) -> None:
        """The server listens from now on."""

    def stop(self) -> None: ...

    def look(self) -> None:
        """Time went on: what is due happens now, even if nobody asks."""

    def reset(self) -> None: ...

    def revoke_tokens(self) -> None: ...

    # Keeping

    def noted(self, record: Record) -> Line:
        """What the ledger writes beside a request: what it made or changed."""

    def kept(self) -> Line:
        """The same for everything there is, after a change that was no request."""

    def take_back(self, line: Line) -> None:
        """A line of the ledger."""

    def dump(self) -> dict[str, Any]: ...

    def restore(self, content: dict[str, Any]) -> None: ...

    # Steering

    def action(self, name: str) -> Callable[[dict[str, Any]], None] | None:
        """What a post to this address below /_sandbox/ does, given its fields."""

    def truth(self) -> dict[str, Any]:
        """For the truth log: everything as it is now."""

    def facts(self) -> list[tuple[str, str]]:
        """For the strip at the top of the trainer's page."""

    def sections(self) -> list[str]:
        """For the trainer's page: HTML."""
