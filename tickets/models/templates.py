from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from portal.models import StoredFile, Team, VendorAccount
from tickets.models.drafts import Draft

if TYPE_CHECKING:
    from portal.models import User


class TemplateQuerySet(models.QuerySet["DispatchTemplate"]):
    def visible_to(self, user: "User") -> "TemplateQuerySet":
        if not user.has_perm("tickets.submit_dispatch"):
            return self.none()
        if user.sees_all_teams:
            return self
        return self.filter(team__in=user.teams.all())

    def offered(self) -> "TemplateQuerySet":
        return self.filter(retired_at__isnull=True)


class DispatchTemplate(models.Model):
    """A dispatch as a team begins it again and again: what is said, perhaps where, on which clock, and never which day."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="templates")
    account = models.ForeignKey(VendorAccount, models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    what = models.JSONField(default=dict, help_text="ticket-level fields as typed, by the vendor's names")
    locations = models.JSONField(default=list, help_text="one object per row as typed, times without a day")
    is_sheet = models.BooleanField(default=False, help_text="its rows are worked on as a table")
    with_sites = models.BooleanField(help_text="it brings its locations along")
    files = models.ManyToManyField(StoredFile, related_name="templates", blank=True)
    drafts = models.ManyToManyField(
        Draft,
        related_name="templates",
        blank=True,
        help_text="begun from it; how many is how much it is used",
    )
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True, help_text="no longer offered")

    objects = TemplateQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = "template"
        constraints = [
            models.CheckConstraint(condition=Q(name__regex=r"\S"), name="template_has_a_name"),
            models.UniqueConstraint(
                "team",
                Lower("name"),
                condition=Q(retired_at__isnull=True),
                name="one_template_of_a_name_per_team",
            ),
        ]

    def __str__(self) -> str:
        return self.name
