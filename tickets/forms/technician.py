"""A technician for a case: the kind of work and the window are all that has to be said."""

from typing import Any

from django import forms

from portal.vendors.granite.wire import SERVICE_TYPES
from sites.models import Site
from tickets.forms import when


class TechnicianForm(forms.Form):
    service_type = forms.ChoiceField(
        label="Kind of work",
        choices=[(kind.value, kind.value) for kind in SERVICE_TYPES],
        initial="Smart Hands",
    )
    start_date = forms.CharField(
        label="Start, at the site",
        error_messages={"required": when.MISSING_START},
        widget=forms.TextInput(attrs={"type": "datetime-local"}),
    )
    end_date = forms.CharField(
        label="End, at the site",
        required=False,
        help_text="Not needed for a hard start.",
        widget=forms.TextInput(attrs={"type": "datetime-local"}),
    )
    hard_start = forms.BooleanField(
        label="Hard start: the technician begins exactly at the start", required=False
    )

    def __init__(self, site: Site, data: Any = None) -> None:
        super().__init__(data)
        self.site = site

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        times = {}
        for name in ("start_date", "end_date"):
            try:
                times[name] = when.FIELDS[name].clean(cleaned.get(name, ""))
            except forms.ValidationError as error:
                self.add_error(name, error)
        if not self.errors:
            is_hard = bool(cleaned.get("hard_start"))
            end = times["start_date"] if is_hard else times["end_date"]
            for name, sentence in when.wrong_with_window(
                times["start_date"], end, is_hard, self.site.time_zone
            ):
                self.add_error(name, sentence)
        return cleaned

    @property
    def window(self) -> dict[str, str]:
        """As the wizard keeps it: text."""
        typed = {name: str(self.cleaned_data[name]) for name in ("service_type", "start_date", "end_date")}
        return typed | {"hard_start": "on" if self.cleaned_data["hard_start"] else ""}
