from django.db import models

from portal.models.accounts import Vendor


class DriftEntry(models.Model):
    """Something a vendor's answer held that its contract does not name, or lacked. Listed for admins; nothing fails."""

    vendor = models.CharField(max_length=20, choices=Vendor.choices)
    operation = models.CharField(max_length=60)
    kind = models.CharField(max_length=30)
    path = models.CharField(max_length=200)
    sample = models.CharField(max_length=500, blank=True)
    seen = models.PositiveIntegerField(default=1, help_text="how often")
    first_seen_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(auto_now=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-last_seen_at"]
        verbose_name_plural = "drift"
        constraints = [
            # An unknown word is one entry per word, an unknown field one per field.
            models.UniqueConstraint(
                fields=["vendor", "operation", "kind", "path"], name="one_drift_entry_per_path"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_vendor_display()} {self.operation}: {self.kind} {self.path}"
