from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat, Upper

from portal.models import VendorAccount
from sites import zones


def validate_zone(name: str) -> None:
    if not zones.is_zone(name):
        raise ValidationError("This is not a time zone. An example: America/New_York.")


class Account(models.Model):
    """Granite's account at one place: our copy, written by `sites.mirror` alone."""

    vendor_account = models.ForeignKey(VendorAccount, models.CASCADE, related_name="+")
    macnum = models.CharField(max_length=40, help_text="text: leading zeros count")
    account_id = models.BigIntegerField(
        null=True, blank=True, help_text="Granite's id, needed for estimated costs"
    )
    name = models.CharField(max_length=200, blank=True)
    company_name = models.CharField(max_length=200, blank=True)
    address_line_1 = models.CharField(max_length=200, blank=True)
    address_line_2 = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=20, blank=True)
    zip = models.CharField(max_length=20, blank=True)
    local_contact_name = models.CharField(max_length=200, blank=True)
    local_contact_phone = models.CharField(max_length=40, blank=True)
    location_contact_email = models.CharField(max_length=200, blank=True)
    seen_at = models.DateTimeField(help_text="when Granite last told us so")

    class Meta:
        ordering = ["name", "macnum"]
        constraints = [
            models.UniqueConstraint(fields=["vendor_account", "macnum"], name="one_account_per_macnum")
        ]

    def __str__(self) -> str:
        return f"{self.name or self.company_name} ({self.macnum})"

    @property
    def address(self) -> str:
        return one_line(self.address_line_1, self.address_line_2, self.city, self.state, self.zip)

    @property
    def likely_zone(self) -> str:
        """By its ZIP code; failing that, where most people of its state live."""
        return zones.zone_for(state=self.state, zip_code=self.zip) or zones.zone_for_state(self.state)


class SiteQuerySet(models.QuerySet["Site"]):
    def matching(self, text: str) -> "SiteQuerySet":
        """Sites whose name, number, address or macnum holds every word of `text`."""
        found = self
        for word in text.split()[:8]:
            found = found.filter(search__contains=word.upper())
        return found


class Site(models.Model):
    """One of our places: a store, a branch, an office."""

    name = models.CharField(max_length=200)
    number = models.CharField(max_length=40, blank=True, help_text="text: leading zeros count")
    address_line_1 = models.CharField(max_length=200)
    address_line_2 = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100)
    state = models.CharField(max_length=2)
    zip = models.CharField("ZIP code", max_length=10)
    latitude = models.DecimalField(
        max_digits=8,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )
    longitude = models.DecimalField(
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )
    time_zone = models.CharField(max_length=50, validators=[validate_zone], help_text="e.g. America/New_York")
    account = models.ForeignKey(
        Account,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="sites",
        help_text="Granite's account here",
    )
    access_notes = models.TextField(blank=True, help_text="hours, badge, escort: what a technician must know")
    search = models.GeneratedField(
        expression=Upper(
            Concat(
                "number",
                *(
                    part
                    for field in ("name", "address_line_1", "city", "state", "zip")
                    for part in (Value(" "), field)
                ),
                output_field=models.TextField(),
            )
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = SiteQuerySet.as_manager()

    class Meta:
        ordering = ["number", "name"]
        constraints = [
            models.UniqueConstraint(fields=["number"], condition=~Q(number=""), name="one_site_per_number"),
        ]
        indexes = [GinIndex(fields=["search"], opclasses=["gin_trgm_ops"], name="sites_search")]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})" if self.number else self.name

    @property
    def address(self) -> str:
        return one_line(self.address_line_1, self.address_line_2, self.city, self.state, self.zip)

    @property
    def proven_zone(self) -> str:
        """What its coordinates, ZIP code or state say of the time there; "" if they do not settle it."""
        return zones.zone_for(
            state=self.state, zip_code=self.zip, latitude=self.latitude, longitude=self.longitude
        )


class Contact(models.Model):
    """Somebody at a site: the first is its LCON, the second the fallback."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="contacts")
    position = models.PositiveSmallIntegerField(default=1)
    name = models.CharField(max_length=200)
    phone = models.CharField(max_length=40)
    extension = models.CharField(max_length=20, blank=True)
    email = models.EmailField(blank=True)
    hours = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["site", "position", "id"]

    def __str__(self) -> str:
        return self.name


def one_line(line_1: str, line_2: str, city: str, state: str, zip_code: str) -> str:
    """An address as one line of text, without the parts that are empty."""
    street = ", ".join(part for part in (line_1, line_2) if part)
    return ", ".join(part for part in (street, city, f"{state} {zip_code}".strip()) if part)
