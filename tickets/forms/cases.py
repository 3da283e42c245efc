"""Forms of support cases. The words to choose from are kept by administrators: GTT publishes none."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from portal.models import Team, User, VendorAccount
from portal.models.accounts import Vendor
from sites.models import Service, Site
from tickets.forms.fields import Line, Words
from tickets.models import Case, CaseChoice

# ServiceNow's limit for the summary; GTT evidently runs on it.
LONGEST_SUMMARY = 160
LONGEST_COMMENT = 4000
RESOLVED = "Resolved"
Field = CaseChoice.Field


class CaseForm(forms.Form):
    key = forms.UUIDField(widget=forms.HiddenInput)
    team: "forms.ModelChoiceField[Team]" = forms.ModelChoiceField(None, empty_label=None)
    account: "forms.ModelChoiceField[VendorAccount]" = forms.ModelChoiceField(
        None, label="GTT account", empty_label=None
    )
    site: "forms.ModelChoiceField[Site]" = forms.ModelChoiceField(
        None,
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": "This site is not known any more. Choose it again."},
    )
    service: "forms.ModelChoiceField[Service]" = forms.ModelChoiceField(
        None,
        required=False,
        error_messages={"invalid_choice": "This service is not known any more. Choose it again."},
    )
    case_type = forms.ChoiceField(label="Type")
    priority = forms.ChoiceField(label="Priority")
    category = forms.ChoiceField(label="Category")
    subcategory = forms.ChoiceField(label="Subcategory", required=False)
    short_description = Line(
        "Summary",
        LONGEST_SUMMARY,
        missing="Say in one line what is wrong.",
        help_text=f"One line, at most {LONGEST_SUMMARY} characters: it heads the case at GTT.",
    )
    description = Words(
        "Description",
        rows=6,
        required=False,
        help_text="What happens, since when, what was tried. The facts of the site and our reference are put below it.",
    )

    def __init__(self, user: User, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        teams = user.teams_to_work_for()
        accounts = VendorAccount.objects.filter(vendor=Vendor.GTT).order_by("-is_default", "pk")
        self._offer("team", teams)
        self._offer("account", accounts)
        self.only_team, self.only_account = teams.first(), accounts.first()
        self.fields["site"].queryset = Site.objects.all()  # type: ignore[attr-defined]
        services = Service.objects.visible_to(user).filter(vendor=Vendor.GTT)
        self.fields["service"].queryset = services.select_related("site")  # type: ignore[attr-defined]
        self.choices = list(CaseChoice.objects.filter(is_offered=True))
        for name in Field.values:
            words = dict.fromkeys(choice.value for choice in self.choices if choice.field == name)
            blank = [("", "None")] if name == Field.SUBCATEGORY else []
            self.fields[name].choices = [*blank, *((word, word) for word in words)]  # type: ignore[attr-defined]

    def _offer(self, name: str, choices: Any) -> None:
        """A choice of one is no question."""
        if len(choices) > 1:
            self.fields[name].queryset = choices  # type: ignore[attr-defined]
        else:
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        category, subcategory = cleaned.get("category"), cleaned.get("subcategory")
        if category and subcategory and subcategory not in self.subcategories(category):
            self.add_error(
                "subcategory",
                ValidationError(f"“{subcategory}” does not belong to {category}. Choose another, or none."),
            )
        self._check_service(cleaned)
        cleaned["team"] = cleaned.get("team") or self.only_team
        cleaned["account"] = cleaned.get("account") or self.only_account
        return cleaned

    def _check_service(self, cleaned: dict[str, Any]) -> None:
        """A service says where it is; one of another place was chosen before the site was."""
        service, site = cleaned.get("service"), cleaned.get("site")
        if service and site and service.site_id != site.pk:
            self.add_error("service", ValidationError(f"{service} is at {service.site}, not at {site}."))
        elif service:
            cleaned["site"] = service.site

    def subcategories(self, category: str) -> Iterable[str]:
        return [
            choice.value
            for choice in self.choices
            if choice.field == Field.SUBCATEGORY and choice.category in ("", category)
        ]


class ChangeForm(forms.Form):
    """What may be changed of a case; whatever GTT says today is among the choices, known to us or not."""

    state = forms.ChoiceField(label="State")
    short_description = Line("Summary", LONGEST_SUMMARY, missing="Say in one line what is wrong.")
    priority = forms.ChoiceField(label="Priority")
    category = forms.ChoiceField(label="Category")
    subcategory = forms.ChoiceField(label="Subcategory", required=False)

    def __init__(self, case: Case, data: Any = None) -> None:
        now = {name: getattr(case, name) for name in self.base_fields}
        super().__init__(data, initial=now)
        offered = CaseChoice.objects.filter(is_offered=True).values_list("field", "value")
        words: dict[str, list[str]] = {"state": [RESOLVED]}
        for field, value in offered:
            words.setdefault(field, []).append(value)
        for name in ("state", "priority", "category", "subcategory"):
            blank = [("", "None")] if name == Field.SUBCATEGORY else []
            choices = dict.fromkeys([now[name], *words.get(name, [])])
            self.fields[name].choices = [*blank, *((word, word) for word in choices if word)]  # type: ignore[attr-defined]


class CommentForm(forms.Form):
    text = Words("Comment", rows=3, missing="Write something first.")

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if len(text) > LONGEST_COMMENT:
            raise ValidationError(
                f"A comment has at most {LONGEST_COMMENT} characters; these are {len(text)}."
            )
        return text
