"""What Granite answers, read with tolerance. Whatever differs from the contract is noted as drift, never fatal.

Statuses, priorities and categories are an open set: they stay text.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from portal.vendors.drift import Drift
from portal.vendors.reading import Reader, rows_in

VENDOR = "granite"
CREATE_TICKET = "create ticket"
TICKET_DETAILS = "ticket details"
SEARCH_ACCOUNTS = "search accounts"
ESTIMATED_COSTS = "estimated costs"


@dataclass(frozen=True)
class AttachmentOnWire:
    """A file of a ticket. Creating answers with `status`, reading with `id`."""

    filename: str
    status: str | None
    id: int | None

    @property
    def is_ok(self) -> bool | None:
        """Whether the file arrived; None when the answer does not say."""
        return None if self.status is None else self.status.strip().lower() == "success"


@dataclass
class TicketOnWire:
    """One ticket as Granite tells it. Absent and null texts are "", other absent values None; `raw` has all of it."""

    id: int | None
    status_name: str
    service_type: str
    summary: str
    priority: str
    category: str
    board_name: str
    customer_ticket_number: str
    po_number: str
    prior_ticket: int | None
    location_name: str
    location_number: str
    address_1: str
    city: str
    state_identifier: str
    zip: str
    account_id: int | None
    company_id: int | None
    company_identifier: str
    company_name: str
    contact_email_address: str
    automatic_email_contact: bool | None
    automatic_email_cc: bool | None
    automatic_email_cc_address: str
    customer_preferred_tech: bool | None
    local_contact_name: str
    local_contact_number: str
    location_contact_ext: str
    location_contact_email: str
    secondary_lcon_name: str
    secondary_lcon_number: str
    secondary_lcon_ext: str
    secondary_lcon_email: str
    special_instructions: str
    non_standard_tools: str
    technician_id: int | None
    technician_name: str
    technician_phone_number: str
    date_entered: datetime | None
    date_resolved: datetime | None
    last_updated: datetime | None
    attachments: list[AttachmentOnWire] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict, repr=False)
    drift: list[Drift] = field(default_factory=list, repr=False)

    @classmethod
    def from_wire(
        cls,
        row: dict[str, Any],
        *,
        operation: str = CREATE_TICKET,
        known_statuses: Collection[str] | None = None,
    ) -> TicketOnWire:
        """Read one ticket of `operation`'s answer. A status outside `known_statuses`, if given, is noted."""
        read = Reader(row, VENDOR, operation)
        read.compare_fields(_KNOWN, _EXPECTED.get(operation, ()))
        values: dict[str, Any] = {name: read.text(name) for name in _TEXTS}
        values |= {name: read.digits(name) for name in _PHONES}
        values |= {name: read.joined(name) for name in _LISTS}
        values |= {name: read.identifier(name) for name in _NUMBERS}
        values |= {name: read.yes_no(name) for name in _FLAGS}
        values |= {name: read.moment(name) for name in _TIMES}
        status = values["status_name"]
        if known_statuses is not None and status and status not in known_statuses:
            # The word is part of the path, so that every unknown word is listed on its own.
            read.note("unknown word", f"status_name={status}"[:200], status)
        return cls(**values, attachments=_attachments(read), raw=row, drift=read.drift)


_KNOWN = frozenset(each.name for each in fields(TicketOnWire)) - {"raw", "drift"}
_ON_DETAILS_ONLY = {"account_id", "board_name"}
_EXPECTED = {
    CREATE_TICKET: sorted(_KNOWN - _ON_DETAILS_ONLY),
    # The page was seen down to "customer_preferred_tech"; of the rest we count on the status alone, and the
    # id need not be echoed.
    TICKET_DETAILS: [*sorted(name for name in _KNOWN if name <= "customer_preferred_tech"), "status_name"],
}
_PHONES = ("local_contact_number", "secondary_lcon_number", "technician_phone_number")
_LISTS = ("automatic_email_cc_address", "customer_ticket_number")
_NUMBERS = ("id", "prior_ticket", "account_id", "company_id", "technician_id")
_FLAGS = ("automatic_email_contact", "automatic_email_cc", "customer_preferred_tech")
_TIMES = ("date_entered", "date_resolved", "last_updated")
_TEXTS = tuple(sorted(_KNOWN - {*_PHONES, *_LISTS, *_NUMBERS, *_FLAGS, *_TIMES, "attachments"}))


