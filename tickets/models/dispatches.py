from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from portal.models import Message, Team, VendorAccount
from portal.models.messages import WAITING, State
from portal.vendors.granite.wire import SERVICE_TYPES
from sites import zones
from sites.models import Site, validate_zone
from tickets.models.drafts import Draft

if TYPE_CHECKING:
    from portal.models import User

SERVICE_TYPE_VALUES = [kind.value for kind in SERVICE_TYPES]


class DispatchQuerySet(models.QuerySet["Dispatch"]):
    def visible_to(self, user: "User") -> "DispatchQuerySet":
        if not user.has_perm("tickets.view_dispatch"):
            return self.none()
        if user.sees_all_teams:
            return self
        return self.filter(team__in=user.teams.all())


class Dispatch(models.Model):
    """What somebody submitted. It has no status: it is what its messages and tickets say."""

    draft = models.OneToOneField(Draft, models.PROTECT, primary_key=True, related_name="dispatch")
    team = models.ForeignKey(Team, models.PROTECT, related_name="dispatches")
    account = models.ForeignKey(VendorAccount, models.PROTECT, related_name="+")
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="dispatches")
    submitted_at = models.DateTimeField(auto_now_add=True)

    # Granite's create ticket, by its own field names.
    service_type = models.CharField(max_length=60)
    contact_name = models.CharField(max_length=200)
    contact_email_address = models.EmailField()
    automatic_email_contact = models.BooleanField()
    automatic_email_cc = models.BooleanField()
    automatic_email_cc_address = models.TextField(blank=True)
    initial_description = models.TextField()
    special_instructions = models.TextField(blank=True)
    non_standard_tools = models.TextField(blank=True)
    customer_ticket_number = models.TextField(
        blank=True, help_text="the sender's own numbers, comma-separated"
    )
    po_number = models.CharField(max_length=25, blank=True)
    customer_preferred_tech = models.BooleanField(default=False)
    prior_ticket = models.BigIntegerField(null=True, blank=True)

    objects = DispatchQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "dispatches"
        permissions = [
            ("submit_dispatch", "Can draft and submit dispatches"),
            ("confirm_resend", "Can confirm as the second person that nothing was created"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(service_type__in=SERVICE_TYPE_VALUES), name="dispatch_service_type_known"
            ),
            models.CheckConstraint(
                condition=Q(prior_ticket__isnull=True) | Q(prior_ticket__gt=0),
                name="dispatch_prior_ticket_positive",
            ),
            models.CheckConstraint(
                condition=Q(automatic_email_cc=False) | ~Q(automatic_email_cc_address=""),
                name="dispatch_cc_has_an_address",
            ),
            models.CheckConstraint(
                condition=~Q(contact_name="") & ~Q(initial_description="") & ~Q(contact_email_address=""),
                name="dispatch_required_text",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("tickets:dispatch", args=[self.pk])

    @property
    def reference(self) -> str:
        return f"DSP-{self.pk:06d}"


class LocationQuerySet(models.QuerySet["Location"]):
    def failed(self) -> "LocationQuerySet":
        """Rows of which no ticket exists: refused, or not found by two people. They may be corrected in a new draft."""
        return self.filter(message__state__in=[State.REJECTED, State.NOT_CREATED], ticket=None)

    def waiting(self) -> "LocationQuerySet":
        return self.filter(message__state__in=WAITING)


class Location(models.Model):
    """A site as it appears in one Granite request: one location, one ticket."""

    dispatch = models.ForeignKey(Dispatch, models.PROTECT, related_name="locations")
    position = models.PositiveSmallIntegerField()
    message = models.ForeignKey(Message, models.PROTECT, related_name="locations")
    index = models.PositiveSmallIntegerField(
        help_text="its place in the message, from 0: vendors name rows by it"
    )
    site = models.ForeignKey(Site, models.SET_NULL, null=True, blank=True, related_name="locations")

    location_name = models.CharField(max_length=200)
    location_number = models.CharField(max_length=60, blank=True)
    account_macnum = models.CharField(max_length=40)
    local_contact_name = models.CharField(max_length=200)
    local_contact_number = models.CharField(max_length=10, help_text="ten digits")
    location_contact_ext = models.CharField(max_length=20, blank=True)
    location_contact_email = models.EmailField(blank=True)
    secondary_lcon_name = models.CharField(max_length=200, blank=True)
    secondary_lcon_number = models.CharField(max_length=10, blank=True)
    secondary_lcon_ext = models.CharField(max_length=20, blank=True)
    secondary_lcon_email = models.EmailField(blank=True)
    starts_at = models.DateTimeField(help_text="UTC; the vendor is told the local time at the site")
    ends_at = models.DateTimeField(help_text="UTC; equal to the start for a hard start")
    time_zone = models.CharField(max_length=50, validators=[validate_zone])
    own = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="fields of the dispatch in which this location differs",
    )

    objects = LocationQuerySet.as_manager()

    class Meta:
        ordering = ["dispatch", "position"]
        constraints = [
            models.UniqueConstraint(fields=["dispatch", "position"], name="one_location_per_position"),
            models.UniqueConstraint(fields=["message", "index"], name="one_location_per_index"),
            models.UniqueConstraint(
                fields=["message", "location_name", "location_number"], name="locations_of_a_message_differ"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gte=F("starts_at")), name="location_ends_after_its_start"
            ),
            models.CheckConstraint(
                condition=Q(local_contact_number__regex=r"^\d{10}$"), name="location_phone_ten_digits"
            ),
            models.CheckConstraint(
                condition=~Q(location_name="") & ~Q(account_macnum="") & ~Q(local_contact_name=""),
                name="location_required_text",
            ),
        ]

    def __str__(self) -> str:
        return (
            f"{self.location_name} ({self.location_number})" if self.location_number else self.location_name
        )

    @property
    def is_hard_start(self) -> bool:
        return self.starts_at == self.ends_at

    @property
    def local_start(self) -> datetime:
        return self.starts_at.astimezone(zones.zone(self.time_zone))

    @property
    def local_end(self) -> datetime:
        return self.ends_at.astimezone(zones.zone(self.time_zone))


class EarlierSending(models.Model):
    """A message a location was in before two people found nothing of it. Kept for ever: it may have been sent twice."""

    location = models.ForeignKey(Location, models.PROTECT, related_name="earlier_sendings")
    message = models.ForeignKey(Message, models.PROTECT, related_name="handed_on")
    index = models.PositiveSmallIntegerField(help_text="its place in that message, from 0")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["message", "index"], name="one_earlier_sending_per_place"),
        ]

    def __str__(self) -> str:
        return f"{self.location_id} in {self.message_id}"
