"""*Where*: every field of Granite's location object that says which place it is and whom one meets there."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from sites import zones
from tickets.forms.fields import Email, Line, Phone

SITE_GONE = "The site this location was taken from is not known. Remove the location and add the place again."


class Zone(Line):
    """The name of a time zone, `America/New_York`."""

    def clean(self, value: Any) -> str:
        name = super().clean(value)
        if not zones.is_zone(name):
            raise ValidationError(f"“{name}” is not a time zone. Choose one of the list.")
        return name


FIELDS: dict[str, forms.Field] = {
    "location_name": Line("Location name", 200),
    "location_number": Line(
        "Location number", 60, required=False, help_text="Store or branch number, with its zeros."
    ),
    "account_macnum": Line(
        "Granite account",
        40,
        missing="Enter the Granite account (macnum) of this location: Granite takes the address from it.",
        help_text="The macnum, with its zeros. It decides the address.",
    ),
    "time_zone": Zone("Time zone", 50, missing="Choose the time zone of this location."),
    "local_contact_name": Line("Local contact", 200, missing="Enter who meets the technician."),
    "local_contact_number": Phone("Local contact's phone", missing="Enter the local contact's phone number."),
    "location_contact_ext": Line("Extension", 20, required=False),
    "location_contact_email": Email("Local contact's e-mail", required=False),
    "secondary_lcon_name": Line("Second contact", 200, required=False),
    "secondary_lcon_number": Phone("Second contact's phone", required=False),
    "secondary_lcon_ext": Line("Second extension", 20, required=False),
    "secondary_lcon_email": Email("Second contact's e-mail", required=False),
}
