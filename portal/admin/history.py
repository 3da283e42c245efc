from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.admin.base import ReadOnlyAdmin, as_json, block
from portal.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what, to which record, when, from where. The database lets nobody change it."""

    list_display = ("at", "by_name", "action", "about_name", "about_type", "request_id", "address")
    list_filter = ("at", "action", "about_type", ("by", admin.RelatedOnlyFieldListFilter))
    search_fields = ("by_name", "about_name", "=about_id", "=request_id")
    search_help_text = "By person, record or request id"
    fields = ("at", "by_name", "action", "record", "about_type", "about_id", "told", "request_id", "address")
    readonly_fields = fields

    def has_view_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return request.user.has_perm("portal.view_auditentry")

    @admin.display(description="about")
    def record(self, entry: AuditEntry) -> SafeString | str:
        """A link to the record's page here, where it has one."""
        try:
            model = apps.get_model(entry.about_type)
            address = reverse(
                f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[entry.about_id]
            )
        except (LookupError, ValueError, NoReverseMatch):
            return entry.about_name or "–"
        return format_html('<a href="{}">{}</a>', address, entry.about_name or entry.about_id)

    @admin.display(description="details")
    def told(self, entry: AuditEntry) -> SafeString:
        return block(as_json(entry.details))