def _attachments(read: Reader) -> list[AttachmentOnWire]:
    rows = read.row.get("attachments")
    if rows is None:
        return []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        read.note("odd type", "attachments", rows)
        rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    found = []
    for row in rows:
        one = Reader(row, read.vendor, read.operation)
        one.compare_fields({"filename", "status", "id"}, {"filename"}, "attachments.")
        status = one.text("status") if row.get("status") is not None else None
        found.append(AttachmentOnWire(one.text("filename"), status, one.identifier("id")))
        read.drift.extend(one.drift)
    return found


def tickets_from_answer(
    data: Any, *, operation: str = CREATE_TICKET, known_statuses: Collection[str] | None = None
) -> list[TicketOnWire]:
    """The tickets of an answer: an array, one object, or either wrapped. Some may lack an `id`; [] if there are none."""
    rows = rows_in(data, ("results", "data", "tickets", "records"))
    return [TicketOnWire.from_wire(row, operation=operation, known_statuses=known_statuses) for row in rows]


@dataclass
class AccountOnWire:
    """A place Granite bills. `macnum` names it when creating (text: leading zeros count), `id` when asking the cost."""

    id: int | None
    macnum: str
    name: str
    company_name: str
    address_line_1: str
    address_line_2: str
    city: str
    state: str
    zip: str
    parent_macnum: str
    parent_name: str
    local_contact_name: str
    local_contact_phone: str
    location_contact_email: str
    raw: dict[str, Any] = field(default_factory=dict, repr=False)
    drift: list[Drift] = field(default_factory=list, repr=False)

    @classmethod
    def from_wire(cls, row: dict[str, Any]) -> AccountOnWire:
        read = Reader(row, VENDOR, SEARCH_ACCOUNTS)
        read.compare_fields({"id", *_ACCOUNT_TEXTS}, {"id", "macnum"})
        texts = {name: read.text(name) for name in _ACCOUNT_TEXTS}
        return cls(id=read.identifier("id"), **texts, raw=row, drift=read.drift)


_ACCOUNT_TEXTS = sorted({each.name for each in fields(AccountOnWire)} - {"id", "raw", "drift"})


def accounts_from_answer(data: Any) -> list[AccountOnWire]:
    """The accounts of an answer; those without a macnum are of no use and left out."""
    rows = rows_in(data, ("results", "data", "accounts", "records"))
    return [account for account in map(AccountOnWire.from_wire, rows) if account.macnum]


@dataclass
class CostOnWire:
    """An estimate in US dollars. None where the answer has no number."""

    dispatch_fee_dollars: Decimal | None
    hours: Decimal | None
    misc_fee_dollars: Decimal | None
    rate_per_hour: Decimal | None
    total: Decimal | None
    raw: dict[str, Any] = field(default_factory=dict, repr=False)
    drift: list[Drift] = field(default_factory=list, repr=False)

    @classmethod
    def from_wire(cls, row: dict[str, Any]) -> CostOnWire:
        read = Reader(row, VENDOR, ESTIMATED_COSTS)
        read.compare_fields(_COST_FIELDS, _COST_FIELDS)
        amounts = {name: read.amount(name) for name in _COST_FIELDS}
        return cls(**amounts, raw=row, drift=read.drift)


_COST_FIELDS = sorted({each.name for each in fields(CostOnWire)} - {"raw", "drift"})
