"""What an administrator says to subscribe at GTT."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from portal.models import VendorAccount


class SubscriptionForm(forms.Form):
    account: "forms.ModelChoiceField[VendorAccount]" = forms.ModelChoiceField(None, empty_label=None)
    action = forms.RegexField(
        r"^[a-z][a-z0-9_-]{0,30}$",
        initial="create",
        error_messages={"invalid": "Give the action as GTT names it, in small letters: create, update."},
        help_text="As GTT names it: create, update. Others are not confirmed, and may be refused.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def __init__(self, data: Any, *, accounts: QuerySet[VendorAccount]) -> None:
        super().__init__(data)
        self.fields["account"].queryset = accounts  # type: ignore[attr-defined]
