"""The register as a table: the columns it is exported with, by which an import knows them again."""

from collections.abc import Iterable, Iterator

from sites.models import Service

COLUMNS = {
    "our_id": "Our ID",
    "kind": "Kind",
    "name": "Name",
    "site_number": "Site number",
    "site_name": "Site name",
    "vendor": "Vendor",
    "vendor_service_id": "Vendor service ID",
    "state": "State",
    "checked_on": "Checked on",
    "note": "Note",
}
WIDTHS = (18, 14, 26, 12, 28, 10, 22, 14, 12, 40)


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
