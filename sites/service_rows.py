"""One row of a sheet of services: its cells as values, with everything that is wrong with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.models.accounts import Vendor
from sites import cells, register
from sites.directory import Directory
from sites.models import Service, Site
from sites.service_sheets import COLUMNS

State = Service.State
LIMITS = {"our_id": 64, "kind": 60, "name": 120, "vendor_service_id": 64, "note": cells.MOST_NOTE}
STATES = {
    "validated": State.VALIDATED,
    "valid": State.VALIDATED,
    "not validated": State.MAPPED,
    "mapped": State.MAPPED,
    "unmapped": State.UNMAPPED,
    "wrong": State.WRONG,
}
VENDORS = {word.lower(): vendor.value for vendor in Vendor for word in (vendor.value, vendor.label)}
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
STALE = (
    "The vendor service ID is another than ours, but the row still holds the check of the old one. "
    "Put “Not validated”, or the day on which the new one was checked."
)


@dataclass
class Row:
    """`cells` are the texts by column; `service` is the one the row is about, None for a new one."""

    line: int
    cells: Mapping[str, str]
    service: Service | None
    values: dict[str, Any] = field(default_factory=dict)
    errors: list[tuple[str, str]] = field(default_factory=list)
    changes: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def our_id(self) -> str:
        return self.cells.get("our_id", "")

    @property
    def outcome(self) -> str:
        if self.errors:
            return "wrong"
        if self.service is None:
            return "new"
        return "changed" if self.changes else "same"

    @property
    def vendor_key(self) -> tuple[str, str]:
        """The vendor and its id that the service has after this row; the id may be ""."""
        before = self.service or Service()
        return (
            self.values.get("vendor", before.vendor),
            self.values.get("vendor_service_id", before.vendor_service_id),
        )

    def refuse(self, column: str, why: str) -> None:
        self.errors.append((COLUMNS[column], why))


def read_row(row: Row, directory: Directory, today: date) -> None:
    """Fill in `values` and `errors`. A column that is not there, or a blank vendor or state, leaves what is known."""
    for name, most in LIMITS.items():
        if name in row.cells:
            row.values[name] = row.cells[name]
            if wrong := cells.wrong_with(row.cells[name], most, is_long=name == "note"):
                row.refuse(name, wrong)
    if not row.our_id:
        row.refuse("our_id", "Every row needs the id by which we know the service.")
    _read_site(row, directory)
    if said := row.cells.get("vendor"):
        if vendor := VENDORS.get(said.lower()):
            row.values["vendor"] = vendor
        else:
            row.refuse("vendor", f"“{said[:60]}” is no vendor of ours. Put {' or '.join(Vendor.labels)}.")
    _read_state(row)
    _read_day(row, today)
    if not row.errors:
        _check_stale(row)


def _read_site(row: Row, directory: Directory) -> None:
    number, name = row.cells.get("site_number", ""), row.cells.get("site_name", "")
    column = "site_number" if number or "site_name" not in row.cells else "site_name"
    if not number and not name:
        row.refuse(column, "Say at which site the service is.")
        return
    found = directory.find(number, name, before=row.service.site if row.service else None)
    if isinstance(found, Site):
        row.values["site"] = found
    else:
        row.refuse(column, found)


def _read_state(row: Row) -> None:
    said = row.cells.get("state", "")
    if not said:
        return
    state = STATES.get(said.lower())
    vendor_id = row.vendor_key[1]
    if state is None:
        row.refuse("state", f"“{said[:60]}” is not one of Validated, Not validated, Wrong, Unmapped.")
    elif state == State.UNMAPPED and vendor_id:
        row.refuse("state", f"It cannot be unmapped: the vendor service ID is {vendor_id}.")
    elif state != State.UNMAPPED and not vendor_id:
        row.refuse("state", f"“{said}” needs a vendor service ID.")
    else:
        row.values["state"] = state


def _read_day(row: Row, today: date) -> None:
    said = row.cells.get("checked_on", "")
    if not said:
        return
    day = day_of(said)
    if day is None:
        row.refuse("checked_on", f"“{said[:60]}” is not a day. Write it as 2026-03-04.")
    elif day > today:
        row.refuse("checked_on", f"{day.isoformat()} has not come yet.")
    elif row.values.get("state", row.service.state if row.service else "") not in register.CHECKED:
        row.refuse("checked_on", "Only what is Validated or Wrong has a day on which it was checked.")
    else:
        row.values["checked_on"] = day


def _check_stale(row: Row) -> None:
    """Whoever changes an id in an exported sheet easily forgets that the columns beside it speak of the old one."""
    service = row.service
    if service is None or row.vendor_key == (service.vendor, service.vendor_service_id):
        return
    is_checked = row.values.get("state") in register.CHECKED and service.state in register.CHECKED
    if is_checked and row.values.get("checked_on") in (None, service.checked_on):
        row.refuse("state", STALE)


def day_of(text: str) -> date | None:
    """ISO, or as American spreadsheets write it; a time behind the day is left out."""
    text = text.split("T")[0].split(" ")[0]
    try:
        if _ISO.fullmatch(text):
            return date.fromisoformat(text)
        if found := _AMERICAN.fullmatch(text):
            return date(int(found[3]), int(found[1]), int(found[2]))
    except ValueError:
        return None
    return None
