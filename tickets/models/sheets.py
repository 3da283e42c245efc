from django.conf import settings
from django.db import models

from portal.models import Team
from tickets.models.drafts import Draft


class Sheet(models.Model):
    """What was read for a draft, as it was read: so that its columns can be matched anew, and nothing read is lost."""

    draft = models.OneToOneField(Draft, models.CASCADE, related_name="sheet")
    name = models.CharField(max_length=200, help_text="of the file, or how else it came")
    header = models.JSONField(default=list)
    rows = models.JSONField(default=list, help_text="texts as read, one list per row")
    lines = models.JSONField(default=list, help_text="where each row stood in the sheet")
    notes = models.JSONField(default=list, help_text="what was left out or changed while reading")
    is_headed = models.BooleanField(default=True)
    columns = models.JSONField(default=dict, help_text="the field of each column used, by its place")
    date_order = models.CharField(max_length=5, blank=True, help_text="mdy or dmy, where somebody had to say")
    is_matched = models.BooleanField(default=False, help_text="the draft's rows were made from it")
    read_at = models.DateTimeField(auto_now_add=True)
    read_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.name} ({len(self.rows)} rows)"


class ColumnMapping(models.Model):
    """What a team said the columns of such a header are; the next sheet with the same header asks nothing."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="column_mappings")
    signature = models.CharField(max_length=64, help_text="of the headings, in whatever order")
    columns = models.JSONField(default=dict, help_text="the field of each heading")
    date_order = models.CharField(max_length=5, blank=True)
    saved_at = models.DateTimeField(auto_now=True)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-saved_at"]
        constraints = [
            models.UniqueConstraint(fields=["team", "signature"], name="one_mapping_per_team_and_header")
        ]

    def __str__(self) -> str:
        return f"{len(self.columns)} columns for {self.team}"
