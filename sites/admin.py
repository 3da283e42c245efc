from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.admin.base import PortalAdmin, ReadOnlyAdmin
from sites.models import Account, Contact, Site


class ContactInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Contact
    extra = 0
    fields = ("position", "name", "phone", "extension", "email", "hours")


@admin.register(Site)
class SiteAdmin(PortalAdmin):
    list_display = ("number", "name", "city", "state", "zip", "time_zone", "account")
    list_display_links = ("number", "name")
    list_filter = ("state", "time_zone", ("account", admin.EmptyFieldListFilter))
    list_select_related = ("account",)
    search_fields = ("search",)
    search_help_text = "Name, number, address"
    autocomplete_fields = ("account",)
    inlines = (ContactInline,)
    fieldsets = (
        (None, {"fields": ("number", "name", "account")}),
        ("Address", {"fields": ("address_line_1", "address_line_2", "city", "state", "zip", "time_zone")}),
        ("For technicians", {"fields": ("access_notes",)}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Site], search_term: str
    ) -> tuple[QuerySet[Site], bool]:
        """By the generated upper-case column, which has an index."""
        found = Site.objects.matching(search_term).values("pk")
        return (queryset.filter(pk__in=found) if search_term.strip() else queryset), False


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    """Granite's accounts as Granite told us of them."""

    list_display = ("macnum", "name", "company_name", "city", "state", "account_id", "seen_at")
    list_filter = ("state", "vendor_account")
    list_select_related = ("vendor_account",)
    search_fields = ("macnum", "name", "address_line_1", "city")
    fields: ClassVar[Any] = [field.name for field in Account._meta.fields if field.name != "id"]
    readonly_fields = fields
