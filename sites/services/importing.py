"""A sheet of services, read and kept until its reader says what becomes of it; then written whole, or not at all."""

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal import audit
from portal.models import User
from portal.problems import Problem
from portal.sheets import Table
from sites import service_sheets
from sites.models import Service, ServiceChange, ServiceImport
from sites.service_plan import Plan, after_row, plan_of
from sites.service_rows import Row
from sites.services.registering import RIGHT

CHANGED_MEANWHILE = (
    "The register changed after you looked at this page; nothing was imported. Look again, then confirm."
)
WRITTEN = (
    "our_id",
    "kind",
    "name",
    "site",
    "vendor",
    "vendor_service_id",
    "state",
    "checked_on",
    "checked_by",
    "note",
)


def keep_sheet(table: Table, name: str, *, by: User) -> ServiceImport:
    """Keep what was read, for its reader to look at. Raises Problem where a needed column is missing."""
    if not by.has_perm(RIGHT):
        raise PermissionDenied
    service_sheets.columns_of(table.header)
    notes = list(table.notes)
    if others := service_sheets.unused(table.header):
        named = ", ".join(f"“{title[:40]}”" for title in others[:8])
        notes.append(f"Not used: {named}{' and more' if len(others) > 8 else ''}.")
    return ServiceImport.objects.create(
        name=name, header=table.header, rows=table.rows, lines=table.lines, notes=notes, read_by=by
    )


def preview(sheet: ServiceImport) -> Plan:
    return plan_of(sheet, by=sheet.read_by, today=timezone.localdate())


def import_good_rows(sheet: ServiceImport, *, seen: str, by: User) -> dict[str, int]:
    """Write every row that is not wrong, as `seen` on the preview; how many were new, changed, the same, wrong.

    Raises Problem where the register is not what it was, or the sheet was imported before.
    """
    if not by.has_perm(RIGHT):
        raise PermissionDenied
    try:
        with transaction.atomic():
            return _import(sheet, seen, by)
    except IntegrityError as error:
        raise Problem(CHANGED_MEANWHILE) from error


def _import(sheet: ServiceImport, seen: str, by: User) -> dict[str, int]:
    sheet = ServiceImport.objects.select_for_update().get(pk=sheet.pk)
    if sheet.imported_at:
        raise Problem("This sheet was imported already.")
    today = timezone.localdate()
    plan = plan_of(sheet, by=by, today=today, is_locked=True)
    if plan.fingerprint != seen:
        raise Problem(CHANGED_MEANWHILE)
    pairs = [(row, after_row(row, by, today)) for row in plan.having("new", "changed")]
    _write(pairs)
    ServiceChange.objects.bulk_create(
        ServiceChange(
            service=service, field=label, before=old, after=new, changed_by=by, service_import=sheet
        )
        for row, service in pairs
        for label, old, new in row.changes
    )
    sheet.imported_at = timezone.now()
    sheet.save(update_fields=["imported_at"])
    audit.record(by, "services.imported", sheet, **plan.counts)
    return plan.counts


def _write(pairs: list[tuple[Row, Service]]) -> None:
    """Ids of the vendor that go to another service are let go of first: two services may swap theirs."""
    moved = [
        row.service.pk
        for row, service in pairs
        if row.service
        and (row.service.vendor, row.service.vendor_service_id) != (service.vendor, service.vendor_service_id)
    ]
    Service.objects.filter(pk__in=moved).update(
        vendor_service_id="", state=Service.State.UNMAPPED, checked_on=None, checked_by=None
    )
    Service.objects.bulk_update([service for row, service in pairs if row.service], WRITTEN, batch_size=500)
    Service.objects.bulk_create([service for row, service in pairs if row.service is None], batch_size=500)
