"""Dispatches and tickets, to look things up. The work itself is done on the portal's own pages."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.admin.base import PortalAdmin, ReadOnlyAdmin, ReadOnlyInline, as_json, block
from tickets.models import (
    Case,
    CaseChange,
    CaseChoice,
    Dispatch,
    Draft,
    Location,
    Ticket,
    TicketChange,
)


@admin.display(description="page")
def page_of(record: Any) -> SafeString:
    return format_html('<a href="{}">Open in the portal</a>', record.get_absolute_url())


class LocationInline(ReadOnlyInline, admin.TabularInline):  # type: ignore[type-arg]
    model = Location
    fields = readonly_fields = (
        "position",
        "location_name",
        "location_number",
        "account_macnum",
        "message",
        "starts_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Location]:
        return super().get_queryset(request).select_related("message")


@admin.register(Dispatch)
class DispatchAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "team", "service_type", "places", "submitted_by", "submitted_at", page_of)
    list_filter = ("team", "service_type", "submitted_at")
    list_select_related = ("team", "submitted_by", "draft")
    search_fields = (
        "po_number",
        "customer_ticket_number",
        "submitted_by__username",
        "locations__location_name",
    )
    inlines = (LocationInline,)
    fields: ClassVar[Any] = [page_of, *(field.name for field in Dispatch._meta.fields)]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispatch]:
        return super().get_queryset(request).annotate(place_count=Count("locations", distinct=True))

    @admin.display(description="locations")
    def places(self, dispatch: Any) -> int:
        return dispatch.place_count


@admin.register(Draft)
class DraftAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "team", "created_by", "saved_by", "saved_at", "discarded_at")
    list_filter = (
        "team",
        ("discarded_at", admin.EmptyFieldListFilter),
        ("dispatch", admin.EmptyFieldListFilter),
    )
    list_select_related = ("team", "created_by", "saved_by")
    search_fields = ("=id", "created_by__username")
    fields = (
        "team",
        "account",
        "created_by",
        "created_at",
        "saved_by",
        "saved_at",
        "discarded_at",
        "corrects",
        "typed",
    )
    readonly_fields = fields

    @admin.display(description="as typed")
    def typed(self, draft: Draft) -> SafeString:
        return block(as_json({"what": draft.what, "locations": draft.locations}), summary="Show")


class TicketChangeInline(ReadOnlyInline, admin.TabularInline):  # type: ignore[type-arg]
    model = TicketChange
    fields = readonly_fields = ("seen_at", "field", "before", "after", "source")


@admin.register(Ticket)
class TicketAdmin(ReadOnlyAdmin):
    list_display = (
        "ticket_id",
        "status_name",
        "dispatch",
        "team",
        "location_name",
        "city",
        "technician_name",
        "read_at",
        page_of,
    )
    list_filter = ("status_name", "team", "service_type", ("date_resolved", admin.EmptyFieldListFilter))
    list_select_related = ("dispatch", "team")
    search_fields = ("search",)
    search_help_text = "Ticket id, our reference, PO, site, technician"
    inlines = (TicketChangeInline,)
    fields: ClassVar[Any] = [
        page_of,
        *(field.name for field in Ticket._meta.fields if field.name not in ("id", "raw", "search")),
        "as_told",
    ]
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Ticket], search_term: str
    ) -> tuple[QuerySet[Ticket], bool]:
        """By the mirror's upper-case column: `icontains` would read every row."""
        for word in search_term.split()[:8]:
            queryset = queryset.filter(search__contains=word.upper())
        return queryset, False

    @admin.display(description="as Granite told it")
    def as_told(self, ticket: Ticket) -> SafeString:
        return block(as_json(ticket.raw), summary="Show")


class CaseChangeInline(ReadOnlyInline, admin.TabularInline):  # type: ignore[type-arg]
    model = CaseChange
    fields = readonly_fields = ("seen_at", "field", "before", "after", "source")


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__",
        "state",
        "priority",
        "short_description",
        "team",
        "submitted_by",
        "read_at",
        page_of,
    )
    list_filter = ("state", "priority", "team", "account")
    list_select_related = ("team", "submitted_by")
    search_fields = ("search",)
    search_help_text = "GTT's number, our reference, site, words"
    inlines = (CaseChangeInline,)
    fields: ClassVar[Any] = [
        page_of,
        *(field.name for field in Case._meta.fields if field.name not in ("id", "raw", "search", "key")),
        "as_told",
    ]
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Case], search_term: str
    ) -> tuple[QuerySet[Case], bool]:
        for word in search_term.split()[:8]:
            queryset = queryset.filter(search__contains=word.upper())
        return queryset, False

    @admin.display(description="as GTT told it")
    def as_told(self, case: Case) -> SafeString:
        return block(as_json(case.raw), summary="Show")


@admin.register(CaseChoice)
class CaseChoiceAdmin(PortalAdmin):
    """The words offered for a new case: GTT publishes none."""

    list_display = ("value", "field", "category", "position", "is_offered")
    list_display_links = ("value",)
    list_filter = ("field", "is_offered")
    search_fields = ("value",)
    ordering = ("field", "position", "value")
