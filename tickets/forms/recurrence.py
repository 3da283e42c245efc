"""How a dispatch comes again: asked in the order somebody would say it, and turned into the fields of a recurrence."""

import uuid
from datetime import date, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from tickets.forms.fields import Line
from tickets.models import Recurrence
from tickets.recurrence import MOST_EVERY, MOST_TIMES, ORDINALS, WEEKDAYS, day_words

FARTHEST_START = timedelta(days=366 * 2)
FARTHEST_END = timedelta(days=366 * 10)
MOST_LEAD = 60
NEVER, ON_A_DAY, AFTER = "never", "day", "times"
ASKED_BY_PATTERN: dict[str, tuple[str, ...]] = {
    Recurrence.Pattern.WEEKLY: ("weekdays",),
    Recurrence.Pattern.MONTH_DAY: ("day_of_month",),
    Recurrence.Pattern.MONTH_WEEKDAY: ("nth", "weekday"),
}
ASKED_BY_END = {ON_A_DAY: "ends_on", AFTER: "count"}
ENDS = (
    (NEVER, "Until somebody ends it"),
    (ON_A_DAY, "Until a certain day"),
    (AFTER, "After a number of visits"),
)


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class ClockInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


def day_field(label: str, *, required: bool = True, **more: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        widget=DayInput(**more.pop("attrs", {})),
        error_messages={
            "required": "Enter the day.",
            "invalid": "“%(value)s” is not a day. An example: 2026-12-01.",
        },
        **more,
    )


def clock_field(label: str, *, required: bool = True, **more: Any) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        required=required,
        widget=ClockInput,
        error_messages={"required": "Enter the time.", "invalid": "This is not a time. An example: 08:00."},
        **more,
    )


def number_field(label: str, least: int, most: int, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        error_messages={
            "required": "Enter a number.",
            "invalid": "This is not a whole number.",
            "min_value": f"Enter a number from {least} to {most}.",
            "max_value": f"Enter a number from {least} to {most}.",
        },
        **more,
    )


def check_window(form: forms.Form, start: time | None, end: time | None, is_hard: bool) -> time | None:
    """The end of the window, which for a hard start is its start; what is wrong stands at the end."""
    if is_hard:
        form.errors.pop("window_end", None)
        return start
    if "window_end" in form.errors:
        return None
    if start and not end:
        form.add_error("window_end", "Enter the end, or set a hard start.")
    elif start and end and end <= start:
        form.add_error(
            "window_end",
            "The end must be after the start, on the same day. For work past midnight set a hard start: "
            "then only the start counts.",
        )
    return end


def not_asked(pattern: str, ends: str) -> set[str]:
    """The fields that what was chosen says nothing about: they are hidden, and what stands in them does not count."""
    found = {"weekdays", "day_of_month", "nth", "weekday", "ends_on", "count"}
    found -= set(ASKED_BY_PATTERN.get(pattern, ()))
    return found - {ASKED_BY_END.get(ends, "")}


