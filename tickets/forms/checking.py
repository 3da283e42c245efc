"""The whole draft judged at once, from what was typed: everything wrong, everything odd, and the cleaned locations."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
    def is_hard_start(self) -> bool:
        return self.start_date == self.end_date

    @property
    def title(self) -> str:
        return (
            f"{self.location_name} ({self.location_number})" if self.location_number else self.location_name
        )


@dataclass(frozen=True)
class Checked:
    """A draft with every form judged. `locations` is only whole where there are no problems."""

    draft: Draft
    what: WhatForm
    where: BaseFormSet
    when: BaseFormSet
    all_rows: WhenForm | None

    @property
    def is_good(self) -> bool:
        return not self.problems()

    def problems(self, step: str = "") -> list[Finding]:
        """What forbids sending, in the order of the steps; of one step, if it is named."""
        found = [*_of_form("what", self.what), *self._of_where(), *self._of_when()]
        return [finding for finding in found if step in ("", finding.step)]

    def _of_where(self) -> Iterator[Finding]:
        for message in self.where.non_form_errors():
            yield Finding("where", "locations", "Locations", message)
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


def check(draft: Draft, user: User) -> Checked:
    return Checked(
        draft=draft,
        what=WhatForm(draft, user, is_checked=True),
        where=check_where(draft.locations),
        when=check_when(draft.what, draft.locations),
        all_rows=check_all_rows(draft.what),
    )


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
