"""Granite's server: which path is which operation, who may, and what each operation answers."""

import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from portal.vendors.sandbox.clock import Clock
from portal.vendors.sandbox.granite import accounts, costs
from portal.vendors.sandbox.granite.errors import SHAPES, Problem, invalid, refused
from portal.vendors.sandbox.granite.faults import kinds
from portal.vendors.sandbox.granite.page import sections
from portal.vendors.sandbox.granite.tickets import TicketBook, tickets_of
from portal.vendors.sandbox.granite.validate import read_order
from portal.vendors.sandbox.limit import SlidingMinute
from portal.vendors.sandbox.message import Answer, Request
from portal.vendors.sandbox.tokens import Client, TokenDesk
from portal.vendors.sandbox.truth import Record

TOKEN_PATH = "/oauth2/default/v1/token"  # noqa: S105 (a path)
CREATE_PATHS = ("/api/v1/tickets/external", "/api/v1/tickets/externalTechExpress")
SEARCH_PATH = "/api/v1/companies/addresses"
COST_PATH = "/api/v1/tickets/estimatedCosts/external"
DETAILS_PATH = re.compile(r"/api/v1/tickets/([^/]+)")
SCOPE = "urn:grt:techexpress"
OTHER_SCOPES = ("urn:grt:accounts", "urn:grt:inventory", "urn:grt:nocexpress", "urn:grt:accessexpress")
METHODS = {"token": "POST", "create": "POST", "search": "GET", "cost": "GET", "details": "GET"}
DEFAULT_PAGE, LARGEST_PAGE = 25, 1000


