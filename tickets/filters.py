"""Which tickets a list shows: a form of GET parameters, so that a list is an address one can keep and share."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import DateField, F, Func, Q, QuerySet

from portal.models import Team, User
from portal.vendors.granite.wire import SERVICE_TYPES
from sites.models import Site
from tickets.forms.when import FIRST_YEAR, LAST_YEAR
from tickets.models import Ticket

OPEN, RESOLVED = ":open", ":resolved"  # no vendor's word begins with a colon
MOST_SITES = 500
SLACK = timedelta(days=2)  # no zone is further from UTC; lets an index narrow what the exact day then decides
DIGITS_AND_MARKS = re.compile(r"[\d().+-]+")


class SiteDate(Func):
    """The calendar day of a moment in the zone named beside it."""

    template = "(%(expressions)s)::date"
    arg_joiner = " AT TIME ZONE "
    output_field = DateField()


class VisitDay(forms.DateField):
    """A day on which somebody may be sent; days at the ends of the calendar have no neighbours to compare with."""

    widget = forms.DateInput(attrs={"type": "date"})
    default_validators = [
        MinValueValidator(date(FIRST_YEAR, 1, 1)),
        MaxValueValidator(date(LAST_YEAR, 12, 31)),
    ]


class TicketFilters(forms.Form):
    q = forms.CharField(
        label="Search",
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "Ticket, DSP-…, PO, site, phone", "autocomplete": "off"}
        ),
    )
    status = forms.ChoiceField(required=False)
    service_type = forms.ChoiceField(
        label="Service type",
        required=False,
        choices=[("", "All"), *((kind.value, kind.value) for kind in SERVICE_TYPES)],
    )
    site = forms.CharField(
        required=False, max_length=100, widget=forms.TextInput(attrs={"placeholder": "Number or name"})
    )
    team: "forms.ModelChoiceField[Team]" = forms.ModelChoiceField(None, required=False, empty_label="All")
    since = VisitDay(label="Visit from", required=False)
    until = VisitDay(label="Visit to", required=False)
    mine = forms.BooleanField(label="Submitted by me", required=False)

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data)
        self.user = user
        # Granite's words are nobody's secret; asked of all tickets, one walk along an index answers.
        words = Ticket.objects.order_by("status_name").values_list("status_name", flat=True).distinct()
        self.fields["status"].choices = [  # type: ignore[attr-defined]
            ("", "All"),
            (OPEN, "Open"),
            (RESOLVED, "Resolved"),
            *((word, word) for word in words[:100] if word),
        ]
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
        return any(self.data.get(name) for name in self.fields if name != "q")

    def apply(self, tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """What is wrong in one field does not undo the others; the page says what it could not use."""
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value not in (None, "", False)}
        for name, value in chosen.items():
            tickets = getattr(self, f"_by_{name}")(tickets, value)
        return tickets

    def _by_q(self, tickets: QuerySet[Ticket], text: str) -> QuerySet[Ticket]:
        for word in text.split()[:8]:
            found = Q(search__contains=word.upper())
            if DIGITS_AND_MARKS.fullmatch(word) and (digits := re.sub(r"\D", "", word)):
                found |= Q(search__contains=digits)
            tickets = tickets.filter(found)
        return tickets

    def _by_status(self, tickets: QuerySet[Ticket], status: str) -> QuerySet[Ticket]:
        if status in (OPEN, RESOLVED):
            return tickets.filter(date_resolved__isnull=status == OPEN)
        return tickets.filter(status_name=status)

    def _by_service_type(self, tickets: QuerySet[Ticket], service_type: str) -> QuerySet[Ticket]:
        # As ordered: Granite answers with words of its own.
        of_all = Q(dispatch__service_type=service_type) & ~Q(location__own__has_key="service_type")
        return tickets.filter(of_all | Q(location__own__service_type=service_type))

    def _by_site(self, tickets: QuerySet[Ticket], text: str) -> QuerySet[Ticket]:
        sites = Site.objects.matching(text).order_by().values_list("pk", flat=True)[:MOST_SITES]
        return tickets.filter(location__site__in=list(sites))

    def _by_team(self, tickets: QuerySet[Ticket], team: Any) -> QuerySet[Ticket]:
        return tickets.filter(team=team)

    def _by_mine(self, tickets: QuerySet[Ticket], _: bool) -> QuerySet[Ticket]:
        return tickets.filter(dispatch__submitted_by=self.user)

    def _by_since(self, tickets: QuerySet[Ticket], day: date) -> QuerySet[Ticket]:
        return _by_visit(tickets, visit_on__gte=day, location__starts_at__gte=_utc(day) - SLACK)

    def _by_until(self, tickets: QuerySet[Ticket], day: date) -> QuerySet[Ticket]:
        return _by_visit(tickets, visit_on__lte=day, location__starts_at__lte=_utc(day) + SLACK)


def _by_visit(tickets: QuerySet[Ticket], **conditions: Any) -> QuerySet[Ticket]:
    visit_on = SiteDate(F("location__starts_at"), F("location__time_zone"))
    return tickets.alias(visit_on=visit_on).filter(**conditions)


def _utc(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
