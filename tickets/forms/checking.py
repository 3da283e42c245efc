"""The whole draft judged at once, from what was typed: everything wrong, everything odd, and the cleaned locations."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from portal.models import User
from sites import zones
from sites.models import Site
from tickets.forms.labels import LABELS
from tickets.forms.rows import MUST_BE_SAID, CheckedRow, Problems, check_rows, check_window
from tickets.forms.typed import KEY, MOST_ROWS, MOST_SHEET_ROWS, PREFIX, WHEN, Row
from tickets.forms.what import WhatForm
from tickets.forms.when import effective_rows, is_ambiguous, is_same_for_all, shared_window, to_utc
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
    def rows(self) -> list[CheckedRow]:
        """Every location judged, with the window that counts for it."""
        draft = self.draft
        if not draft.is_sheet:
            return check_rows(effective_rows(draft.what, draft.locations))
        self.what.is_valid()
        names = draft.files.order_by("draftfile__id").values_list("name", flat=True)
        return check_rows(draft.locations, what=self.what.cleaned_data, files=list(names))

    @cached_property
    def shared(self) -> Problems:
        """What is wrong with the window that is the same for all; nothing where every location has its own."""
        shared = shared_window(self.draft.what)
        return check_window(shared) if shared and not self.draft.is_sheet else {}

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
        for name, errors in self.what.errors.items():
            # The kind of work is a list of radio buttons: the first of them takes the focus.
            shown = "service_type_0" if name == "service_type" else name
            for message in errors:
                yield Finding("what", f"id_{shown}", LABELS.get(name, "This"), str(message))

    def _of_rows(self) -> Iterator[Finding]:
        yield from _count(self.draft, "rows", "Rows", MOST_SHEET_ROWS)
        for index, row in enumerate(self.rows):
            key = self.draft.locations[index][KEY]
            for name, sentences in row.problems.items():
                label = f"Row {index + 1}: {LABELS.get(name, name)}"
                for sentence in sentences:
                    yield Finding("rows", f"cell-{key}-{name}", label, sentence, row=key)

    def _of_where(self) -> Iterator[Finding]:
        yield from _count(self.draft, "where", "Locations", MOST_ROWS)
        for index, row in enumerate(self.rows):
            yield from _of_location("where", index, place_problems(row))

    def _of_when(self) -> Iterator[Finding]:
        for name, sentences in self.shared.items():
            for sentence in sentences:
                yield Finding("when", f"id_all-{name}", f"All locations: {LABELS[name]}", sentence)
        for index, row in enumerate(self.rows):
            yield from _of_location("when", index, self.own_window_problems(row))

    def own_window_problems(self, row: CheckedRow) -> Problems:
        """Without those that are said once for all."""
        own = {
            name: [text for text in said if text not in self.shared.get(name, [])]
            for name, said in row.problems.items()
            if name in WHEN
        }
        return {name: said for name, said in own.items() if said}

    def windows(self) -> Iterator[tuple[int, datetime, datetime, str]]:
        """Each window that is one, with its row and the zone it is meant in."""
        for index, row in enumerate(self.rows):
            start, zone = row.values.get("start_date"), row.values.get("time_zone") or ""
            if start and zones.is_zone(zone) and not any(name in row.problems for name in WHEN):
                yield index, start, row.values["end_date"], zone

    def locations(self) -> list[CheckedLocation]:
        said = self.said_for_all
        found = []
        for position, (row, checked) in enumerate(zip(self.draft.locations, self.rows, strict=True)):
            # What the first row lends to all is no difference.
            of_row = checked.own if self.draft.is_sheet else _chained(row)
            own = {name: value for name, value in of_row.items() if value != said.get(name)}
            corrects = row.get("corrects")
            found.append(
                CheckedLocation(position=position, key=row[KEY], corrects=corrects, own=own, **checked.values)
            )
        return found


def _chained(row: Row) -> dict[str, Any]:
    """The one thing a location says for itself where there is no sheet: after which ticket it comes."""
    prior = str(row.get("prior_ticket") or "")
    return {"prior_ticket": int(prior)} if prior.isascii() and prior.isdigit() and len(prior) < 19 else {}


def place_problems(row: CheckedRow) -> Problems:
    return {name: said for name, said in row.problems.items() if name not in WHEN}


def _count(draft: Draft, step: str, label: str, most: int) -> Iterator[Finding]:
    if not draft.locations:
        yield Finding(step, label.lower(), label, "Add at least one location.")
    if len(draft.locations) > most:
        yield Finding(step, label.lower(), label, f"A dispatch has at most {most} locations.")


def _of_location(step: str, index: int, problems: Problems) -> Iterator[Finding]:
    for name, sentences in problems.items():
        shown = "location_name" if name == "site" else name
        label = f"Location {index + 1}: {LABELS.get(name, name)}"
        for sentence in sentences:
            yield Finding(step, f"id_{PREFIX}-{index}-{shown}", label, sentence)


def clock_warnings(checked: Checked, now: datetime | None = None) -> list[Finding]:
    """Windows that are allowed and probably not meant: past, far off, or in the hour that comes twice."""
    now = now or datetime.now(UTC)
    found, draft = [], checked.draft
    places = _places_of(draft)
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
        if message := _contradicted(zone, start, draft.locations[index], places):
            step = "rows" if draft.is_sheet else "where"
            at = f"cell-{key}-time_zone" if draft.is_sheet else f"id_{PREFIX}-{index}-time_zone"
            found.append(Finding(step, at, f"{noun} {index + 1}: Time zone", message, row=key))
    return found


def _places_of(draft: Draft) -> dict[str, str]:
    """The time zones of the sites that the rows name."""
    named = {str(row["site"]) for row in draft.locations if str(row.get("site") or "").isdecimal()}
    keys = [int(key) for key in named if key.isascii() and len(key) < 19]
    known = Site.objects.filter(pk__in=keys).values_list("pk", "time_zone") if keys else ()
    return {str(pk): zone for pk, zone in known}


def _contradicted(zone: str, start: datetime, row: Row, places: Mapping[str, str]) -> str:
    """Where another time is known of the place than the one that will be counted with."""
    of_site = places.get(str(row.get("site") or ""), "")
    if of_site and not zones.keep_the_same_time(zone, of_site, start):
        return f"{zone} is not the time zone of this site ({of_site}). The window counts in {zone}."
    zip_code = str(row.get("zip") or "")
    by_place = zones.zone_for(state=str(row.get("state") or ""), zip_code=zip_code)
    if not of_site and by_place and not zones.keep_the_same_time(zone, by_place, start):
        place = f"ZIP {zip_code}" if zones.state_of_zip(zip_code) else str(row["state"])
        return f"{place} lies in {by_place}, this row says {zone}. The window counts in {zone}."
    return ""


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
