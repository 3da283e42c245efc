"""What goes over the wire to Granite and back, in Granite's own field names.

Here is what we send; `answers` has what we read, and everything is importable from here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.vendors.complaints import problems_from_body
from portal.vendors.granite.answers import (
    CREATE_TICKET,
    TICKET_DETAILS,
    AccountOnWire,
    AttachmentOnWire,
    CostOnWire,
    TicketOnWire,
    accounts_from_answer,
    tickets_from_answer,
)
from portal.vendors.granite.phone import clean_phone
from portal.vendors.granite.service_types import SERVICE_TYPE_VALUES, SERVICE_TYPES, ServiceType

__all__ = [
    "CREATE_TICKET",
    "SERVICE_TYPES",
    "SERVICE_TYPE_VALUES",
    "TICKET_DETAILS",
    "AccountOnWire",
    "AttachmentOnWire",
    "CostOnWire",
    "NewLocation",
    "NewTickets",
    "ServiceType",
    "TicketOnWire",
    "accounts_from_answer",
    "clean_phone",
    "problems_from_body",
    "site_time",
    "tickets_from_answer",
]


def site_time(moment: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SS`, the wall clock at the location. Raises ValueError for a zone or a fraction."""
    if moment.tzinfo is not None or moment.microsecond:
        raise ValueError("Granite takes the location's own clock: no time zone, no fraction of a second.")
    return moment.isoformat(timespec="seconds")


@dataclass(frozen=True, kw_only=True)
class NewLocation:
    """One place a technician goes to; becomes one ticket. For a hard start, `end_date` equals `start_date`."""

    location_name: str
    location_number: str = ""
    local_contact_name: str
    local_contact_number: int
    location_contact_ext: str = ""
    location_contact_email: str = ""
    secondary_lcon_name: str = ""
    secondary_lcon_number: str = ""
    secondary_lcon_ext: str = ""
    secondary_lcon_email: str = ""
    account_macnum: str
    start_date: datetime
    end_date: datetime

    def to_wire(self) -> dict[str, Any]:
        """Keys in the contract's order; optional ones that are blank are left out."""
        row: dict[str, Any] = {
            "location_name": self.location_name,
            "location_number": self.location_number,
            "local_contact_name": self.local_contact_name,
            "local_contact_number": self.local_contact_number,
            "location_contact_ext": self.location_contact_ext,
            "location_contact_email": self.location_contact_email,
            "secondary_lcon_name": self.secondary_lcon_name,
            "secondary_lcon_number": self.secondary_lcon_number,
            "secondary_lcon_ext": self.secondary_lcon_ext,
            "secondary_lcon_email": self.secondary_lcon_email,
            "account_macnum": self.account_macnum,
            "start_date": site_time(self.start_date),
            "end_date": site_time(self.end_date),
        }
        required = {"location_name", "local_contact_name", "account_macnum"}
        return {name: value for name, value in row.items() if name in required or not _is_blank(value)}


@dataclass(frozen=True, kw_only=True)
class NewTickets:
    """One request to create one ticket for each location."""

    contact_name: str
    initial_description: str
    automatic_email_contact: bool
    contact_email_address: str
    automatic_email_cc: bool
    automatic_email_cc_address: str = ""
    customer_ticket_number: str = ""
    po_number: str = ""
    customer_preferred_tech: bool | None = None
    prior_ticket: int | None = None
    special_instructions: str = ""
    non_standard_tools: str = ""
    service_type: str
    granted_tenant_macnum: str = ""
    locations: tuple[NewLocation, ...]

    def to_fields(self) -> list[tuple[str, str]]:
        """Form fields in the contract's order: booleans in lower case, blank optional ones left out,
        the locations as one JSON array, even for one location.
        """
        required = {
            "contact_name",
            "initial_description",
            "contact_email_address",
            "service_type",
        }
        values: list[tuple[str, str | bool | int | None]] = [
            ("contact_name", self.contact_name),
            ("initial_description", self.initial_description),
            ("automatic_email_contact", self.automatic_email_contact),
            ("contact_email_address", self.contact_email_address),
            ("automatic_email_cc", self.automatic_email_cc),
            ("automatic_email_cc_address", self.automatic_email_cc_address),
            ("customer_ticket_number", self.customer_ticket_number),
            ("po_number", self.po_number),
            ("customer_preferred_tech", self.customer_preferred_tech),
            ("prior_ticket", self.prior_ticket),
            ("special_instructions", self.special_instructions),
            ("non_standard_tools", self.non_standard_tools),
            ("service_type", self.service_type),
            ("granted_tenant_macnum", self.granted_tenant_macnum),
        ]
        fields = [
            (name, _form_text(value)) for name, value in values if name in required or not _is_blank(value)
        ]
        rows = [location.to_wire() for location in self.locations]
        return [*fields, ("locations", locations_as_text(rows))]


def locations_as_text(rows: list[dict[str, Any]]) -> str:
    """The locations as they stand in their form field: JSON in one line."""
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _form_text(value: str | bool | int | None) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
