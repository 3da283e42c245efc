"""What vendors bring to our sites: a line, a broadband access, a managed router; and what the vendor calls it."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat, Upper
from django.urls import reverse

from portal.models.accounts import Vendor
from sites.models.places import Site

if TYPE_CHECKING:
    from portal.models import User


class ServiceQuerySet(models.QuerySet["Service"]):
    def visible_to(self, user: "User") -> "ServiceQuerySet":
        """Services belong to places, which all teams share."""
        return self if user.has_perm("sites.view_service") else self.none()

    def matching(self, text: str) -> "ServiceQuerySet":
        """Services of which the ids, the name, the kind or the site hold every word of `text`."""
        found = self
        for word in text.replace("\x00", "").split()[:8]:
            upper = word.upper()
            sites = Site.objects.filter(search__contains=upper).order_by().values("pk")
            found = found.filter(Q(search__contains=upper) | Q(site__in=sites))
        return found


class Service(models.Model):
    """One service at one site: our id of it, the vendor's id of it, and whether somebody checked that they are the same.

    Both ids are text: leading zeros count. A vendor's id that was changed has to be checked again.
    """

    class State(models.TextChoices):
        UNMAPPED = "unmapped", "Unmapped"
        MAPPED = "mapped", "Not validated"
        VALIDATED = "validated", "Validated"
        WRONG = "wrong", "Wrong"

    our_id = models.CharField("our id", max_length=64, unique=True, help_text="text: leading zeros count")
    name = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=60, blank=True, help_text="circuit, broadband, DIA, SD-WAN …")
    site = models.ForeignKey(Site, models.PROTECT, related_name="services")
    vendor = models.CharField(max_length=20, choices=Vendor.choices, default=Vendor.GTT)
    vendor_service_id = models.CharField(
        "vendor’s service id", max_length=64, blank=True, help_text="text: leading zeros count"
    )
    state = models.CharField(max_length=12, choices=State.choices, default=State.UNMAPPED)
    checked_on = models.DateField(
        null=True, blank=True, help_text="the day it was found to be right, or wrong"
    )
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.TextField(blank=True)
    search = models.GeneratedField(
        expression=Upper(
            Concat(
                "our_id",
                *(part for field in ("vendor_service_id", "name", "kind") for part in (Value(" "), field)),
                output_field=models.TextField(),
            )
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = ServiceQuerySet.as_manager()

    class Meta:
        ordering = ["our_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["vendor", "vendor_service_id"],
                condition=~Q(vendor_service_id=""),
                name="one_service_per_vendor_id",
            ),
            models.CheckConstraint(
                condition=Q(vendor_service_id="", state="unmapped")
                | (~Q(vendor_service_id="") & ~Q(state="unmapped")),
                name="service_mapped_by_an_id",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("validated", "wrong"), checked_on__isnull=False)
                | Q(state__in=("unmapped", "mapped"), checked_on__isnull=True),
                name="service_checked_on_a_day",
            ),
            models.CheckConstraint(condition=~Q(our_id=""), name="service_has_our_id"),
        ]
        indexes = [GinIndex(fields=["search"], opclasses=["gin_trgm_ops"], name="services_search")]

    def __str__(self) -> str:
        return self.our_id

    def get_absolute_url(self) -> str:
        return reverse("sites:service", args=[self.pk])

    @property
    def is_validated(self) -> bool:
        return self.state == self.State.VALIDATED

    @property
    def what(self) -> str:
        """`SD-WAN, Boston primary`, as far as it is known."""
        return ", ".join(part for part in (self.kind, self.name) if part)

    @property
    def told_vendor_id(self) -> str:
        """The id to name to the vendor; one that was found wrong would send them to somebody else's line."""
        return "" if self.state == self.State.WRONG else self.vendor_service_id

    @property
    def warning(self) -> str:
        """Why the vendor may not know what is meant; "" where its id was validated."""
        vendor = self.get_vendor_display()
        return {
            self.State.UNMAPPED: f"No {vendor} service id is known for {self.our_id}: {vendor} is told our id alone.",
            self.State.MAPPED: f"Nobody has validated yet that {self.vendor_service_id} is {vendor}’s id of {self.our_id}.",
            self.State.WRONG: f"{self.vendor_service_id} was found not to be {vendor}’s id of {self.our_id} and is not named.",
        }.get(self.State(self.state), "")


class ServiceImport(models.Model):
    """A sheet of services as it was read. Nothing of it is in the register until its reader confirms."""

    name = models.CharField(max_length=200, help_text="of the file, or how else it came")
    header = models.JSONField(default=list)
    rows = models.JSONField(default=list, help_text="texts as read, one list per row")
    lines = models.JSONField(default=list, help_text="where each row stood in the sheet")
    notes = models.JSONField(default=list)
    read_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    read_at = models.DateTimeField(auto_now_add=True)
    imported_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({len(self.rows)} rows)"


class ServiceChange(models.Model):
    """One field of a service that somebody changed."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="changes")
    field = models.CharField(max_length=40)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(auto_now_add=True)
    service_import = models.ForeignKey(
        ServiceImport, models.SET_NULL, null=True, blank=True, related_name="changes"
    )

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.field}: {self.before} → {self.after}"
