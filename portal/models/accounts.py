from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from portal import encryption
from portal.models.arming import Arming

# Both spellings of the create path seen in Granite's documentation; which one answers is learned by asking.
CREATE_PATH = "/api/v1/tickets/external"


class Vendor(models.TextChoices):
    GRANITE = "granite", "Granite"
    GTT = "gtt", "GTT"


class Operation(models.TextChoices):
    """What GTT names but does not document. Each is off for an account until somebody switches it on."""

    GET = "get", "Read one case"
    LIST = "list", "List cases"
    UPDATE = "update", "Change a case"
    COMMENT = "comment", "Comment on a case"


def check_zone(name: str) -> None:
    """A name of the time zone database, such as Europe/Berlin."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValidationError(
            f"“{name}” is no time zone. Give a name such as UTC or America/Denver."
        ) from error


class VendorAccount(models.Model):
    """Our key to one vendor: where it is, who we are there, how fast and how much at once we may ask."""

    vendor = models.CharField(max_length=20, choices=Vendor.choices)
    name = models.CharField(max_length=80, help_text="How people here call this account.")
    is_default = models.BooleanField(
        default=False, help_text="Used for new work where nobody chooses another."
    )
    api_url = models.URLField(
        "API address", max_length=300, help_text="e.g. https://api.staging.granitemsp.com"
    )
    token_url = models.URLField("token address", max_length=300)
    client_id = models.CharField(max_length=200)
    encrypted_secret = models.TextField(blank=True, editable=False)
    secret_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    scope = models.CharField(
        max_length=300, blank=True, help_text="Space-separated, e.g. urn:grt:techexpress"
    )
    namespace = models.CharField(max_length=100, blank=True, help_text="GTT only.")
    operations = models.JSONField(
        "switched on",
        default=list,
        db_default=[],
        blank=True,
        help_text="GTT only. GTT names these but has not confirmed how they work.",
    )
    assumed_zone = models.CharField(
        max_length=60,
        default="UTC",
        db_default="UTC",
        validators=[check_zone],
        help_text="GTT only: the time zone of times that GTT gives without one.",
    )
    create_path = models.CharField(max_length=200, blank=True, default=CREATE_PATH, help_text="Granite only.")
    answering_path = models.CharField(
        max_length=200,
        blank=True,
        editable=False,
        help_text="The spelling of the create path that last answered.",
    )
    granted_tenant_macnum = models.CharField(
        max_length=40, blank=True, help_text="Granite only: the company on whose behalf this account acts."
    )
    requests_per_minute = models.PositiveSmallIntegerField(
        default=60,
        validators=[MinValueValidator(6), MaxValueValidator(6000)],
        help_text="The vendor's limit per rolling minute; the portal stays below it.",
    )
    locations_per_message = models.PositiveSmallIntegerField(
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(25)],
        help_text="A lost answer puts this many technicians in doubt: smaller is safer, larger is faster.",
    )
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused_reason = models.CharField(max_length=300, blank=True, editable=False)
    last_success_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["vendor", "name"]
        constraints = [
            models.UniqueConstraint(fields=["vendor", "name"], name="one_account_per_name"),
            models.UniqueConstraint(
                fields=["vendor"], condition=models.Q(is_default=True), name="one_default_account_per_vendor"
            ),
            # The vendor counts requests per key, and so must we: two rows for one key would ask twice as fast.
            models.UniqueConstraint(
                fields=["vendor", "client_id"],
                name="one_account_per_key",
                violation_error_message="Another account of this vendor already uses this client id.",
            ),
            models.CheckConstraint(
                condition=models.Q(locations_per_message__gte=1, locations_per_message__lte=25),
                name="locations_per_message_1_to_25",
            ),
            models.CheckConstraint(
                condition=models.Q(requests_per_minute__gte=6), name="requests_per_minute_at_least_6"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_vendor_display()} – {self.name}"

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    def may(self, operation: str) -> bool:
        """Whether this account may use an operation that GTT has not documented; see `Operation`."""
        return operation in self.operations

    @property
    def standstill(self) -> str:
        """A sentence on why nothing is sent through this account at the moment; "" while it is."""
        if why_not := Arming.why_not_on_page():
            return why_not
        if self.is_paused:
            return f"Sending through {self} is paused: {self.paused_reason.rstrip('.')}. It goes on when the pause ends."
        breaker = getattr(self, "breaker", None)
        if breaker is None or breaker.state == "closed":
            return ""
        if breaker.state == "trial":
            return f"{self.get_vendor_display()} answers again; one request is sent first to see."
        return (
            f"{self.get_vendor_display()} does not answer, so nothing is sent to it. "
            "The portal keeps asking and goes on by itself."
        )

    @property
    def secret(self) -> str:
        """The client secret in clear; raises encryption.Undecipherable when the key is gone."""
        return encryption.decrypt(self.encrypted_secret) if self.encrypted_secret else ""

    @property
    def secret_hint(self) -> str:
        """Enough to tell two secrets apart, no more."""
        try:
            secret = self.secret
        except encryption.Undecipherable:
            return "cannot be read with the present FIELD_ENCRYPTION_KEY"
        return f"…{secret[-4:]}" if len(secret) >= 12 else ("set" if secret else "not set")


class VendorToken(models.Model):
    """The bearer token all workers share. Renewed by one of them at a time (`renewing_until`)."""

    account = models.OneToOneField(VendorAccount, models.CASCADE, primary_key=True, related_name="token")
    encrypted_value = models.TextField(blank=True)
    version = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField(null=True, blank=True)
    obtained_at = models.DateTimeField(null=True, blank=True)
    renewing_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"token {self.version} of {self.account_id}"
