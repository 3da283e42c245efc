import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portal.models.accounts import VendorAccount
from portal.models.files import StoredFile


class State(models.TextChoices):
    QUEUED = "queued", "Waiting"
    CLAIMED = "claimed", "About to be sent"
    SENDING = "sending", "Being sent"
    DONE = "done", "Done"
    REJECTED = "rejected", "Rejected"
    UNKNOWN = "unknown", "Outcome unknown"
    HELD = "held", "Held"
    CANCELLED = "cancelled", "Cancelled"
    NOT_CREATED = "not_created", "Not created"
    ABANDONED = "abandoned", "Written off"


IN_A_WORKER = (State.CLAIMED, State.SENDING)
WAITING = (State.QUEUED, State.CLAIMED, State.SENDING, State.HELD)
# The last two by people. Whatever comes to light after that is evidence and changes the state no more.
SETTLED = (State.DONE, State.REJECTED, State.CANCELLED, State.NOT_CREATED, State.ABANDONED)
# Two of these for one chunk would send technicians twice: the database refuses the second.
LIVE = (*WAITING, State.UNKNOWN, State.DONE)


class HeldReason(models.TextChoices):
    CREDENTIAL = "credential", "the vendor refuses our credentials"
    PERMISSION = "permission", "the vendor says this account may not do that"
    PATH = "path", "the vendor does not know the address we call"
    REDIRECT = "redirect", "the vendor redirects the call, which we never follow"
    FILE = "file", "a file is missing or was changed"
    PAYLOAD = "payload", "the frozen message was changed"
    SECRET = "secret", "the stored secret cannot be read"
    SENT_BEFORE = "sent before", "a machine's log says that it was sent before"
    CONFLICT = "conflict", "the vendor's record was changed meanwhile"


class MessageQuerySet(models.QuerySet["Message"]):
    def in_sending_order(self) -> "MessageQuerySet":
        return self.order_by("priority", "due_at", "id")


class Message(models.Model):
    """One outbound request that cannot be taken back, frozen when it was promised.

    The table is the queue. Which state may follow which is held by a trigger (see the migrations); only
    `portal.outbox` writes here.
    """

    INTERACTIVE, BULK = 0, 5

    account = models.ForeignKey(VendorAccount, models.PROTECT, related_name="messages")
    kind = models.CharField(max_length=40)
    reference = models.CharField(max_length=40, unique=True, help_text="what people search for at the vendor")
    chunk = models.CharField(max_length=60, help_text="what would be done twice, e.g. dispatch:12:1")
    payload = models.JSONField(help_text="the request, frozen")
    payload_hash = models.CharField(max_length=64)
    weight = models.PositiveSmallIntegerField(
        default=1, help_text="technicians in doubt if the answer is lost"
    )
    files = models.ManyToManyField(StoredFile, through="MessageFile", related_name="messages")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    priority = models.PositiveSmallIntegerField(default=BULK)

    state = models.CharField(max_length=20, choices=State.choices, default=State.QUEUED)
    due_at = models.DateTimeField()
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    send_deadline_at = models.DateTimeField(null=True, blank=True)
    held_reason = models.CharField(max_length=20, choices=HeldReason.choices, blank=True)
    detail = models.TextField(blank=True, help_text="a sentence for people on why it stands where it stands")
    failures = models.PositiveSmallIntegerField(default=0, help_text="tries in a row that sent nothing")
    settled_at = models.DateTimeField(null=True, blank=True)
    renews = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="renewals",
        help_text="the message two people found nothing of",
    )
    repeats = models.ManyToManyField(
        "self",
        symmetrical=False,
        related_name="repeated_by",
        blank=True,
        help_text="messages of which this one may be a second sending, for ever",
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="message_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=IN_A_WORKER) | Q(lease_token__isnull=False, lease_until__isnull=False),
                name="message_in_a_worker_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.SENDING) | Q(send_deadline_at__isnull=False),
                name="message_being_sent_has_a_deadline",
            ),
            models.CheckConstraint(
                condition=Q(state__in=SETTLED, settled_at__isnull=False)
                | (~Q(state__in=SETTLED) & Q(settled_at__isnull=True)),
                name="message_settled_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(state=State.HELD) | Q(held_reason=""), name="message_held_reason_only_when_held"
            ),
            models.UniqueConstraint(
                fields=["chunk"], condition=Q(state__in=LIVE), name="one_live_message_per_chunk"
            ),
        ]
        indexes = [
            models.Index(
                F("priority"), F("due_at"), F("id"), condition=Q(state=State.QUEUED), name="messages_due"
            ),
            models.Index(fields=["state", "id"], condition=~Q(state__in=SETTLED), name="messages_open"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_waiting(self) -> bool:
        return self.state in WAITING

    @property
    def is_unknown(self) -> bool:
        return self.state == State.UNKNOWN

    @property
    def last_attempt(self) -> "Attempt | None":
        return self.attempts.order_by("-number").first()


class MessageFile(models.Model):
    """A file of a message, in its place. Keeps the file from being deleted while a message names it."""

    message = models.ForeignKey(Message, models.CASCADE)
    file = models.ForeignKey(StoredFile, models.PROTECT)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["message", "position"], name="one_file_per_position")]

    def __str__(self) -> str:
        return f"{self.file_id} of {self.message_id}"


class Attempt(models.Model):
    """One try of a message, written down before the first byte leaves and closed with what came back."""

    class Outcome(models.TextChoices):
        OPEN = "", "no answer yet"
        DONE = "done", "Done"
        REJECTED = "rejected", "Rejected"
        NOT_EXECUTED = "not executed", "Not executed"
        NOT_SENT = "not sent", "Not sent"
        UNKNOWN = "unknown", "Outcome unknown"

    message = models.ForeignKey(Message, models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    correlation_id = models.UUIDField(default=uuid.uuid4, unique=True)
    lease_token = models.UUIDField()
    worker = models.CharField(max_length=100, blank=True)
    path = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices, blank=True, default=Outcome.OPEN)
    reason = models.CharField(
        max_length=30, blank=True, help_text="of 'not executed': credential, throttled, …"
    )
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="HTTP status of the answer")
    detail = models.TextField(blank=True)
    problems = models.JSONField(
        default=list, blank=True, help_text="what the vendor named: field, index, message"
    )
    request_headers = models.JSONField(default=dict, blank=True)
    response_headers = models.JSONField(default=dict, blank=True)
    response_body = models.TextField(blank=True, help_text="as received, cut after 100,000 characters")
    elapsed_ms = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["message", "number"]
        constraints = [models.UniqueConstraint(fields=["message", "number"], name="one_attempt_per_number")]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.message_id}"


class MessageTransition(models.Model):
    """Every change of state of every message, written by the database itself."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="transitions")
    before = models.CharField(max_length=20, blank=True)
    after = models.CharField(max_length=20)
    at = models.DateTimeField()
    detail = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.before or 'new'} → {self.after}"


class RateBudget(models.Model):
    """A token bucket per account, shared by every worker on every machine. Written by `portal.ratelimit` alone."""

    account = models.OneToOneField(VendorAccount, models.CASCADE, primary_key=True, related_name="budget")
    tokens = models.FloatField()
    refreshed_at = models.DateTimeField()
    shrunk_until = models.DateTimeField(
        null=True, blank=True, help_text="after a 429 the rate is a quarter lower"
    )
    closed_until = models.DateTimeField(null=True, blank=True, help_text="the vendor asked us to wait")

    def __str__(self) -> str:
        return f"budget of {self.account_id}"
