"""Who did what. Called by services, in the transaction of the change itself."""

from typing import Any

from django.db import models
from django.db.models.functions import Cast

from portal import logs
from portal.models import AuditEntry, User

THE_PORTAL = "the portal"


def record(
    by: User | None,
    action: str,
    about: models.Model | None = None,
    **details: Any,
) -> AuditEntry:
    """Write down one deed; `by` is None where a machine did it. Details must be JSON and hold no secrets."""
    return AuditEntry.objects.create(
        by=by,
        by_name=by.name if by else THE_PORTAL,
        action=action,
        about_type=about._meta.label_lower if about else "",
        about_id=str(about.pk) if about else "",
        about_name=str(about)[:200] if about else "",
        details=details,
        request_id=logs.request_id.get(),
        address=logs.client_address.get(),
    )


def of(about: models.Model) -> "models.QuerySet[AuditEntry]":
    """Everything ever done to one record, newest first."""
    return AuditEntry.objects.filter(about_type=about._meta.label_lower, about_id=str(about.pk))


def of_all(about: "models.QuerySet[Any]") -> "models.QuerySet[AuditEntry]":
    """Everything ever done to any of these records, newest first; one query."""
    keys = about.order_by().annotate(about_key=Cast("pk", models.TextField())).values("about_key")
    return AuditEntry.objects.filter(about_type=about.model._meta.label_lower, about_id__in=keys)
