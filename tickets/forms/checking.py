"""The whole draft judged at once, from what was typed: everything wrong, everything odd, and the cleaned locations."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from django.forms import BaseFormSet, Form

from portal.models import User
from sites import zones
from tickets.forms.typed import KEY, PREFIX
from tickets.forms.what import WhatForm
from tickets.forms.when import WhenForm, check_all_rows, check_when, is_ambiguous, is_same_for_all, to_utc
from tickets.forms.where import check_where
from tickets.models import Draft


@dataclass(frozen=True)
class Finding:
    """One sentence about one field, with where to find it."""

    step: str
    field_id: str
    label: str
    message: str


@dataclass(frozen=True)
class CheckedLocation:
    """One location with every rule kept. Times are the wall clock there."""

    position: int
    key: str
    corrects: int | None
    location_name: str
    location_number: str
    account_macnum: str
    local_contact_name: str
    local_contact_number: str
    location_contact_ext: str
    location_contact_email: str
    secondary_lcon_name: str
    secondary_lcon_number: str
    secondary_lcon_ext: str
    secondary_lcon_email: str
    site: int | None
    time_zone: str
    start_date: datetime
    end_date: datetime

    @property
    def starts_at(self) -> datetime:
        return to_utc(self.start_date, zones.zone(self.time_zone))

    @property
    def ends_at(self) -> datetime:
        return to_utc(self.end_date, zones.zone(self.time_zone))

    @property
    def abbreviation(self) -> str:
        return self.start_date.replace(tzinfo=zones.zone(self.time_zone)).tzname() or ""

    @property
    def is_hard_start(self) -> bool:
        return self.start_date == self.end_date

    @property
    def title(self) -> str:
        return (
            f"{self.location_name} ({self.location_number})" if self.location_number else self.location_name
        )


class Checked:
    """A draft judged form by form, each when it is first asked for. `locations` needs a draft without problems."""

    def __init__(self, draft: Draft, user: User) -> None:
        self.draft, self.user = draft, user

    @cached_property
    def what(self) -> WhatForm:
        return WhatForm(self.draft, self.user, is_checked=True)

    @cached_property
    def where(self) -> BaseFormSet:
        return check_where(self.draft.locations)

    @cached_property
    def when(self) -> BaseFormSet:
        return check_when(self.draft.what, self.draft.locations)

    @cached_property
    def all_rows(self) -> WhenForm | None:
        return check_all_rows(self.draft.what)

    @property
    def is_good(self) -> bool:
        return not self.problems()

    def problems(self, step: str = "") -> list[Finding]:
        """What forbids sending, in the order of the steps; of one step, if it is named."""
        return [finding for name, find in self._finders.items() if step in ("", name) for finding in find()]

    @property
    def _finders(self) -> dict[str, Callable[[], Iterator[Finding]]]:
        return {"what": self._of_what, "where": self._of_where, "when": self._of_when}

    def _of_what(self) -> Iterator[Finding]:
        # The kind of work is a list of radio buttons: the first of them takes the focus.
        return _of_form("what", self.what, shown_at={"service_type": "service_type_0"})

    def _of_where(self) -> Iterator[Finding]:
        for message in self.where.non_form_errors():
            yield Finding("where", "locations", "Locations", str(message))
        for index, form in enumerate(self.where.forms):
            yield from _of_form("where", form, f"Location {index + 1}: ", {"site": "location_name"})

    def _of_when(self) -> Iterator[Finding]:
        shared = set()
        if self.all_rows:
            yield from _of_form("when", self.all_rows, "All locations: ")
            shared = {text for errors in self.all_rows.errors.values() for text in errors}
        for index, form in enumerate(self.when.forms):
            for finding in _of_form("when", form, f"Location {index + 1}: "):
                if finding.message not in shared:
                    yield finding

    def locations(self) -> list[CheckedLocation]:
        found = []
        for position, (where, when, row) in enumerate(
            zip(self.where.forms, self.when.forms, self.draft.locations, strict=True)
        ):
            values: dict[str, Any] = dict(where.cleaned_data)
            values["start_date"], values["end_date"] = (
                when.cleaned_data["start_date"],
                when.cleaned_data["end_date"],
            )
            found.append(
                CheckedLocation(position=position, key=row[KEY], corrects=row.get("corrects"), **values)
            )
        return found


def _of_form(
    step: str, form: Form, before: str = "", shown_at: dict[str, str] | None = None
) -> Iterator[Finding]:
    for name, errors in form.errors.items():
        shown = (shown_at or {}).get(name, name)
        label = (
            form.fields[name].label or name.replace("_", " ").capitalize() if name in form.fields else "This"
        )
        for message in errors:
            yield Finding(step, f"id_{form.add_prefix(shown)}", f"{before}{label}", str(message))


def clock_warnings(checked: Checked, now: datetime | None = None) -> list[Finding]:
    """Windows that are allowed and probably not meant: past, far off, or in the hour that comes twice."""
    now = now or datetime.now(UTC)
    found, is_shared = [], is_same_for_all(checked.draft.what)
    for index, form in enumerate(checked.when.forms):
        values = getattr(form, "cleaned_data", {})
        start, name = values.get("start_date"), values.get("time_zone") or ""
        if not start or not zones.is_zone(name) or form.errors:
            continue
        prefix = "all" if is_shared else f"{PREFIX}-{index}"
        for message in _odd_about(start, values["end_date"], name, now):
            found.append(Finding("when", f"id_{prefix}-start_date", f"Location {index + 1}: Start", message))
    return found


def _odd_about(start: datetime, end: datetime, zone_name: str, now: datetime) -> Iterator[str]:
    zone = zones.zone(zone_name)
    if to_utc(end, zone) < now:
        yield "This window is already over."
    elif to_utc(start, zone) < now:
        yield "This start is already past."
    elif to_utc(start, zone) > now + timedelta(days=366):
        yield "This is more than a year ahead."
    for moment in dict.fromkeys([start, end]):
        if is_ambiguous(moment, zone):
            yield f"{moment:%H:%M} comes twice that night, because the clocks are put back. Agree with the site which one."
