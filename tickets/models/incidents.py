from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from portal.models import Team
from tickets.models.cases import Case, CaseComment
from tickets.models.drafts import Draft
from tickets.models.tickets import Ticket

if TYPE_CHECKING:
    from portal.models import User


class IncidentQuerySet(models.QuerySet["Incident"]):
    def visible_to(self, user: "User") -> "IncidentQuerySet":
        if not user.has_perm("tickets.view_incident"):
            return self.none()
        if user.sees_all_teams:
            return self
        return self.filter(team__in=user.teams.all())

    def open(self) -> "IncidentQuerySet":
        return self.filter(closed_at=None)


class Incident(models.Model):
    """What happened, once: the cases at GTT and the dispatches through Granite that are about it."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="incidents")
    title = models.CharField(max_length=160)
    cases = models.ManyToManyField(Case, related_name="incidents", blank=True)
    drafts = models.ManyToManyField(
        Draft, related_name="incidents", blank=True, help_text="of its dispatches, submitted or not"
    )
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closing_note = models.CharField(max_length=500, blank=True)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="incident_has_a_title"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="incident_closed_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["team", "-id"], name="incidents_of_a_team")]

    def __str__(self) -> str:
        return f"INC-{self.pk:06d}"

    def get_absolute_url(self) -> str:
        return reverse("tickets:incident", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class ToldTicket(models.Model):
    """A ticket GTT was told of in a comment on the case of the same incident: once."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="told_tickets")
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="told_to")
    comment = models.ForeignKey(CaseComment, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "ticket"], name="one_ticket_told_once")]

    def __str__(self) -> str:
        return f"{self.ticket_id} on {self.case_id}"
