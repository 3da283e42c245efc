from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from portal import audit, masking
from portal.admin.base import ReadOnlyAdmin, admin_of, each
from portal.models import DriftEntry
from portal.problems import Problem


class AcknowledgedFilter(admin.SimpleListFilter):
    title, parameter_name = "acknowledged", "acknowledged"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("no", "Not yet"), ("yes", "Acknowledged")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DriftEntry]) -> QuerySet[DriftEntry]:
        if self.value() in ("yes", "no"):
            return queryset.filter(acknowledged_at__isnull=self.value() == "no")
        return queryset


@admin.register(DriftEntry)
class DriftEntryAdmin(ReadOnlyAdmin):
    """What a vendor said beyond or short of its contract. Nothing failed; somebody should know."""

    list_display = (
        "path",
        "kind",
        "operation",
        "vendor",
        "seen_sample",
        "seen",
        "last_seen_at",
        "acknowledged_at",
    )
    list_filter = (AcknowledgedFilter, "vendor", "kind", "operation")
    search_fields = ("path", "sample")
    actions = ("acknowledge",)
    fields = (
        "vendor", "operation", "kind", "path", "seen_sample", "seen", "first_seen_at", "last_seen_at", "acknowledged_at",
    )  # fmt: skip
    readonly_fields = fields

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("portal.change_driftentry")

    @admin.action(description="Acknowledge", permissions=["act"])
    def acknowledge(self, request: HttpRequest, chosen: QuerySet[DriftEntry]) -> None:
        def acknowledge(entry: DriftEntry) -> None:
            still_new = DriftEntry.objects.filter(pk=entry.pk, acknowledged_at=None)
            if not still_new.update(acknowledged_at=timezone.now()):
                raise Problem("It was acknowledged before.")
            audit.record(admin_of(request), "drift.acknowledged", entry)

        each(request, chosen, acknowledge, done="Acknowledged")

    @admin.display(description="sample")
    def seen_sample(self, entry: DriftEntry) -> str:
        return masking.mask(entry.sample) or "–"
