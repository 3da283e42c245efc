"""*Where*: one form per location, every field of Granite's location object, and what links it to our sites."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory

from sites import zones
from sites.models import Site
from tickets.forms.fields import Email, Line, Phone
from tickets.forms.typed import MOST_ROWS, PREFIX, Row, formset_data

SITE_GONE = "The site this location was taken from is not known. Remove the location and add the place again."


class WhereForm(forms.Form):
    location_name = Line("Location name", 200)
    location_number = Line(
        "Location number", 60, required=False, help_text="Store or branch number, with its zeros."
    )
    account_macnum = Line(
        "Granite account",
        40,
        missing="Enter the Granite account (macnum) of this location: Granite takes the address from it.",
        help_text="The macnum, with its zeros. It decides the address.",
    )
    time_zone = Line("Time zone", 50, missing="Choose the time zone of this location.", widget=forms.Select)
    local_contact_name = Line("Local contact", 200, missing="Enter who meets the technician.")
    local_contact_number = Phone("Local contact's phone", missing="Enter the local contact's phone number.")
    location_contact_ext = Line("Extension", 20, required=False)
    location_contact_email = Email("Local contact's e-mail", required=False)
    secondary_lcon_name = Line("Second contact", 200, required=False)
    secondary_lcon_number = Phone("Second contact's phone", required=False)
    secondary_lcon_ext = Line("Second extension", 20, required=False)
    secondary_lcon_email = Email("Second contact's e-mail", required=False)
    site = forms.CharField(required=False, widget=forms.HiddenInput)

    def has_changed(self) -> bool:
        return True  # every row counts, blank or not; comparing each field with nothing is half the work of a check

    def clean_time_zone(self) -> str:
        return self.check_zone(self.cleaned_data["time_zone"])

    @staticmethod
    def check_zone(name: str) -> str:
        if not zones.is_zone(name):
            raise ValidationError(f"“{name}” is not a time zone. Choose one of the list.")
        return name

    def clean_site(self) -> int | None:
        text = self.cleaned_data["site"]
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise ValidationError(SITE_GONE)
        return int(text)


class BaseWhereFormSet(BaseFormSet):
    def clean(self) -> None:
        """Every site named must be one we know; asked in one query."""
        named = {
            form.cleaned_data["site"] for form in self.forms if getattr(form, "cleaned_data", {}).get("site")
        }
        gone = named - set(Site.objects.filter(pk__in=named).values_list("pk", flat=True)) if named else set()
        for form in self.forms:
            if getattr(form, "cleaned_data", {}).get("site") in gone:
                form.add_error("site", SITE_GONE)


_WhereFormSet = formset_factory(
    WhereForm,
    formset=BaseWhereFormSet,
    extra=0,
    min_num=1,
    validate_min=True,
    max_num=MOST_ROWS,
    absolute_max=MOST_ROWS + 1,
    validate_max=True,
)


def check_where(rows: list[Row]) -> BaseFormSet:
    """Every location judged, from what was typed."""
    errors = {
        "too_few_forms": "Add at least one location.",
        "too_many_forms": f"A dispatch has at most {MOST_ROWS} locations.",
    }
    formset: BaseFormSet = _WhereFormSet(data=_text_only(rows), prefix=PREFIX, error_messages=errors)
    formset.is_valid()
    return formset


def _text_only(rows: list[Row]) -> dict[str, Any]:
    return formset_data(
        [{name: value for name, value in row.items() if isinstance(value, str)} for row in rows]
    )
