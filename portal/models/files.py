import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.module_loading import import_string

from portal.models.people import User


def stored_name(stored: "StoredFile", filename: str) -> str:
    """Where the bytes lie. Nothing of the uploader's name gets into a path."""
    return f"uploads/{stored.key.hex[:2]}/{stored.key.hex}"


class StoredFileQuerySet(models.QuerySet["StoredFile"]):
    def visible_to(self, user: User) -> "StoredFileQuerySet":
        """One's own files, those of work one sees, and all of them where one sees every team.

        Not those of team mates as such: a mate may also work for a team whose work one does not see.
        """
        if user.sees_all_teams:
            return self
        of_seen_work = Q()
        for name in settings.FILES_OF_SEEN_WORK:
            of_seen_work |= Q(pk__in=import_string(name)(user))
        return self.filter(Q(uploaded_by=user) | of_seen_work)


class StoredFile(models.Model):
    """An upload that passed every check. Never changed; the hash says so before each send."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=200, help_text="as the vendor will see it")
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.FileField(upload_to=stored_name, max_length=120)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)

    objects = StoredFileQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name
