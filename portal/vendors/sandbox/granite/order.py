"""What a valid order of tickets consists of, and what one location of it says."""

from dataclasses import dataclass, field
from typing import Any

from portal.vendors.sandbox.message import FilePart

SERVICE_TYPES = (
    "Equipment Install",
    "Smart Hands",
    "Site Audit",
    "Move",
    "POTS Extension",
    "Circuit Extension",
    "Circuit Extension (GRT Provided)",
    "Fiber Extension (GRT Provided)",
    "Broadband Circuit (GRT Provided)",
    "POTS (GRT Provided)",
    "Broadband Circuit (Customer Provided)",
    "POTS (Customer Provided)",
    "Circuit Extension (Customer Provided)",
    "Fiber Extension (Customer Provided)",
    "Customer Equipment (Customer Provided)",
)
REQUIRED_PARTS = (
    "contact_name",
    "initial_description",
    "automatic_email_contact",
    "contact_email_address",
    "automatic_email_cc",
    "service_type",
    "locations",
)
OPTIONAL_PARTS = (
    "automatic_email_cc_address",
    "customer_ticket_number",
    "po_number",
    "customer_preferred_tech",
    "prior_ticket",
    "special_instructions",
    "non_standard_tools",
    "granted_tenant_macnum",
)
REQUIRED_LOCATION_KEYS = (
    "location_name",
    "local_contact_name",
    "local_contact_number",
    "account_macnum",
    "start_date",
    "end_date",
)
OPTIONAL_LOCATION_KEYS = (
    "location_number",
    "location_contact_ext",
    "location_contact_email",
    "secondary_lcon_name",
    "secondary_lcon_number",
    "secondary_lcon_ext",
    "secondary_lcon_email",
)


@dataclass
class Order:
    """A create request that passed every check, with booleans and numbers as such."""

    fields: dict[str, Any]
    locations: list[dict[str, Any]]
    files: list[FilePart]
    ignored: list[str] = field(default_factory=list)
