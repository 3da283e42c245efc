"""The rules of the register of services: what a change of one field does to the others. Pure but for the models."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from portal.models import User
from sites.models import Service

State = Service.State
LABELS = {
    "our_id": "Our ID",
    "kind": "Kind",
    "name": "Name",
    "site": "Site",
    "vendor": "Vendor",
    "vendor_service_id": "Vendor’s service ID",
    "state": "State",
    "checked_on": "Checked on",
    "note": "Note",
}
KINDS = ("Broadband", "Circuit", "DIA", "Ethernet", "LTE", "MPLS", "SD-WAN", "Voice")
CHECKED = (State.VALIDATED, State.WRONG)


def put(service: Service, values: Mapping[str, Any], *, by: User, today: date) -> None:
    """Write values into a service, unsaved. A vendor's id that changes is unchecked again, unless a state comes with it.

    `values` may hold any of LABELS; `state` and `checked_on` must fit, which forms and imports have seen to.
    """
    before = (service.vendor, service.vendor_service_id)
    for name in ("our_id", "kind", "name", "site", "vendor", "vendor_service_id", "note"):
        if name in values:
            setattr(service, name, values[name])
    if (service.vendor, service.vendor_service_id) != before:
        _settle(service, State.MAPPED if service.vendor_service_id else State.UNMAPPED, None, None)
    state = values.get("state") or service.state
    checked_on = values.get("checked_on") or (service.checked_on if state == service.state else None)
    if state not in CHECKED:
        _settle(service, state, None, None)
    elif (state, checked_on) != (service.state, service.checked_on) or checked_on is None:
        _settle(service, state, checked_on or today, by)


def _settle(service: Service, state: str, checked_on: date | None, checked_by: User | None) -> None:
    service.state, service.checked_on, service.checked_by = state, checked_on, checked_by


def shown(service: Service) -> dict[str, str]:
    """Every field as a text, for comparing and for telling."""
    return {
        "our_id": service.our_id,
        "kind": service.kind,
        "name": service.name,
        "site": str(service.site) if service.site_id else "",
        "vendor": service.get_vendor_display(),
        "vendor_service_id": service.vendor_service_id,
        "state": service.get_state_display(),
        "checked_on": service.checked_on.isoformat() if service.checked_on else "",
        "note": service.note,
    }


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """The label, the text before and the text after, of each field that is another now."""
    return [
        (label, before[name], after[name]) for name, label in LABELS.items() if before[name] != after[name]
    ]
