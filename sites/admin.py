from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.admin.base import PortalAdmin, ReadOnlyAdmin
from sites import zones
from sites.models import Account, Contact, Site


class ContactInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Contact
    extra = 0
    fields = ("position", "name", "phone", "extension", "email", "hours")


class SiteForm(forms.ModelForm):  # type: ignore[type-arg]
    """A blank time zone is filled from where the place is; what somebody enters stays."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["time_zone"]
        field.required = False
        field.help_text = "Blank: found by coordinates, ZIP code or state. An example: America/New_York."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "time_zone" in cleaned and not cleaned["time_zone"]:
            cleaned["time_zone"] = self._proven()
            if not cleaned["time_zone"]:
                self.add_error("time_zone", "Its place does not settle the time zone: please choose it.")
        return cleaned

    def _proven(self) -> str:
        said = self.cleaned_data
        return zones.zone_for(
            state=said.get("state") or "",
            zip_code=said.get("zip") or "",
            latitude=said.get("latitude"),
            longitude=said.get("longitude"),
        )


@admin.register(Site)
class SiteAdmin(PortalAdmin):
    form = SiteForm
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
        ("Address", {"fields": ("address_line_1", "address_line_2", "city", "state", "zip")}),
        ("Time", {"fields": ("time_zone", ("latitude", "longitude"))}),
        ("For technicians", {"fields": ("access_notes",)}),
    )

    def save_model(self, request: HttpRequest, obj: Site, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        is_said = "time_zone" in form.changed_data or not change
        proven = obj.proven_zone if is_said else ""
        if proven and not zones.keep_the_same_time(proven, obj.time_zone, datetime.now()):
            messages.warning(
                request, f"{obj} lies in {proven} by its place; {obj.time_zone} was kept, as you say."
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