class Granite:
    """The vendor. Whoever calls it holds the sandbox's lock."""

    name = "granite"
    token_path = TOKEN_PATH
    operations = tuple(METHODS)

    def __init__(self, clock: Clock, speed: float, save: Callable[[], None]) -> None:
        """`save` is called after each change that came from no request."""
        self.save = save
        self.book = TicketBook(clock, speed)
        self.minute = SlidingMinute()
        self.desk = TokenDesk([])
        self._set_defaults()
        self.faults = kinds(self.book, lambda: self.error_shape)

    # As a vendor of the sandbox

    def start(self) -> None:
        """Nothing of Granite goes on between requests."""

    def stop(self) -> None: ...

    def look(self) -> None: ...

    def revoke_tokens(self) -> None:
        self.desk.revoke_all()

    def noted(self, record: Record) -> dict[str, Any]:
        """A request, and the tickets it made as they are now."""
        made = [ticket for number in record.ticket_ids if (ticket := self.book.get(number))]
        return {"tickets": [asdict(ticket) for ticket in made], "next_id": self.book.next_id}

    def kept(self) -> dict[str, Any]:
        return {"all": [asdict(ticket) for ticket in self.book.all()], "next_id": self.book.next_id}

    def take_back(self, line: dict[str, Any]) -> None:
        self.book.take_back(tickets_of(line), line["next_id"], instead="all" in line)

    def dump(self) -> dict[str, Any]:
        return self.book.dump()

    def restore(self, content: dict[str, Any]) -> None:
        self.book.restore(content)

    def action(self, name: str) -> Callable[[dict[str, Any]], None] | None:
        ticket = re.fullmatch(r"tickets/([0-9]{1,18})", name)
        return (lambda fields: self._steer(int(ticket[1]), fields)) if ticket else None

    def _steer(self, ticket_id: int, fields: dict[str, Any]) -> None:
        if fields.get("let_go"):
            self.book.let_go(ticket_id)
        else:
            changes = {key: value for key, value in fields.items() if value != ""}
            if changes.get("technician_id") is not None:
                changes["technician_id"] = int(changes["technician_id"])
            self.book.change(ticket_id, changes)
        self.save()

    def truth(self) -> dict[str, Any]:
        return {"tickets": self.book.snapshot()}

    def facts(self) -> list[tuple[str, str]]:
        tickets = self.book.all()
        is_open = [ticket for ticket in tickets if not ticket.shown["date_resolved"]]
        used = max(self.minute.used().values(), default=0)
        return [
            ("Requests to Granite in the last minute", f"{used} of {self.minute.limit}"),
            ("Tickets open / all", f"{len(is_open)} / {len(tickets)}"),
        ]

    def sections(self) -> list[str]:
        return sections(self.book)

    def _set_defaults(self) -> None:
        scopes = frozenset((SCOPE, *OTHER_SCOPES))
        self.desk.clients = {"sandbox-client": Client("sandbox-client", "sandbox-secret", scopes)}
        self.desk.lifetime = 3600
        self.minute.limit = 60
        self.send_retry_after = True
        self.create_paths = set(CREATE_PATHS)
        self.error_shape = "loc"

    def reset(self) -> None:
        self._set_defaults()
        self.book.clear()
        self.minute.clear()
        self.desk.clear()

    def set_error_shape(self, shape: str) -> None:
        if shape not in SHAPES:
            raise ValueError(f"There is no error shape {shape!r}. There are: {', '.join(SHAPES)}.")
        self.error_shape = shape

    def owns(self, path: str) -> bool:
        return path == TOKEN_PATH or path.startswith("/api/")

    def operation(self, request: Request) -> str:
        if request.path == TOKEN_PATH:
            return "token"
        if request.path in CREATE_PATHS:
            return "create"
        if request.path == SEARCH_PATH:
            return "search"
        if request.path == COST_PATH:
            return "cost"
        return "details" if DETAILS_PATH.fullmatch(request.path) else "unknown"

    def client(self, request: Request) -> str:
        """Whose request it is, even if its token is no longer good."""
        if request.path == TOKEN_PATH:
            caller = self.desk.caller(request)
            return caller.client_id if caller else ""
        token = self.desk.known(request)
        return token.client_id if token else ""

    def gate(self, request: Request, operation: str) -> Answer | None:
        """What is refused before anybody looks at the content."""
        if operation == "unknown" or (operation == "create" and request.path not in self.create_paths):
            return refused(404, "Not found.", self.error_shape)
        if request.method != METHODS[operation]:
            return refused(405, "Method not allowed.", self.error_shape, {"Allow": METHODS[operation]})
        if operation == "token":
            return None
        token = self.desk.known(request)
        if token is None or not token.is_good:
            return refused(401, "Authentication failed.", self.error_shape, {"WWW-Authenticate": "Bearer"})
        if SCOPE not in token.scopes:
            return refused(403, f"The token lacks {SCOPE}.", self.error_shape)
        if seconds := self.minute.refused_for(token.client_id):
            headers = {"Retry-After": str(seconds)} if self.send_retry_after else {}
            return refused(429, "Rate limit exceeded.", self.error_shape, headers)
        return None

    def handle(self, operation: str, request: Request) -> Answer:
        if operation == "token":
            return self.desk.issue(request)
        actions = {
            "create": self._create,
            "search": self._search,
            "cost": self._cost,
            "details": self._details,
        }
        return actions[operation](request)

    def _create(self, request: Request) -> Answer:
        order, problems = read_order(request)
        if problems:
            answer = invalid(problems, self.error_shape)
            answer.ignored = order.ignored
            return answer
        tickets = self.book.add(order)
        rows = [ticket.as_created() for ticket in tickets]
        return Answer(200, rows, ticket_ids=[ticket.id for ticket in tickets], ignored=order.ignored)

    def _details(self, request: Request) -> Answer:
        text = request.path.rpartition("/")[2]
        if not re.fullmatch(r"[0-9]{1,18}", text):
            return self._invalid("ticket_id", "Must be an integer.")
        ticket = self.book.get(int(text))
        if ticket is None:
            return refused(404, f"There is no ticket {text}.", self.error_shape)
        return Answer(200, ticket.as_details())

    def _search(self, request: Request) -> Answer:
        text = request.query.get("search", "").strip()
        if not text:
            return self._invalid("search", "This field is required.")
        size = request.query.get("page_size", str(DEFAULT_PAGE))
        if not re.fullmatch(r"[0-9]{1,4}", size) or not 1 <= int(size) <= LARGEST_PAGE:
            return self._invalid("page_size", f"Must be an integer from 1 to {LARGEST_PAGE}.")
        found = accounts.search(text)[: int(size)]
        return Answer(200, [accounts.to_wire(account) for account in found])

    def _cost(self, request: Request) -> Answer:
        problems = costs.read_question(request.query)
        return invalid(problems, self.error_shape) if problems else Answer(200, costs.estimate(request.query))

    def _invalid(self, name: str, text: str) -> Answer:
        return invalid([Problem((name,), text)], self.error_shape)
