"""The register as a table: the columns it is exported with, and the headings by which an import knows them."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from portal.problems import Problem
from sites.models import Service

COLUMNS = {
    "our_id": "Our ID",
    "kind": "Kind",
    "name": "Name",
    "site_number": "Site number",
    "site_name": "Site name",
    "vendor": "Vendor",
    "vendor_service_id": "Vendor service ID",
    "state": "Validation",
    "checked_on": "Checked on",
    "note": "Note",
}
# “Service ID” alone is in neither list: it may be ours or the vendor's. “State” is where a site is.
ALSO = {
    "our_id": "our service id; internal id; internal service id; our service; our number",
    "kind": "service kind; type; service type",
    "name": "service name",
    "site_number": "site; site no; store number; store no; store; location number; location no",
    "site_name": "store name; location name",
    "vendor": "provider; carrier",
    "vendor_service_id": "vendor s service id; vendor id; gtt service id; gtt id; provider service id",
    "state": "validation state; mapping state; validated; mapping",
    "checked_on": "validated on; validation date; date of validation; check date",
    "note": "notes; comment; comments; remark; remarks",
}
WRONG = "What is wrong"  # of rows handed back; for people, and not read


def key_of(heading: str) -> str:
    """`Site #` and `site_no.` are both `site no`."""
    plain = unicodedata.normalize("NFKC", heading)[:200].lower().replace("#", " no ")
    return " ".join(re.sub(r"[^\w]|_", " ", plain).replace(" nr", " no").split())


KNOWN = {key_of(title): field for field, title in COLUMNS.items()} | {
    name: field for field, names in ALSO.items() for name in names.split("; ")
}


def recognised(cells: list[str]) -> int:
    """How many of our columns these headings name."""
    return len({KNOWN[key_of(cell)] for cell in cells if key_of(cell) in KNOWN})


def columns_of(header: list[str]) -> dict[str, int]:
    """Where each column of ours stands. Raises Problem where one that is needed is missing, or is there twice."""
    found: dict[str, int] = {}
    for index, title in enumerate(header):
        field = KNOWN.get(key_of(title))
        if field in found:
            raise Problem(
                f"“{header[found[field]]}” and “{title}” both mean {COLUMNS[field]}. Keep one of them."
            )
        if field:
            found[field] = index
    if "our_id" not in found:
        raise Problem("No column holds our ids. Call it “Our ID”: it tells which service a row is about.")
    if "site_number" not in found and "site_name" not in found:
        raise Problem("No column says at which site a service is. Call it “Site number” or “Site name”.")
    return found


def unused(header: list[str]) -> list[str]:
    return [title for title in header if key_of(title) not in KNOWN and title != WRONG]


def rows_of(services: Iterable[Service]) -> Iterator[list[str]]:
    for service in services:
        yield [
            service.our_id,
            service.kind,
            service.name,
            service.site.number,
            service.site.name,
            service.get_vendor_display(),
            service.vendor_service_id,
            service.get_state_display(),
            service.checked_on.isoformat() if service.checked_on else "",
            service.note,
        ]
