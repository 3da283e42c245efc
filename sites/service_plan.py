"""What a sheet of services would do to the register: every row new, changed, the same or wrong. Nothing is written."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from portal.models import User
from sites import cells, register, service_sheets
from sites.directory import Directory
from sites.models import Service, ServiceImport, Site
from sites.service_rows import Row, read_row

OUTCOMES = ("wrong", "new", "changed", "same")


@dataclass(frozen=True)
class Plan:
    rows: Sequence[Row]

    @property
    def counts(self) -> dict[str, int]:
        counted = Counter(row.outcome for row in self.rows)
        return {outcome: counted[outcome] for outcome in OUTCOMES}

    def having(self, *outcomes: str) -> list[Row]:
        return [row for row in self.rows if row.outcome in outcomes]

    @property
    def fingerprint(self) -> str:
        """Of all that would be written: another one means that a person saw something else."""
        told = [(row.line, row.outcome, row.changes) for row in self.rows]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def plan_of(sheet: ServiceImport, *, by: User, today: date, is_locked: bool = False) -> Plan:
    """Against the register as it is now; `is_locked` keeps the services as they are until the transaction ends."""
    columns = service_sheets.columns_of(sheet.header)
    texts = [
        {name: cells.plain(cell_of(cells_, index)) for name, index in columns.items()}
        for cells_ in sheet.rows
    ]
    known = _services([text["our_id"] for text in texts], is_locked=is_locked)
    directory = Directory(Site.objects.all())
    rows = [Row(line, text, known.get(text["our_id"])) for line, text in zip(sheet.lines, texts, strict=True)]
    for row in rows:
        read_row(row, directory, today)
    _refuse_twins(rows)
    _refuse_taken(rows)
    for row in rows:
        if not row.errors:
            row.changes = _changes(row, by, today)
    return Plan(rows)


def cell_of(row: Sequence[str], index: int) -> str:
    return str(row[index]) if index < len(row) else ""


def _services(our_ids: Iterable[str], *, is_locked: bool) -> dict[str, Service]:
    found = Service.objects.filter(our_id__in=set(our_ids)).select_related("site").order_by("pk")
    if is_locked:
        found = found.select_for_update(of=("self",))
    return {service.our_id: service for service in found}


def _refuse_twins(rows: Iterable[Row]) -> None:
    """Two rows about one service, or two services with one id at the vendor: neither row is more right."""
    by_id, by_vendor_id = defaultdict(list), defaultdict(list)
    for row in rows:
        if row.our_id:
            by_id[row.our_id].append(row)
        if row.vendor_key[1]:
            by_vendor_id[row.vendor_key].append(row)
    for column, groups in (("our_id", by_id.values()), ("vendor_service_id", by_vendor_id.values())):
        for group in groups:
            if len(group) > 1:
                lines = [one.line for one in group]
                for row in group:
                    others = ", ".join(str(line) for line in lines if line != row.line)
                    row.refuse(column, f"The same stands in line {others}.")


def _refuse_taken(rows: Sequence[Row]) -> None:
    """An id of the vendor may move to another service if the same sheet takes it from the one that has it."""
    wanted = {row.vendor_key[1] for row in rows} - {""}
    owners = {
        (one.vendor, one.vendor_service_id): one
        for one in Service.objects.filter(vendor_service_id__in=wanted)
    }
    by_id = {row.our_id: row for row in rows}
    is_settled = False
    while not is_settled:  # a row refused keeps its id, which may refuse the next
        is_settled = True
        for row in rows:
            owner = owners.get(row.vendor_key)
            if row.errors or owner is None or owner.our_id == row.our_id:
                continue
            giving = by_id.get(owner.our_id)
            if giving is None or giving.errors or giving.vendor_key == row.vendor_key:
                row.refuse("vendor_service_id", f"{row.vendor_key[1]} is the id of our service {owner}.")
                is_settled = False


def _changes(row: Row, by: User, today: date) -> list[tuple[str, str, str]]:
    service = after_row(row, by, today)
    before = register.shown(row.service or Service())
    return register.differences(before, register.shown(service))


def after_row(row: Row, by: User, today: date) -> Service:
    """The service as the row makes it, unsaved; the one in the row stays as it is."""
    service = Service()
    if row.service:
        service = Service(
            **{f.attname: getattr(row.service, f.attname) for f in Service._meta.fields if not f.generated}
        )
        service.site = row.service.site
    register.put(service, row.values, by=by, today=today)
    return service
