"""What is asked when a template is kept, and the one thing that is asked when somebody begins with it: the day."""

from datetime import date, time
from typing import Any

from django import forms

from tickets import timeless
from tickets.forms.fields import Line
from tickets.forms.recurrence import check_window, clock_field, day_field
from tickets.forms.when import FIRST_YEAR, LAST_YEAR
from tickets.models import Draft


class NameForm(forms.Form):
    name = Line("Name", 100, missing="Enter a name.", help_text="As your team calls this work.")


class TemplateForm(NameForm):
    with_sites = forms.BooleanField(
        required=False,
        help_text="And the clock times of their windows, without a day.",
    )
    with_files = forms.BooleanField(label="With its files", required=False)

    def __init__(self, *args: Any, sites: int, files: int, **kwargs: Any) -> None:
        """What there is nothing of is not asked about."""
        super().__init__(*args, **kwargs)
        for name, noun, count in (("with_sites", "location", sites), ("with_files", "file", files)):
            if not count:
                del self.fields[name]
            else:
                some = f"{noun}" if count == 1 else f"{count} {noun}s"
                self.fields[name].label = f"With its {some}"


class DayForm(forms.Form):
    """The day of all locations, and their window where they do not keep several of their own."""

    day = day_field("Day of the visit", attrs={"autofocus": True})
    window_start = clock_field("From", required=False)
    window_end = clock_field("Until", required=False)
    hard_start = forms.BooleanField(
        label="Hard start", required=False, help_text="The technician begins at exactly this time."
    )

    def __init__(self, draft: Draft, data: Any = None) -> None:
        start, end, hard = timeless.common_window(draft.what, draft.locations) or ("", "", "")
        super().__init__(data, initial={"window_start": start, "window_end": end, "hard_start": bool(hard)})
        self.keeps_windows = timeless.has_differing_windows(draft.what, draft.locations)
        if self.keeps_windows:
            for name in ("window_start", "window_end", "hard_start"):
                del self.fields[name]

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise forms.ValidationError(f"Enter a day between {FIRST_YEAR} and {LAST_YEAR}.")
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        start, end = cleaned.get("window_start"), cleaned.get("window_end")
        if end and not start and "window_start" not in self.errors:
            self.add_error("window_start", "Enter the start.")
        if "window_start" not in self.errors:
            cleaned["window_end"] = check_window(self, start, end, bool(cleaned.get("hard_start")))
        return cleaned

    @property
    def window(self) -> tuple[time, time, bool] | None:
        """The one window of all; None where each keeps its own, or none was given."""
        start, end = self.cleaned_data.get("window_start"), self.cleaned_data.get("window_end")
        return (start, end, bool(self.cleaned_data.get("hard_start"))) if start and end else None
