"""*What*: everything that is said once for all locations of a dispatch."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from portal.models import Team, User, VendorAccount
from portal.models.accounts import Vendor
from portal.vendors.granite.wire import SERVICE_TYPES, ServiceType
from tickets.forms.fields import Email, Emails, Line, Numbers, Words
from tickets.models import Draft

MOST_PO_CHARACTERS = 25
LARGEST_TICKET = 10**18 - 1


def service_groups() -> dict[str, list[ServiceType]]:
    groups: dict[str, list[ServiceType]] = {}
    for kind in SERVICE_TYPES:
        groups.setdefault(kind.group, []).append(kind)
    return groups


class WhatForm(forms.Form):
    """Named and limited as in Granite's create ticket; checked from the draft as typed."""

    team = forms.ModelChoiceField(Team.objects.none(), empty_label=None)
    account = forms.ModelChoiceField(VendorAccount.objects.none(), label="Granite account", empty_label=None)
    service_type = forms.ChoiceField(
        label="Kind of work",
        choices=[(kind.value, kind.value) for kind in SERVICE_TYPES],
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose the kind of work.",
            "invalid_choice": "“%(value)s” is not a kind of work Granite offers. Choose one of the list.",
        },
    )
    initial_description = Words(
        "Description",
        rows=5,
        missing="Describe what is to be done.",
        help_text="What is wrong or wanted, for every location of this dispatch.",
    )
    special_instructions = Words(
        "Special instructions",
        required=False,
        help_text="Access hours, badge, whom to call on arrival. A technician you prefer goes in here by name.",
    )
    non_standard_tools = Words(
        "Tools beyond the standard kit",
        rows=2,
        required=False,
        help_text="A ladder over 8 ft, a fiber splicer …",
    )
    po_number = Line(
        "PO number", MOST_PO_CHARACTERS, required=False, help_text=f"At most {MOST_PO_CHARACTERS} characters."
    )
    customer_ticket_number = Numbers(
        "Your own ticket numbers",
        500,
        required=False,
        help_text="Separated by commas. Our reference is put before them.",
    )
    prior_ticket = forms.IntegerField(
        label="Earlier Granite ticket",
        required=False,
        min_value=1,
        max_value=LARGEST_TICKET,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text="One ticket number, if this continues earlier work.",
        error_messages={
            "invalid": "A Granite ticket number has digits only.",
            "min_value": "A Granite ticket number is greater than zero.",
            "max_value": "A Granite ticket number is not that long.",
        },
    )
    customer_preferred_tech = forms.BooleanField(
        label="We prefer a certain technician",
        required=False,
        help_text="This is a flag only and names nobody: put the name into the special instructions.",
    )
    contact_name = Line("Contact name", 200, missing="Enter who Granite should speak to.")
    contact_email_address = Email("Contact e-mail", missing="Enter the contact's e-mail address.")
    automatic_email_contact = forms.BooleanField(label="E-mail the contact on every change", required=False)
    automatic_email_cc = forms.BooleanField(label="E-mail others too", required=False)
    automatic_email_cc_address = Emails(
        "Others' e-mail addresses", rows=2, required=False, help_text="Separated by commas."
    )

    def __init__(
        self, draft: Draft, user: User, *, is_checked: bool, left_to_rows: Collection[str] = ()
    ) -> None:
        """Bound and judged if `is_checked`; else only filled with what was typed.

        What is left to the rows of a sheet may stay blank here.
        """
        typed = {"team": draft.team_id, "account": draft.account_id, **_without_blank_choices(draft.what)}
        super().__init__(data=typed) if is_checked else super().__init__(initial=typed)
        teams = user.teams_to_work_for() | Team.objects.filter(pk=draft.team_id)
        accounts = VendorAccount.objects.filter(vendor=Vendor.GRANITE)
        for name in left_to_rows:
            self.fields[name].required = False
        self._offer("team", teams.distinct())
        self._offer("account", accounts)

    def _offer(self, name: str, choices: Any) -> None:
        """A choice of one is no question."""
        if len(choices) > 1:
            self.fields[name].queryset = choices  # type: ignore[attr-defined]
        else:
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("automatic_email_cc"):
            cleaned["automatic_email_cc_address"] = ""  # kept in the draft, sent to nobody
            self.errors.pop("automatic_email_cc_address", None)
        elif (
            not cleaned.get("automatic_email_cc_address") and "automatic_email_cc_address" not in self.errors
        ):
            self.add_error(
                "automatic_email_cc_address",
                ValidationError("Enter at least one address, or switch off the e-mail to others."),
            )
        return cleaned


def _without_blank_choices(what: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in what.items() if value or name not in ("team", "account")}
