from typing import TYPE_CHECKING

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.urls import reverse

from portal.models import Message, Team, VendorAccount
from tickets.models.dispatches import Dispatch, Location

if TYPE_CHECKING:
    from portal.models import User


class TicketQuerySet(models.QuerySet["Ticket"]):
    def visible_to(self, user: "User") -> "TicketQuerySet":
        if not user.has_perm("tickets.view_dispatch"):
            return self.none()
        if user.sees_all_teams:
            return self
        return self.filter(team__in=user.teams.all())

    def open(self) -> "TicketQuerySet":
        return self.filter(date_resolved__isnull=True)


class Ticket(models.Model):
    """Our copy of one Granite ticket, in Granite's field names. Written by `tickets.mirror` alone."""

    account = models.ForeignKey(VendorAccount, models.PROTECT, related_name="tickets")
    ticket_id = models.BigIntegerField(help_text="Granite's id")
    dispatch = models.ForeignKey(Dispatch, models.PROTECT, related_name="tickets")
    location = models.OneToOneField(
        Location,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="ticket",
        help_text="empty: matched none of ours",
    )
    message = models.ForeignKey(Message, models.PROTECT, related_name="tickets")
    team = models.ForeignKey(Team, models.PROTECT, related_name="tickets")

    status_name = models.CharField(max_length=100, blank=True)
    service_type = models.CharField(max_length=100, blank=True)
    summary = models.CharField(max_length=500, blank=True)
    priority = models.CharField(max_length=60, blank=True)
    category = models.CharField(max_length=60, blank=True)
    location_name = models.CharField(max_length=200, blank=True)
    location_number = models.CharField(max_length=60, blank=True)
    address_1 = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state_identifier = models.CharField(max_length=20, blank=True)
    zip = models.CharField(max_length=20, blank=True)
    customer_ticket_number = models.TextField(blank=True)
    po_number = models.CharField(max_length=60, blank=True)
    technician_id = models.BigIntegerField(null=True, blank=True)
    technician_name = models.CharField(max_length=200, blank=True)
    technician_phone_number = models.CharField(max_length=40, blank=True)
    date_entered = models.DateTimeField(null=True, blank=True)
    date_resolved = models.DateTimeField(null=True, blank=True)
    last_updated = models.DateTimeField(null=True, blank=True)
    raw = models.JSONField(default=dict, help_text="as Granite last said it, whole")
    attachments = models.JSONField(default=list, help_text="filename and status as told on creation")

    first_seen_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(help_text="when Granite last confirmed all this")
    read_by = models.CharField(max_length=10, default="answer", help_text="answer or poll")
    next_read_at = models.DateTimeField(null=True, blank=True, help_text="empty: no longer followed")
    read_problem = models.CharField(max_length=500, blank=True, help_text="why the last reading failed")
    tried_at = models.DateTimeField(
        null=True, blank=True, help_text="when Granite was last asked, whatever came of it"
    )
    wanted_at = models.DateTimeField(
        null=True, blank=True, help_text="when a person last asked for a fresh reading"
    )
    # Everything one may search for, upper-cased; written by the mirror.
    search = models.TextField(default="", editable=False)

    objects = TicketQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "ticket_id"], name="one_ticket_per_vendor_id"),
        ]
        indexes = [
            models.Index(
                fields=["next_read_at"], condition=Q(next_read_at__isnull=False), name="tickets_to_read"
            ),
            models.Index(fields=["team", "-id"], name="tickets_of_a_team"),
            models.Index(fields=["status_name", "-id"], name="tickets_by_status"),
            GinIndex(fields=["search"], opclasses=["gin_trgm_ops"], name="tickets_search"),
        ]

    def __str__(self) -> str:
        return str(self.ticket_id)

    def get_absolute_url(self) -> str:
        return reverse("tickets:ticket", args=[self.pk])

    @property
    def is_open(self) -> bool:
        """`date_resolved` is the only sign of an end that Granite documents."""
        return self.date_resolved is None

    @property
    def is_wanted(self) -> bool:
        """A person asked for a fresh reading and Granite was not asked since."""
        return self.wanted_at is not None and (self.tried_at is None or self.tried_at < self.wanted_at)

    @property
    def address(self) -> str:
        return ", ".join(
            part
            for part in (self.address_1, self.city, f"{self.state_identifier} {self.zip}".strip())
            if part
        )

    @property
    def failed_attachments(self) -> list[dict[str, str]]:
        return [item for item in self.attachments if str(item.get("status") or "").lower() != "success"]


class TicketChange(models.Model):
    """One field of a ticket that changed at Granite: what it was, what it became, when we learned of it."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="changes")
    field = models.CharField(max_length=40)
    before = models.CharField(max_length=300, blank=True)
    after = models.CharField(max_length=300, blank=True)
    seen_at = models.DateTimeField()
    source = models.CharField(max_length=10)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.field}: {self.before} → {self.after}"
