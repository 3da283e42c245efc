from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.models import Message, Resolution
from tickets.models.duplicates import PossibleDuplicate


class Mailing(models.Model):
    """A mail with everything one person is to be told at that time. What it says is written when it leaves.

    One person has at most one that has not left, which is what makes fifty reminders a single mail.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mailings")
    created_at = models.DateTimeField(help_text="by the database's clock")
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    may_have_arrived = models.BooleanField(
        default=False, help_text="a try broke off; one more is made, and no third"
    )
    problem = models.CharField(max_length=500, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True, help_text="sent, or not to be sent any more")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(closed_at__isnull=True), name="one_open_mailing_per_person"
            ),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(closed_at__isnull=False), name="sent_mailing_is_closed"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(closed_at__isnull=True), name="open_mailings"),
            models.Index(fields=["person", "sent_at"], name="mailings_sent"),
        ]

    def __str__(self) -> str:
        return f"mail {self.pk} to {self.person_id}"


class Reminder(models.Model):
    """One thing one person is told once. The row is the memory: whoever finds it says it no second time."""

    class About(models.TextChoices):
        UNKNOWN = "unknown", "Outcome unknown"
        SECOND_PERSON = "second person", "A second person is to look"
        SETTLED = "settled", "Settled"
        DUPLICATE = "duplicate", "Possible duplicate"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reminders")
    about = models.CharField(max_length=20, choices=About.choices)
    message = models.ForeignKey(Message, models.PROTECT, related_name="reminders")
    step = models.PositiveSmallIntegerField(
        default=0,
        help_text="unknown: 0 at once, 1 'not there' may be said, 2 after 1 h, 3 after 4 h, then daily",
    )
    resolution = models.ForeignKey(Resolution, models.PROTECT, null=True, blank=True, related_name="+")
    duplicate = models.ForeignKey(PossibleDuplicate, models.PROTECT, null=True, blank=True, related_name="+")
    raised_at = models.DateTimeField(help_text="by the database's clock")
    mailing = models.ForeignKey(
        Mailing,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="reminders",
        help_text="the mail it is in",
    )
    is_told = models.BooleanField(default=False, help_text="it stood in a mail that left")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["message", "person", "about", "step", "resolution", "duplicate"],
                nulls_distinct=False,
                name="told_once",
            ),
        ]
        indexes = [
            models.Index(fields=["person"], condition=Q(mailing__isnull=True), name="reminders_to_mail"),
        ]

    def __str__(self) -> str:
        return f"{self.get_about_display()}: {self.message_id} to {self.person_id}"
