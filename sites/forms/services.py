"""Forms of services: entering one, checking its vendor's id, filtering the list."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from portal.models.accounts import Vendor
from sites import cells, register
from sites.directory import Directory
from sites.models import Service, Site

State = Service.State


class Cell(forms.CharField):
    """A text as a sheet would hold it: cleaned and refused by the same rules."""

    def __init__(self, label: str, most: int, *, missing: str = "", rows: int = 0, **kwargs: Any) -> None:
        self.most, self.is_long = most, bool(rows)
        if rows:
            kwargs["widget"] = forms.Textarea(attrs={"rows": rows})
        super().__init__(
            label=label, required=bool(missing), strip=False, error_messages={"required": missing}, **kwargs
        )

    def to_python(self, value: Any) -> str:
        return cells.plain(str(value or ""))

    def validate(self, value: Any) -> None:
        super().validate(value)
        if wrong := cells.wrong_with(value, self.most, is_long=self.is_long):
            raise ValidationError(wrong)


class ServiceForm(forms.Form):
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    our_id = Cell(
        "Our ID",
        64,
        missing="Enter the id by which we know this service.",
        help_text="Zeros in front count.",
    )
    site = Cell("Site", 200, missing="Say at which site it is.", help_text="Its number, or its name.")
    kind = Cell("Kind", 60, help_text="Circuit, broadband, DIA, SD-WAN or your own word.")
    name = Cell("Name", 120, help_text="How people here call it.")
    vendor = forms.ChoiceField(label="Vendor", choices=Vendor.choices, initial=Vendor.GTT)
    vendor_service_id = Cell(
        "Vendor’s service ID",
        64,
        help_text="As the vendor writes it. Changed, it has to be validated again.",
    )
    note = Cell("Note", cells.MOST_NOTE, rows=3)

    def __init__(self, data: Any = None, *, service: Service | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.service = service
        for name, list_id in (("site", "sites"), ("kind", "kinds")):
            self.fields[name].widget.attrs |= {"list": list_id, "autocomplete": "off"}

    @classmethod
    def of(cls, service: Service, seen: str) -> "ServiceForm":
        names = ("our_id", "kind", "name", "vendor", "vendor_service_id", "note")
        initial = {name: getattr(service, name) for name in names}
        site = service.site.number or service.site.name
        return cls(service=service, initial={**initial, "site": site, "seen": seen})

    def clean_our_id(self) -> str:
        our_id: str = self.cleaned_data["our_id"]
        taken = self._others().filter(our_id=our_id)
        if taken.exists():
            raise ValidationError(f"There is a service {our_id} already.")
        return our_id

    def clean_site(self) -> Site:
        before = self.service.site if self.service else None
        found = Directory(Site.objects.all()).find_any(self.cleaned_data["site"], before=before)
        if isinstance(found, str):
            raise ValidationError(found)
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        vendor, theirs = cleaned.get("vendor"), cleaned.get("vendor_service_id")
        same = self._others().filter(vendor=vendor, vendor_service_id=theirs)
        if theirs and (other := same.first()):
            self.add_error("vendor_service_id", ValidationError(f"This is the id of our service {other}."))
        return cleaned

    def _others(self) -> "QuerySet[Service]":
        return Service.objects.exclude(pk=self.service.pk) if self.service else Service.objects.all()

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in register.LABELS if name in self.cleaned_data}


class CheckForm(forms.Form):
    """`vendor_service_id` is what the person looked at: a verdict on it says nothing about another."""

    vendor_service_id = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    state = forms.ChoiceField(
        choices=[(State.VALIDATED, "right"), (State.WRONG, "wrong")],
        error_messages={
            "required": "Say whether it is right or wrong.",
            "invalid_choice": "Say whether it is right or wrong.",
        },
    )
    note = Cell(
        "Note", cells.MOST_NOTE, rows=2, help_text="How it was checked, with whom. Empty: the note stays."
    )


class ServiceFilters(forms.Form):
    q = forms.CharField(
        label="Search",
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "Ids, name, kind, site", "autocomplete": "off"}
        ),
    )
    site = forms.CharField(
        required=False, max_length=100, widget=forms.TextInput(attrs={"placeholder": "Number or name"})
    )
    state = forms.ChoiceField(required=False, choices=[("", "All"), *State.choices])
    vendor = forms.ChoiceField(required=False, choices=[("", "All"), *Vendor.choices])

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def apply(self, services: "QuerySet[Service]") -> "QuerySet[Service]":
        """What is wrong in one field does not undo the others; the page says what it could not use."""
        self.is_valid()
        said = self.cleaned_data
        if said.get("q"):
            services = services.matching(said["q"])  # type: ignore[attr-defined]
        if said.get("site"):
            sites = Site.objects.matching(said["site"].replace("\x00", "")).order_by().values("pk")
            services = services.filter(site__in=sites)
        for name in ("state", "vendor"):
            if said.get(name):
                services = services.filter(**{name: said[name]})
        return services
