from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portal.models.messages import Message

THE_PORTAL = "the portal"
# Before that the vendor may still be at work on a request whose answer was lost. The trigger knows it, too.
RESEND_AFTER = timedelta(minutes=15)


class Resolution(models.Model):
    """What a person says of a message whose outcome is unknown, and what came of it.

    Only `portal.outbox` writes here. What was said is never changed, what was decided is decided once.
    """

    class Kind(models.TextChoices):
        FOUND = "found", "Found it"
        NOT_THERE = "not_there", "Not there"
        WRITTEN_OFF = "written_off", "Written off"

    class State(models.TextChoices):
        OPEN = "open", "Open"  # found: the machine asks the vendor; not there: a second person is to look
        SETTLED = "settled", "Settled"
        CLOSED = "closed", "Closed"  # nothing came of it

    message = models.ForeignKey(Message, models.PROTECT, related_name="resolutions")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="empty: the portal itself found it in a list of the vendor's",
    )
    opened_at = models.DateTimeField(help_text="by the database's clock")
    note = models.TextField(blank=True, help_text="where this person looked, or the reason")
    vendor_ids = models.JSONField(default=list, blank=True, help_text="found: the ids as entered, each once")
    parts = models.JSONField(
        default=list,
        blank=True,
        help_text="places in the message, from 0: found: one for each id; not there: all in doubt",
    )

    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    result = models.TextField(blank=True, help_text="a sentence on what came of it")
    findings = models.JSONField(default=list, blank=True, help_text="found: what each id turned out to be")

    due_at = models.DateTimeField(null=True, blank=True, help_text="found: when the vendor is asked next")
    tries = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True, help_text="why the vendor could not be asked yet")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="not_there", state="settled")
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("opened_by"))),
                name="not_there_takes_two_people",
            ),
            models.CheckConstraint(
                condition=Q(opened_by__isnull=False) | Q(kind="found"), name="only_finding_is_for_machines"
            ),
            models.CheckConstraint(
                condition=Q(kind="found") | Q(note__regex=r"\S"), name="resolution_says_why"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True)
                | (~Q(state="open") & Q(decided_at__isnull=False)),
                name="resolution_decided_has_its_time",
            ),
            models.UniqueConstraint(
                fields=["message", "kind"], condition=Q(state="open"), name="one_open_resolution_of_a_kind"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="resolutions_to_check"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.message_id}"

    @property
    def who(self) -> str:
        return self.opened_by.name if self.opened_by else THE_PORTAL

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN
