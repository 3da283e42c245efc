"""Which deliveries a list shows."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from portal.models import Delivery, VendorAccount
from portal.models.accounts import Vendor


class DeliveryFilters(forms.Form):
    q = forms.CharField(
        label="Search",
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "CS number, words", "autocomplete": "off"}
        ),
    )
    state = forms.ChoiceField(required=False, choices=[("", "All"), *Delivery.State.choices])
    account: "forms.ModelChoiceField[VendorAccount]" = forms.ModelChoiceField(
        None, required=False, empty_label="All"
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        accounts = VendorAccount.objects.filter(vendor=Vendor.GTT)
        self.fields["account"].queryset = accounts  # type: ignore[attr-defined]

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def apply(self, deliveries: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """What is wrong in one field does not undo the others; the page says what it could not use."""
        self.is_valid()
        chosen = self.cleaned_data
        if chosen.get("state"):
            deliveries = deliveries.filter(state=chosen["state"])
        if chosen.get("account"):
            deliveries = deliveries.filter(account=chosen["account"])
        for word in chosen.get("q", "").replace("\x00", "").split()[:8]:
            deliveries = deliveries.filter(Q(object_key__icontains=word) | Q(outcome__icontains=word))
        return deliveries
