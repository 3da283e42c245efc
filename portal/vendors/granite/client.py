"""Granite TechExpress: one method for each call, one HTTP request for each method.

Nothing is retried in here. Whether a call may be made again is for the outbox to decide, by the class of the
error. An access token that Granite refuses (401) comes back as `token_version` on the error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.vendors.drift import Drift
from portal.vendors.errors import Exchange, NotExecuted, OutcomeUnknown, ReadFailed, Rejected
from portal.vendors.granite import wire
from portal.vendors.http import MultipartRequest, VendorHttp
from portal.vendors.oauth import Tokens
from portal.vendors.reading import decode_json, rows_in

CREATE_PATH = "/api/v1/tickets/external"
# Granite's page prints the second one, where the name of the product was probably glued to the path.
ALTERNATE_CREATE_PATHS: tuple[str, str] = (CREATE_PATH, "/api/v1/tickets/externalTechExpress")
DETAILS_PATH = "/api/v1/tickets/{ticket_id}"
ACCOUNTS_PATH = "/api/v1/companies/addresses"
COSTS_PATH = "/api/v1/tickets/estimatedCosts/external"


def other_create_path(path: str) -> str | None:
    """The other spelling of the create path, to be tried once after a 404 or 405; None for a path of our own."""
    first, second = ALTERNATE_CREATE_PATHS
    return {first: second, second: first}.get(path.rstrip("/"))


@dataclass(frozen=True)
class Created:
    """What a create brought. There may be fewer or other tickets than asked for, and some without an id."""

    tickets: list[wire.TicketOnWire]
    exchange: Exchange
    drift: list[Drift]
    expected: int

    @property
    def is_complete(self) -> bool:
        """As many tickets as locations, each with an id of its own."""
        ids = {ticket.id for ticket in self.tickets if ticket.id is not None}
        return len(ids) == len(self.tickets) == self.expected


@dataclass(frozen=True)
class TicketRead:
    ticket: wire.TicketOnWire
    exchange: Exchange
    drift: list[Drift]


class GraniteClient:
    """Calls TechExpress for one set of credentials, on behalf of `granted_tenant_macnum` if that is given.

    `known_statuses`: status words that are not worth noting as drift.
    """

    def __init__(
        self,
        http: VendorHttp,
        tokens: Tokens,
        *,
        granted_tenant_macnum: str = "",
        known_statuses: Collection[str] | None = None,
    ) -> None:
        self.http = http
        self.tokens = tokens
        self.granted_tenant_macnum = granted_tenant_macnum
        self.known_statuses = known_statuses

    def create_tickets(
        self, path: str, request: MultipartRequest, *, expected: int, correlation_id: str, deadline: float
    ) -> Created:
        """Create one ticket for each of the `expected` locations. A second call creates them all again.

        `request` holds `wire.NewTickets.to_fields()` and the files; `deadline` is in seconds, for the whole
        call. Getting a token comes first and has its own limits.

        Raises NotSent, NotExecuted, Rejected (with `problems` by field and location) or OutcomeUnknown, which
        includes a 2xx answer without a single ticket id.
        Source: dev.dx.granitemsp.com/g360/techexpress/create-ticket
        """
        try:
            with self._authorized() as headers:
                exchange = self.http.write(
                    "POST",
                    path,
                    headers=headers,
                    multipart=request,
                    deadline=deadline,
                    correlation_id=correlation_id,
                )
        except Rejected as rejected:
            _add_problems(rejected)
            raise
        return self.read_created(exchange, expected=expected)

    def ticket(self, ticket_id: int, *, correlation_id: str | None = None) -> TicketRead:
        """One ticket as it stands now. Where the answer carries no id, the one asked for is filled in.

        Raises NotSent, NotExecuted, NotFound or ReadFailed, the last also for an answer about another ticket.
        Source: dev.dx.granitemsp.com/g360/techexpress/ticket-details
        """
        path = DETAILS_PATH.format(ticket_id=int(ticket_id))
        exchange = self._read(path, {}, single=True, correlation_id=correlation_id)
        tickets = wire.tickets_from_answer(
            self._decoded(exchange), operation=wire.TICKET_DETAILS, known_statuses=self.known_statuses
        )
        if (
            len(tickets) != 1
            or tickets[0].id not in (None, int(ticket_id))
            or not _says_something(tickets[0])
        ):
            raise ReadFailed(f"Granite's answer is not about ticket {ticket_id}.", exchange)
        tickets[0].id = int(ticket_id)
        return TicketRead(tickets[0], exchange, tickets[0].drift)

    def search_accounts(self, text: str, page_size: int = 25) -> list[wire.AccountOnWire]:
        """The first `page_size` accounts that match; there is no second page. Each has its own `drift`.

        Raises NotSent, NotExecuted or ReadFailed.
        Source: dev.dx.granitemsp.com/g360/techexpress/search-accounts
        """
        exchange = self._read(ACCOUNTS_PATH, {"search": text, "page_size": page_size})
        data = self._decoded(exchange)
        if not isinstance(data, list | dict):
            raise ReadFailed("Granite's answer is no list of accounts.", exchange)
        return wire.accounts_from_answer(data)

    def estimated_cost(
        self, account_id: int, service_type: str, start: datetime, end: datetime
    ) -> wire.CostOnWire:
        """What a visit would cost. `account_id` is an account's `id`, not its macnum; times are the location's own.

        Raises NotSent, NotExecuted or ReadFailed (for a 400 with `problems`).
        Source: dev.dx.granitemsp.com/g360/techexpress/estimated-costs
        """
        params: dict[str, str | int] = {
            "service_type": service_type,
            "dispatch_start": wire.site_time(start),
            "dispatch_end": wire.site_time(end),
            "account_id": account_id,
        }
        exchange = self._read(COSTS_PATH, params)
        rows = rows_in(self._decoded(exchange, exact=True), ("results", "data", "records"))
        if len(rows) != 1 or "total" not in rows[0]:
            raise ReadFailed("Granite's answer has no total.", exchange)
        return wire.CostOnWire.from_wire(rows[0])

    def read_created(self, exchange: Exchange, *, expected: int) -> Created:
        """What an answer to `create_tickets` says. Raises OutcomeUnknown for one that names no ticket."""
        tickets = self._created(exchange)
        return Created(tickets, exchange, [note for ticket in tickets for note in ticket.drift], expected)

    def _created(self, exchange: Exchange) -> list[wire.TicketOnWire]:
        try:
            data = decode_json(exchange.response_body)
        except ValueError as error:
            message = f"Granite answered {exchange.status}, but unreadably. The tickets may exist."
            raise OutcomeUnknown(message, exchange) from error
        tickets = wire.tickets_from_answer(data, known_statuses=self.known_statuses)
        if not any(ticket.id for ticket in tickets):
            message = f"Granite answered {exchange.status}, but named no ticket. The tickets may exist."
            raise OutcomeUnknown(message, exchange)
        return tickets

    def _read(
        self,
        path: str,
        params: dict[str, str | int],
        *,
        single: bool = False,
        correlation_id: str | None = None,
    ) -> Exchange:
        if self.granted_tenant_macnum:
            params = {**params, "granted_tenant_macnum": self.granted_tenant_macnum}
        try:
            with self._authorized() as headers:
                return self.http.read(path, params, headers, single=single, correlation_id=correlation_id)
        except ReadFailed as failed:
            _add_problems(failed)
            raise

    def _decoded(self, exchange: Exchange, *, exact: bool = False) -> Any:
        try:
            return decode_json(exchange.response_body, exact=exact)
        except ValueError as error:
            raise ReadFailed("Granite's answer is unreadable.", exchange) from error

    @contextmanager
    def _authorized(self) -> Iterator[dict[str, str]]:
        """Headers with a token; a refusal of that token goes out with its version on it."""
        token = self.tokens.get()
        try:
            yield {"Authorization": f"Bearer {token.value}"}
        except NotExecuted as refused:
            if refused.reason == "credential":
                refused.token_version = token.version
            raise


def _add_problems(error: Rejected | ReadFailed) -> None:
    if error.exchange is not None and error.exchange.status in (400, 413, 414, 415, 422):
        error.problems = wire.problems_from_body(error.exchange.response_body)


def _says_something(ticket: wire.TicketOnWire) -> bool:
    """An object that is no ticket at all, such as an error sent as 200, must not pass for one."""
    return bool(ticket.raw.get("id") or ticket.status_name or ticket.company_id)
