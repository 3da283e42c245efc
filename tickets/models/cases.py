import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.urls import reverse

from portal.models import Message, StoredFile, Team, VendorAccount
from sites.models import Service, Site

if TYPE_CHECKING:
    from portal.models import User

# ServiceNow's words for an end, which GTT shows; everything else counts as open.
ENDED = ("Closed", "Resolved", "Cancelled", "Canceled")


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: "User") -> "CaseQuerySet":
        if not user.has_perm("tickets.view_case"):
            return self.none()
        if user.sees_all_teams:
            return self
        return self.filter(team__in=user.teams.all())

    def open(self) -> "CaseQuerySet":
        return self.exclude(state__in=ENDED)


class Case(models.Model):
    """A support case at GTT: what we asked for, and our copy of what GTT says of it, in GTT's field names.

    Until GTT has answered it has no number. The copy is written by `tickets.case_mirror` alone.
    """

    key = models.UUIDField(unique=True, default=uuid.uuid4, help_text="of the open form: it is sent once")
    account = models.ForeignKey(VendorAccount, models.PROTECT, related_name="cases")
    team = models.ForeignKey(Team, models.PROTECT, related_name="cases")
    site = models.ForeignKey(Site, models.SET_NULL, null=True, blank=True, related_name="cases")
    service = models.ForeignKey(Service, models.SET_NULL, null=True, blank=True, related_name="cases")
    message = models.ForeignKey(Message, models.PROTECT, null=True, related_name="cases")
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="cases")
    submitted_at = models.DateTimeField(auto_now_add=True)
    files = models.ManyToManyField(
        StoredFile, blank=True, related_name="cases", help_text="kept here; GTT takes no files"
    )

    short_description = models.CharField(max_length=160)
    description = models.TextField(help_text="as it was sent, with the facts of the site and our reference")
    case_type = models.CharField(max_length=100)
    priority = models.CharField(max_length=100)
    category = models.CharField(max_length=100)
    subcategory = models.CharField(max_length=100, blank=True)

    number = models.CharField(max_length=40, blank=True, help_text="GTT's, CS0074187")
    case_id = models.CharField(max_length=64, blank=True, help_text="GTT's own key, 32 characters")
    state = models.CharField(max_length=100, blank=True, help_text="GTT's word")
    opened_at = models.DateTimeField(null=True, blank=True)
    opened_text = models.CharField(max_length=60, blank=True, help_text="as GTT wrote it, without a zone")
    updated_at = models.DateTimeField(null=True, blank=True, help_text="GTT's time of the last change")
    raw = models.JSONField(default=dict, help_text="as GTT last said it, whole")

    first_seen_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True, help_text="when GTT last confirmed all this")
    read_by = models.CharField(max_length=10, blank=True, help_text="answer, poll or webhook")
    next_read_at = models.DateTimeField(null=True, blank=True, help_text="empty: not followed")
    read_problem = models.CharField(max_length=500, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    wanted_at = models.DateTimeField(null=True, blank=True, help_text="when somebody last asked for news")
    search = models.TextField(default="", editable=False)

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        permissions = [("raise_case", "Can raise cases, comment on them and resolve them")]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "number"], condition=~Q(number=""), name="one_case_per_number"
            ),
            models.CheckConstraint(
                condition=~Q(short_description="") & ~Q(case_type="") & ~Q(priority="") & ~Q(category=""),
                name="case_required_text",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_read_at"], condition=Q(next_read_at__isnull=False), name="cases_to_read"
            ),
            models.Index(fields=["team", "-id"], name="cases_of_a_team"),
            models.Index(fields=["case_id"], name="cases_by_id"),
            GinIndex(fields=["search"], opclasses=["gin_trgm_ops"], name="cases_search"),
        ]

    def __str__(self) -> str:
        return self.number or self.reference

    def get_absolute_url(self) -> str:
        return reverse("tickets:case", args=[self.pk])

    @property
    def reference(self) -> str:
        """Ours, for life; it stands in the description: `CAS-000123`."""
        return f"CAS-{self.pk:06d}"

    @property
    def is_open(self) -> bool:
        return self.state not in ENDED

    @property
    def is_wanted(self) -> bool:
        """Somebody asked for news and GTT was not asked since."""
        return self.wanted_at is not None and (self.tried_at is None or self.tried_at < self.wanted_at)


class CaseComment(models.Model):
    """One comment of the thread, ours or GTT's. Ours is promised first and told once GTT shows it."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="comments")
    text = models.TextField()
    author = models.CharField(max_length=200, blank=True, help_text="as GTT names them")
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    message = models.OneToOneField(
        Message, models.PROTECT, null=True, blank=True, related_name="case_comment"
    )
    fingerprint = models.CharField(max_length=64, blank=True, help_text="tells GTT's comments apart")
    at = models.DateTimeField(help_text="GTT's time, or when it was written here")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "fingerprint"], condition=~Q(fingerprint=""), name="one_comment_once"
            ),
            models.CheckConstraint(condition=Q(text__regex=r"\S"), name="comment_says_something"),
        ]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def is_ours(self) -> bool:
        return self.written_by_id is not None


class CaseEdit(models.Model):
    """Fields of a case we asked GTT to change, with what the person saw there when they did."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="edits")
    message = models.OneToOneField(Message, models.PROTECT, related_name="case_edit")
    changes = models.JSONField(help_text="GTT's field names and the values wanted")
    seen = models.JSONField(help_text="the same fields as they were when it was written")
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return ", ".join(self.changes)


class CaseChange(models.Model):
    """One field of a case that changed at GTT, and when we learned of it."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="changes")
    field = models.CharField(max_length=40)
    before = models.CharField(max_length=300, blank=True)
    after = models.CharField(max_length=300, blank=True)
    seen_at = models.DateTimeField()
    source = models.CharField(max_length=10)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.field}: {self.before} → {self.after}"


class CaseChoice(models.Model):
    """A word offered for a field of a new case. GTT publishes no list, so administrators keep ours."""

    class Field(models.TextChoices):
        CASE_TYPE = "case_type", "Type"
        PRIORITY = "priority", "Priority"
        CATEGORY = "category", "Category"
        SUBCATEGORY = "subcategory", "Subcategory"

    field = models.CharField(max_length=20, choices=Field.choices)
    value = models.CharField(max_length=100, help_text="exactly as GTT takes it")
    category = models.CharField(
        max_length=100, blank=True, help_text="Subcategories only: of which category; blank: of all"
    )
    position = models.PositiveSmallIntegerField(default=1)
    is_offered = models.BooleanField(default=True)

    class Meta:
        ordering = ["field", "position", "value"]
        constraints = [
            models.UniqueConstraint(fields=["field", "value", "category"], name="one_choice_once"),
        ]

    def __str__(self) -> str:
        return self.value
