"""The whole draft judged at once, from what was typed: everything wrong, everything odd, and the cleaned locations."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from django.forms import BaseFormSet, Form

from portal.models import User
from sites import zones
from tickets.forms.labels import LABELS
from tickets.forms.rows import FILES, MUST_BE_SAID, NO_ROWS, CheckedRow, check_rows
from tickets.forms.typed import KEY, PREFIX, Row
from tickets.forms.what import WhatForm
from tickets.forms.when import WhenForm, check_all_rows, check_when, is_ambiguous, is_same_for_all, to_utc
from tickets.forms.where import check_where
from tickets.models import Draft


@dataclass(frozen=True)
class Finding:
    """One sentence about one field, with where to find it; of a sheet with the key of its row."""

    step: str
    field_id: str
    label: str
    message: str
    row: str = ""


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
    own: Mapping[str, Any] = field(default_factory=dict)  # what it says differently from *What*

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
        return WhatForm(self.draft, self.user, is_checked=True, left_to_rows=self._left_to_rows)

    @cached_property
    def _left_to_rows(self) -> frozenset[str]:
        """What every row of a sheet says itself need not be said in *What*."""
        if not self.draft.is_sheet or not self.draft.locations:
            return frozenset()
        rows = self.draft.locations
        return frozenset(name for name in MUST_BE_SAID if all(row.get(name, "").strip() for row in rows))

    @cached_property
    def said_for_all(self) -> dict[str, Any]:
        """*What*, cleaned; where it leaves something to the rows, as the first row has it."""
        self.what.is_valid()  # judges it, if nobody has asked yet
        said = dict(self.what.cleaned_data)
        if self._left_to_rows and self.rows:
            said |= {name: self.rows[0].own.get(name) for name in self._left_to_rows if not said.get(name)}
        return said

    @cached_property
    def where(self) -> BaseFormSet:
        return check_where(self.draft.locations)

    @cached_property
    def when(self) -> BaseFormSet:
        return check_when(self.draft.what, self.draft.locations)

    @cached_property
    def all_rows(self) -> WhenForm | None:
        return check_all_rows(self.draft.what)

    @cached_property
    def rows(self) -> list[CheckedRow]:
        """Of a sheet: every row judged."""
        names = self.draft.files.order_by("draftfile__id").values_list("name", flat=True)
        self.what.is_valid()
        return check_rows(self.draft.locations, what=self.what.cleaned_data, files=list(names))

    @property
    def is_good(self) -> bool:
        return not self.problems()

    def problems(self, step: str = "") -> list[Finding]:
        """What forbids sending, in the order of the steps; of one step, if it is named."""
        return [finding for name, find in self._finders.items() if step in ("", name) for finding in find()]

    @property
    def _finders(self) -> dict[str, Callable[[], Iterator[Finding]]]:
        if self.draft.is_sheet:
            return {"what": self._of_what, "rows": self._of_rows}
        return {"what": self._of_what, "where": self._of_where, "when": self._of_when}

    def _of_what(self) -> Iterator[Finding]:
        # The kind of work is a list of radio buttons: the first of them takes the focus.
        return _of_form("what", self.what, shown_at={"service_type": "service_type_0"})

    def _of_rows(self) -> Iterator[Finding]:
        if not self.rows:
            yield Finding("rows", "rows", "Rows", NO_ROWS)
        for index, row in enumerate(self.rows):
            key = self.draft.locations[index][KEY]
            for name, sentences in row.problems.items():
                label = f"Row {index + 1}: {LABELS.get(name, name)}" if name else f"Row {index + 1}"
                for sentence in sentences:
                    field_id = f"cell-{key}-{name}" if name else f"row-{key}"
                    yield Finding("rows", field_id, label, sentence, row=key)

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

    def windows(self) -> Iterator[tuple[int, datetime, datetime, str]]:
        """Each window that is one, with its row and the zone it is meant in."""
        judged: Iterable[tuple[Mapping[str, Any], bool]] = (
            ((row.values, bool(row.problems)) for row in self.rows)
            if self.draft.is_sheet
            else ((getattr(form, "cleaned_data", {}), bool(form.errors)) for form in self.when.forms)
        )
        for index, (values, is_wrong) in enumerate(judged):
            start, zone = values.get("start_date"), values.get("time_zone") or ""
            if start and not is_wrong and zones.is_zone(zone):
                yield index, start, values["end_date"], zone

    def locations(self) -> list[CheckedLocation]:
        if self.draft.is_sheet:
            return [
                _located(position, row, checked)
                for position, (row, checked) in enumerate(
                    zip(self.draft.locations, self._settled_rows(), strict=True)
                )
            ]
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

    def _settled_rows(self) -> list[CheckedRow]:
        """With `own` as it differs from what is said for all: what the first row lent to all is no difference."""
        said = self.said_for_all
        for row in self.rows:
            row.own = {
                name: value for name, value in row.own.items() if name == FILES or value != said.get(name)
            }
        return self.rows


def _located(position: int, row: Row, checked: CheckedRow) -> CheckedLocation:
    return CheckedLocation(
        position=position, key=row[KEY], corrects=row.get("corrects"), own=checked.own, **checked.values
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
    found, draft = [], checked.draft
    for index, start, end, zone in checked.windows():
        if draft.is_sheet:
            key = draft.locations[index][KEY]
            step, at = "rows", f"cell-{key}-start_date"
        else:
            key = ""
            prefix = "all" if is_same_for_all(draft.what) else f"{PREFIX}-{index}"
            step, at = "when", f"id_{prefix}-start_date"
        noun = "Row" if draft.is_sheet else "Location"
        for message in _odd_about(start, end, zone, now):
            found.append(Finding(step, at, f"{noun} {index + 1}: Start", message, row=key))
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