class RecurrenceForm(forms.Form):
    """Everything in one page; what a pattern does not ask for is neither shown nor judged."""

    form_key = forms.UUIDField(widget=forms.HiddenInput)
    name = Line("Name", 100, help_text="As your team calls it.")
    pattern = forms.ChoiceField(
        label="It comes again", choices=Recurrence.Pattern.choices, widget=forms.RadioSelect
    )
    every = number_field(
        "Every how many weeks or months",
        1,
        MOST_EVERY,
        help_text="1 for each, 2 for every second, and so on.",
    )
    weekdays = forms.MultipleChoiceField(
        label="On",
        choices=[(str(number), name) for number, name in enumerate(WEEKDAYS)],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick at least one weekday."},
    )
    day_of_month = number_field(
        "Day of the month", 1, 31, help_text="A shorter month gets the visit on its last day."
    )
    nth = forms.ChoiceField(
        label="Which one of the month",
        choices=[(str(number), word.capitalize()) for number, word in ORDINALS.items()],
    )
    weekday = forms.ChoiceField(
        label="Weekday",
        choices=[(str(number), name) for number, name in enumerate(WEEKDAYS)],
    )
    starts_on = day_field(
        "Not before", help_text="The first visit is the first day of the rule from here on."
    )
    ends = forms.ChoiceField(label="It goes on", choices=ENDS, widget=forms.RadioSelect)
    ends_on = day_field("Last possible day")
    count = number_field(
        "How many times", 1, MOST_TIMES, help_text="A visit that a holiday takes away counts."
    )
    on_holidays = forms.ChoiceField(
        label="On a US federal holiday", choices=Recurrence.OnHolidays.choices, widget=forms.RadioSelect
    )
    window_start = clock_field("From")
    window_end = clock_field("Until")
    hard_start = forms.BooleanField(
        label="Hard start", required=False, help_text="The technician begins at exactly this time."
    )
    lead_days = number_field(
        "Made how many days before the visit",
        0,
        MOST_LEAD,
        help_text="At the beginning of that day at the site.",
    )
    mode = forms.ChoiceField(label="What is made", choices=Recurrence.Mode.choices, widget=forms.RadioSelect)

    def clean_weekdays(self) -> list[int]:
        return sorted(int(number) for number in self.cleaned_data["weekdays"])

    def clean_starts_on(self) -> date:
        day: date = self.cleaned_data["starts_on"]
        today = timezone.localdate()
        if day < today:
            raise forms.ValidationError(f"{day_words(day)} is past. Begin today or later.")
        if day > today + FARTHEST_START:
            raise forms.ValidationError("This is more than two years ahead.")
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in not_asked(cleaned.get("pattern", ""), cleaned.get("ends", "")):
            self.errors.pop(name, None)
        start, last = cleaned.get("starts_on"), cleaned.get("ends_on")
        if cleaned.get("ends") == ON_A_DAY and start and last and not start <= last <= start + FARTHEST_END:
            is_before = last < start
            self.add_error(
                "ends_on",
                "This is before it begins." if is_before else "This is more than ten years after it begins.",
            )
        cleaned["window_end"] = check_window(
            self, cleaned.get("window_start"), cleaned.get("window_end"), bool(cleaned.get("hard_start"))
        )
        return cleaned

    @property
    def key(self) -> uuid.UUID:
        return self.cleaned_data["form_key"]

    def values(self) -> dict[str, Any]:
        """The fields of a recurrence."""
        cleaned = self.cleaned_data
        same = (
            "name",
            "pattern",
            "every",
            "starts_on",
            "on_holidays",
            "window_start",
            "window_end",
            "lead_days",
        )
        on_weekday = cleaned["pattern"] == Recurrence.Pattern.MONTH_WEEKDAY
        return {name: cleaned[name] for name in (*same, "mode")} | {
            "weekdays": [int(cleaned["weekday"])] if on_weekday else cleaned.get("weekdays", []),
            "day_of_month": cleaned.get("day_of_month") or 1,
            "nth": int(cleaned.get("nth") or 1),
            "ends_on": cleaned.get("ends_on") if cleaned["ends"] == ON_A_DAY else None,
            "count": cleaned.get("count") if cleaned["ends"] == AFTER else None,
        }


def first_values(name: str, window: tuple[str, str, str] | None) -> dict[str, Any]:
    """What stands in the form before anybody touches it. `window` is as typed: start, end, hard start."""
    start, end, hard = window or ("", "", "")
    tomorrow = timezone.localdate() + timedelta(days=1)
    return {
        "form_key": uuid.uuid4(),
        "name": name[:100],
        "pattern": Recurrence.Pattern.WEEKLY,
        "every": 1,
        "day_of_month": tomorrow.day,
        "nth": "1",
        "weekday": "0",
        "starts_on": tomorrow,
        "ends": NEVER,
        "on_holidays": Recurrence.OnHolidays.SKIP,
        "window_start": start,
        "window_end": end,
        "hard_start": bool(hard),
        "lead_days": 2,
        "mode": Recurrence.Mode.REVIEW,
    }


class ReasonForm(forms.Form):
    reason = Line("Why it pauses or ends", 300, missing="Say why, so that the others know.")
