"""The fifteen kinds of work Granite's technicians do. The values are exact; the explanations are ours.

Source: dev.dx.granitemsp.com/g360/techexpress/create-ticket
"""

from __future__ import annotations

from dataclasses import dataclass

INSTALL = "Install and on-site work"
REPAIR_GRANITE = "Repair, provided by Granite"
REPAIR_CUSTOMER = "Repair, provided by ourselves"


@dataclass(frozen=True)
class ServiceType:
    """`value` goes over the wire as it is; `group` is one of the three above."""

    value: str
    group: str
    explanation: str


SERVICE_TYPES: tuple[ServiceType, ...] = (
    ServiceType("Equipment Install", INSTALL, "Put in, swap or take out equipment on site."),
    ServiceType(
        "Smart Hands", INSTALL, "A technician works on site by instructions, often on the phone with us."
    ),
    ServiceType("Site Audit", INSTALL, "Look, photograph and report what is there."),
    ServiceType("Move", INSTALL, "Move equipment or a line to another place on site."),
    ServiceType("POTS Extension", INSTALL, "Extend an analog phone line from where the carrier leaves it."),
    ServiceType("Circuit Extension", INSTALL, "Extend a data circuit from where the carrier leaves it."),
    ServiceType(
        "Circuit Extension (GRT Provided)", REPAIR_GRANITE, "Repair a circuit extension Granite made."
    ),
    ServiceType("Fiber Extension (GRT Provided)", REPAIR_GRANITE, "Repair a fiber extension Granite made."),
    ServiceType(
        "Broadband Circuit (GRT Provided)", REPAIR_GRANITE, "Repair a broadband line that Granite supplies."
    ),
    ServiceType("POTS (GRT Provided)", REPAIR_GRANITE, "Repair an analog phone line that Granite supplies."),
    ServiceType(
        "Broadband Circuit (Customer Provided)",
        REPAIR_CUSTOMER,
        "Repair a broadband line of another supplier.",
    ),
    ServiceType(
        "POTS (Customer Provided)", REPAIR_CUSTOMER, "Repair an analog phone line of another supplier."
    ),
    ServiceType(
        "Circuit Extension (Customer Provided)", REPAIR_CUSTOMER, "Repair a circuit extension others made."
    ),
    ServiceType(
        "Fiber Extension (Customer Provided)", REPAIR_CUSTOMER, "Repair a fiber extension others made."
    ),
    ServiceType(
        "Customer Equipment (Customer Provided)",
        REPAIR_CUSTOMER,
        "Work on our own equipment. Say in the description whether it is a repair or a replacement of material.",
    ),
)
SERVICE_TYPE_VALUES: frozenset[str] = frozenset(kind.value for kind in SERVICE_TYPES)
