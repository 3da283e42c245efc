from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.urls import reverse

from portal.models import StoredFile, Team, VendorAccount

if TYPE_CHECKING:
    from portal.models import User


class DraftQuerySet(models.QuerySet["Draft"]):
    def visible_to(self, user: "User") -> "DraftQuerySet":
        if not user.has_perm("tickets.submit_dispatch"):
            return self.none()
        if user.sees_all_teams:
            return self
        return self.filter(team__in=user.teams.all())

    def open(self) -> "DraftQuerySet":
        return self.filter(dispatch__isnull=True, discarded_at__isnull=True)


class Draft(models.Model):
    """A dispatch as somebody types it: every keystroke kept as it is, right or wrong, until it is submitted."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="drafts")
    account = models.ForeignKey(VendorAccount, models.PROTECT, related_name="+")
    what = models.JSONField(default=dict, help_text="ticket-level fields as typed, by the vendor's names")
    locations = models.JSONField(default=list, help_text="one object per row as typed, by the vendor's names")
    is_sheet = models.BooleanField(
        default=False, db_default=False, help_text="its rows are worked on as a table"
    )
    files = models.ManyToManyField(StoredFile, through="DraftFile", related_name="drafts")
    corrects = models.ForeignKey(
        "tickets.Dispatch", models.PROTECT, null=True, blank=True, related_name="corrections"
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="drafts")
    created_at = models.DateTimeField(auto_now_add=True)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(auto_now=True)
    saves = models.JSONField(default=dict, help_text="who saved each step last, and from which open page")
    discarded_at = models.DateTimeField(null=True, blank=True)

    objects = DraftQuerySet.as_manager()

    class Meta:
        ordering = ["-saved_at"]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("tickets:draft-what", args=[self.pk])

    @property
    def reference(self) -> str:
        """The number it will carry for life: `DSP-000123`; its messages add `-1`, `-2`, …"""
        return f"DSP-{self.pk:06d}"

    @property
    def is_submitted(self) -> bool:
        return hasattr(self, "dispatch")

    def row(self, index: int) -> dict[str, Any]:
        return self.locations[index]


class DraftFile(models.Model):
    draft = models.ForeignKey(Draft, models.CASCADE)
    file = models.ForeignKey(StoredFile, models.PROTECT)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.file_id} of {self.draft_id}"
