from typing import Any

from django.conf import settings
from django.db import models

# A cell that was changed: row, field, what stood there, what stands there now, and the marks of both.
Cell = list[Any]


class RowChange(models.Model):
    """One thing somebody did to the rows of a sheet, however many cells it touched: what undo takes back."""

    draft = models.ForeignKey("tickets.Draft", models.CASCADE, related_name="row_changes")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    done = models.CharField(max_length=200, help_text="what was done, for people")
    cells = models.JSONField(
        default=list, help_text="[row, field, old, new, old mark, new mark] of each cell"
    )
    added = models.JSONField(default=list, help_text="[position, row] of each row that came")
    removed = models.JSONField(default=list, help_text="[position, row] of each row that went")
    turn = models.PositiveIntegerField(
        help_text="counts every change, undoing and redoing of this draft's rows"
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.draft_id}: {self.done}"
