from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from portal.models.accounts import VendorAccount
from portal.models.messages import Message, State


class WebhookToken(models.Model):
    """The secret part of one address at which a vendor may tell us things. Only its hash is kept."""

    account = models.ForeignKey(VendorAccount, models.PROTECT, related_name="webhook_tokens")
    sha256 = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(auto_now_add=True)
    valid_until = models.DateTimeField(null=True, blank=True, help_text="empty: for good")

    def __str__(self) -> str:
        return f"address {self.pk} of {self.account}"

    @classmethod
    def valid(cls) -> "models.QuerySet[WebhookToken]":
        return cls.objects.filter(Q(valid_until=None) | Q(valid_until__gt=Now()))


class Delivery(models.Model):
    """What a vendor told us without being asked: its very bytes, kept before anybody understands them."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        PROCESSED = "processed", "Heeded"
        UNREADABLE = "unreadable", "Unreadable"
        IGNORED = "ignored", "Nothing to do"

    account = models.ForeignKey(VendorAccount, models.PROTECT, related_name="deliveries")
    token = models.ForeignKey(WebhookToken, models.PROTECT, related_name="deliveries")
    method = models.CharField(max_length=10)
    content_type = models.CharField(max_length=200, blank=True)
    headers = models.JSONField(default=dict, help_text="without credentials")
    body = models.BinaryField(help_text="as it came")
    received_at = models.DateTimeField(db_default=Now())

    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField(db_default=Now(), help_text="when it is looked at next, while it waits")
    tries = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True, help_text="why it could not be heeded yet")
    processed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=1000, blank=True, help_text="a sentence on what came of it")
    object_key = models.CharField(max_length=200, blank=True, help_text="what it tells of: CS0074187")

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(state="waiting"), name="deliveries_to_heed"),
            models.Index(fields=["account", "-id"], name="deliveries_of_account"),
            models.Index(fields=["token", "-id"], name="deliveries_at_address"),
            models.Index(fields=["object_key"], name="deliveries_by_object"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("delivery", args=[self.pk])


class Subscription(models.Model):
    """Our wish to be told of one action at one address of our own. How it stands is what its message says."""

    account = models.ForeignKey(VendorAccount, models.PROTECT, related_name="subscriptions")
    action = models.CharField(max_length=40, help_text="GTT's word: create, update")
    name = models.CharField(max_length=100, help_text="unique at GTT, e.g. case-v1alpha-create")
    token = models.OneToOneField(WebhookToken, models.PROTECT, related_name="subscription")
    message = models.OneToOneField(Message, models.PROTECT, null=True, related_name="subscription")
    was_in_doubt = models.BooleanField(
        default=False, help_text="asked for before without an answer: that its name is taken proves it stands"
    )
    replaces = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="successor")
    made_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    test_wanted_at = models.DateTimeField(null=True, blank=True)
    test_result = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["account", "action", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="one_subscription_per_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_name_taken(self) -> bool:
        if self.message is None or self.message.state != State.REJECTED:
            return False
        last = self.message.attempts.order_by("-pk").first()
        return last is not None and last.status == 409

    @property
    def state(self) -> str:
        """wanted, subscribed, refused, unknown or retired."""
        if self.retired_at:
            return "retired"
        if self.message is None:
            return "wanted"
        if self.message.state == State.DONE or (self.was_in_doubt and self.is_name_taken):
            return "subscribed"
        if self.message.state == State.UNKNOWN:
            return "unknown"
        return "refused" if self.message.state in (State.REJECTED, State.CANCELLED) else "wanted"

    @property
    def words(self) -> str:
        """A sentence on how it stands."""
        said = self.message.detail if self.message else ""
        if self.state == "refused" and said:
            return said
        return {
            "wanted": "It is about to be sent to GTT.",
            "subscribed": "GTT confirmed it.",
            "refused": "GTT refused it.",
            "unknown": "GTT's answer was lost: it may stand. Ask again; the name tells.",
            "retired": "Its address is closed.",
        }[self.state] + (f" {said}" if said and self.state in ("wanted", "unknown") else "")
