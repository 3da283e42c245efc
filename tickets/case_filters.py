"""Which cases a list shows: a form of GET parameters, so that a list is an address one can keep and share."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from portal.models import Team, User
from portal.models.messages import State
from sites.models import Site
from tickets.filters import MOST_SITES, OPEN
from tickets.models import Case, CaseChoice
from tickets.models.cases import ENDED

ENDED_ONES, UNNUMBERED = ":ended", ":unnumbered"


class CaseFilters(forms.Form):
    q = forms.CharField(
        label="Search",
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "CS number, CAS-…, site, words", "autocomplete": "off"}
        ),
    )
    state = forms.ChoiceField(required=False)
    priority = forms.ChoiceField(required=False)
    site = forms.CharField(
        required=False, max_length=100, widget=forms.TextInput(attrs={"placeholder": "Number or name"})
    )
    team: "forms.ModelChoiceField[Team]" = forms.ModelChoiceField(None, required=False, empty_label="All")
    mine = forms.BooleanField(label="Raised by me", required=False)

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data)
        self.user = user
        words = Case.objects.exclude(state="").order_by("state").values_list("state", flat=True).distinct()
        self.fields["state"].choices = [  # type: ignore[attr-defined]
            ("", "All"),
            (OPEN, "Open"),
            (ENDED_ONES, "Resolved or closed"),
            (UNNUMBERED, "Without a number yet"),
            *((word, word) for word in words[:50]),
        ]
        priorities = CaseChoice.objects.filter(field=CaseChoice.Field.PRIORITY).values_list(
            "value", flat=True
        )
        self.fields["priority"].choices = [("", "All"), *((word, word) for word in priorities)]  # type: ignore[attr-defined]
        self.fields["team"].queryset = user.teams_to_work_for()  # type: ignore[attr-defined]

    @property
    def has_choice_of_teams(self) -> bool:
        return len(self.fields["team"].queryset) > 1  # type: ignore[attr-defined]

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    @property
    def is_folded_open(self) -> bool:
        """Something beside the search box is in use, so the page shows what."""
        return any(self.data.get(name) for name in self.fields if name not in ("q", "state"))

    def apply(self, cases: QuerySet[Case]) -> QuerySet[Case]:
        """What is wrong in one field does not undo the others; the page says what it could not use."""
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value not in (None, "", False)}
        for name, value in chosen.items():
            cases = getattr(self, f"_by_{name}")(cases, value)
        return cases

    def _by_q(self, cases: QuerySet[Case], text: str) -> QuerySet[Case]:
        for word in text.replace("\x00", "").split()[:8]:
            cases = cases.filter(search__contains=word.upper())
        return cases

    def _by_state(self, cases: QuerySet[Case], state: str) -> QuerySet[Case]:
        if state == UNNUMBERED:
            return cases.filter(number="").exclude(message__state=State.CANCELLED)
        if state in (OPEN, ENDED_ONES):
            ended = Q(state__in=ENDED)
            return cases.filter(~ended if state == OPEN else ended)
        return cases.filter(state=state)

    def _by_priority(self, cases: QuerySet[Case], priority: str) -> QuerySet[Case]:
        return cases.filter(priority=priority)

    def _by_site(self, cases: QuerySet[Case], text: str) -> QuerySet[Case]:
        sites = Site.objects.matching(text).order_by().values_list("pk", flat=True)[:MOST_SITES]
        return cases.filter(site__in=list(sites))

    def _by_team(self, cases: QuerySet[Case], team: Any) -> QuerySet[Case]:
        return cases.filter(team=team)

    def _by_mine(self, cases: QuerySet[Case], _: bool) -> QuerySet[Case]:
        return cases.filter(submitted_by=self.user)
