from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.models import Message
from tickets.models.tickets import Ticket


class PossibleDuplicate(models.Model):
    """A ticket at Granite that should not be: it came from us and belongs to no location, or to one sent again.

    Somebody may drive to it. It stays on the work list until a person says what was done about it.
    """

    ticket = models.OneToOneField(Ticket, models.PROTECT, related_name="possible_duplicate")
    message = models.ForeignKey(
        Message, models.PROTECT, related_name="possible_duplicates", help_text="whose reference it carries"
    )
    why = models.CharField(max_length=500)
    raised_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.TextField(blank=True, help_text="what was done about it")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(note__regex=r"\S"), name="duplicate_closed_says_why"
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(closed_at__isnull=True), name="open_duplicates"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.why}"
