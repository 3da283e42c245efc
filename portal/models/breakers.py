from django.db import models

from portal.models.accounts import VendorAccount


class Breaker(models.Model):
    """Keeps creates back while a vendor does not answer. Written by `portal.breaker` alone; no row is closed."""

    class State(models.TextChoices):
        CLOSED = "closed", "Sending"
        OPEN = "open", "Stopped: the vendor does not answer"
        TRIAL = "trial", "Trying with one request"

    account = models.OneToOneField(VendorAccount, models.CASCADE, primary_key=True, related_name="breaker")
    state = models.CharField(max_length=10, choices=State.choices, default=State.CLOSED)
    failures = models.PositiveSmallIntegerField(default=0, help_text="calls in a row without an answer")
    openings = models.PositiveSmallIntegerField(default=0, help_text="in a row: each doubles the wait")
    open_until = models.DateTimeField(
        null=True, blank=True, help_text="then a read asks whether it answers again"
    )
    changed_at = models.DateTimeField()
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="open") | models.Q(open_until__isnull=False),
                name="open_breaker_has_an_end",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.get_state_display()}"
