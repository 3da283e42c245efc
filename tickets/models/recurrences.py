from datetime import date
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from portal.models import StoredFile, Team, VendorAccount
from tickets import recurrence as rules
from tickets.models.drafts import Draft
from tickets.recurrence import Rule

if TYPE_CHECKING:
    from portal.models import User


class RecurrenceQuerySet(models.QuerySet["Recurrence"]):
    def visible_to(self, user: "User") -> "RecurrenceQuerySet":
        if not user.has_perm("tickets.submit_dispatch"):
            return self.none()
        if user.sees_all_teams:
            return self
        return self.filter(team__in=user.teams.all())

    def running(self) -> "RecurrenceQuerySet":
        return self.filter(paused_at__isnull=True, ended_at__isnull=True)


class Recurrence(models.Model):
    """A dispatch that comes again by a rule. Each day of the rule becomes one occurrence, once."""

    class Pattern(models.TextChoices):
        WEEKLY = rules.WEEKLY_ON, "Every week, or every few weeks"
        MONTH_DAY = rules.MONTHLY_ON_DAY, "Every month on the same day of the month"
        MONTH_WEEKDAY = rules.MONTHLY_ON_WEEKDAY, "Every month on a certain weekday"

    class OnHolidays(models.TextChoices):
        SKIP = rules.SKIP, "Skip that visit"
        NEXT = rules.NEXT_WORKING_DAY, "Visit on the next working day instead"
        USUAL = rules.AS_USUAL, "Visit as usual"

    class Mode(models.TextChoices):
        REVIEW = "review", "Make a draft that somebody reviews and submits"
        SUBMIT = "submit", "Submit by itself"

    team = models.ForeignKey(Team, models.PROTECT, related_name="recurrences")
    account = models.ForeignKey(VendorAccount, models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    form_key = models.UUIDField(
        unique=True, help_text="of the page it was set up on: a second press finds it"
    )
    what = models.JSONField(default=dict, help_text="ticket-level fields as typed, by the vendor's names")
    locations = models.JSONField(default=list, help_text="one object per row as typed, without times")
    is_sheet = models.BooleanField(default=False, help_text="its rows are worked on as a table")
    files = models.ManyToManyField(StoredFile, related_name="recurrences", blank=True)

    pattern = models.CharField(max_length=20, choices=Pattern.choices)
    every = models.PositiveSmallIntegerField(default=1, help_text="weeks or months")
    weekdays = models.JSONField(default=list, blank=True, help_text="0 (Monday) to 6")
    day_of_month = models.PositiveSmallIntegerField(default=1)
    nth = models.SmallIntegerField(default=1, help_text="of a weekday in the month; -1 is the last")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    count = models.PositiveSmallIntegerField(null=True, blank=True, help_text="days by the rule, in all")
    on_holidays = models.CharField(max_length=20, choices=OnHolidays.choices)

    window_start = models.TimeField(help_text="on the clock of each site")
    window_end = models.TimeField(help_text="equal to the start for a hard start")
    mode = models.CharField(max_length=10, choices=Mode.choices)
    lead_days = models.PositiveSmallIntegerField(help_text="how many days before the visit it is made")

    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="recurrences",
        help_text="in whose name it runs",
    )
    made_at = models.DateTimeField(auto_now_add=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="why it was paused or ended")

    objects = RecurrenceQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(every__gte=1), name="recurrence_goes_forward"),
            models.CheckConstraint(
                condition=Q(window_end__gte=F("window_start")), name="recurrence_ends_after_its_start"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(count__isnull=True), name="recurrence_has_one_end"
            ),
            models.CheckConstraint(
                condition=Q(paused_at__isnull=True, ended_at__isnull=True) | Q(reason__regex=r"\S"),
                name="recurrence_stopped_says_why",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("tickets:recurrence", args=[self.pk])

    @property
    def rule(self) -> Rule:
        return Rule(
            self.pattern,
            self.starts_on,
            self.every,
            tuple(self.weekdays),
            self.day_of_month,
            self.nth,
            self.ends_on,
            self.count,
            self.on_holidays,
        )

    @property
    def is_hard_start(self) -> bool:
        return self.window_start == self.window_end

    @property
    def submits_by_itself(self) -> bool:
        return self.mode == self.Mode.SUBMIT

    @property
    def words(self) -> str:
        """`every second Tuesday, 08:00–12:00 at each site, not on holidays`."""
        window = f"{self.window_start:%H:%M} sharp" if self.is_hard_start else self.window
        return f"{rules.rule_words(self.rule)}, {window} at each site, {rules.holidays_words(self.rule)}"

    @property
    def window(self) -> str:
        return f"{self.window_start:%H:%M}–{self.window_end:%H:%M}"

    @property
    def limits(self) -> str:
        return rules.limits_words(self.rule)


class Occurrence(models.Model):
    """What became of one day of a recurrence. That there is only one row for a day is what sends nobody twice."""

    class Outcome(models.TextChoices):
        REVIEW = "review", "Draft for review"
        SUBMITTED = "submitted", "Submitted by itself"
        SKIPPED = "skipped", "No visit"
        MISSED = "missed", "Missed"

    recurrence = models.ForeignKey(Recurrence, models.PROTECT, related_name="occurrences")
    day = models.DateField(help_text="by the rule, whatever holidays made of it")
    moved_to = models.DateField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    draft = models.OneToOneField(
        Draft,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="occurrence",
        help_text="its dispatch has its number",
    )
    why = models.CharField(
        max_length=1000, blank=True, help_text="why there is no visit, or a person must look"
    )
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-day"]
        constraints = [
            models.UniqueConstraint(fields=["recurrence", "day"], name="one_occurrence_per_day"),
            models.CheckConstraint(
                condition=Q(outcome__in=["skipped", "missed"], draft__isnull=True)
                | Q(outcome__in=["review", "submitted"], draft__isnull=False),
                name="occurrence_with_a_visit_has_a_draft",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recurrence} on {self.visit:%Y-%m-%d}"

    @property
    def visit(self) -> date:
        return self.moved_to or self.day
