from django.conf import settings
from django.db import models

from portal.models.accounts import VendorAccount


class Lookup(models.Model):
    """A question to a vendor that a page waits for. Reads only: it may be asked again at any time."""

    account = models.ForeignKey(VendorAccount, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    question = models.JSONField()
    question_hash = models.CharField(max_length=64)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(null=True, help_text="empty once answered")
    tries = models.PositiveSmallIntegerField(default=0)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.JSONField(null=True, blank=True)
    problem = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "question_hash"], name="one_lookup_per_question"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="lookups_due")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.question}"

    @property
    def is_waiting(self) -> bool:
        return self.due_at is not None
