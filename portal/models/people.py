from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractUser
from django.db import models

if TYPE_CHECKING:
    from django.db.models import QuerySet


class User(AbstractUser):
    """Somebody who signs in. What they may do comes from their roles (groups), what they see from their teams."""

    class Meta(AbstractUser.Meta):
        permissions = [
            ("use_admin", "May open the admin site"),
            ("see_all_teams", "Sees the work of every team"),
        ]

    @property
    def sees_all_teams(self) -> bool:
        return self.has_perm("portal.see_all_teams")

    @property
    def name(self) -> str:
        return self.get_full_name() or self.username

    def teams_to_work_for(self) -> "QuerySet[Team]":
        """The teams this person may start work for: their own, or all where they see all."""
        return Team.objects.all() if self.sees_all_teams else self.teams.all()


class Team(models.Model):
    """People who share their dispatches. Other teams do not see them."""

    name = models.CharField(max_length=80, unique=True)
    members = models.ManyToManyField(User, related_name="teams", blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
