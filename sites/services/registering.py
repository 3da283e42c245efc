"""Services written down, changed and checked, one at a time. Every change of a field is kept with who made it."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal import audit
from portal.models import User
from portal.problems import Problem
from sites import register
from sites.models import Service, ServiceChange

RIGHT = "sites.change_service"
TAKEN = "Another service got this id a moment ago. Look for it in the list."
MEANWHILE = "Somebody changed this service after you opened it; nothing was saved. Look at its history, then change it again."


def add_service(values: Mapping[str, Any], *, by: User) -> Service:
    """Write a new service down. Raises Problem where one of its ids is taken."""
    _check_right(by)
    service = Service()
    _save(service, values, "service.added", by=by)
    return service


def change_service(service: Service, values: Mapping[str, Any], *, seen: str, by: User) -> None:
    """Change it, unless somebody did since `seen`, which `version_of` gave. Raises Problem."""
    _check_right(by)
    with transaction.atomic():
        service = Service.objects.select_for_update(of=("self",)).select_related("site").get(pk=service.pk)
        if version_of(service) != seen:
            raise Problem(MEANWHILE)
        _save(service, values, "service.changed", by=by)


def check_service(service: Service, *, state: str, vendor_service_id: str, note: str, by: User) -> None:
    """Say that the vendor's id, as it was seen, is right or wrong. Raises Problem where it is another by now."""
    _check_right(by)
    with transaction.atomic():
        service = Service.objects.select_for_update(of=("self",)).select_related("site").get(pk=service.pk)
        if not service.vendor_service_id:
            raise Problem("There is no vendor’s service ID to check yet. Enter it first.")
        if service.vendor_service_id != vendor_service_id:
            raise Problem("The vendor’s service ID was changed meanwhile. Look at it, then check it again.")
        values = {"state": state, "checked_on": timezone.localdate()} | ({"note": note} if note else {})
        _save(service, values, "service.checked", by=by)


def version_of(service: Service) -> str:
    """Changes whenever the service does."""
    last = service.changes.order_by("-pk").values_list("pk", flat=True).first() if service.pk else None
    return str(last or 0)


def _check_right(by: User) -> None:
    if not by.has_perm(RIGHT):
        raise PermissionDenied


def _save(service: Service, values: Mapping[str, Any], action: str, *, by: User) -> None:
    before = register.shown(service)
    register.put(service, values, by=by, today=timezone.localdate())
    changes = register.differences(before, register.shown(service))
    if not changes and action != "service.checked":
        return
    try:
        with transaction.atomic():
            service.save()
            ServiceChange.objects.bulk_create(
                ServiceChange(service=service, field=label, before=old, after=new, changed_by=by)
                for label, old, new in changes
            )
            audit.record(by, action, service, changed=[label for label, _, _ in changes])
    except IntegrityError as error:
        raise Problem(TAKEN) from error
