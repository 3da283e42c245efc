"""What the pages of *What*, *Where* and *When* show, from what was typed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils import timezone

from portal.models import Lookup
from portal.request import PortalRequest
from sites import zones
from sites.services import sites_for_wizard
from tickets.forms.checking import Checked, Finding, place_problems
from tickets.forms.rows import Problems
from tickets.forms.typed import ALL_ROWS, ALL_ROWS_TICKS, KEY, PREFIX, WHERE, Row
from tickets.forms.what import WhatForm, service_groups
from tickets.forms.when import abbreviation, effective_rows, is_same_for_all
from tickets.grid import refusals
from tickets.models import Draft

ACCOUNTS = "granite.accounts"
SHORTEST_SEARCH = 2
OPTIONAL = (
    "location_contact_ext",
    "location_contact_email",
    "secondary_lcon_name",
    "secondary_lcon_number",
    "secondary_lcon_ext",
    "secondary_lcon_email",
)


@dataclass
class RowPage:
    """One location as a page shows it: values as typed, errors by field."""

    index: int
    values: Row
    errors: dict[str, Any] = field(default_factory=dict)
    is_new: bool = False
    zone_note: str = ""

    @property
    def prefix(self) -> str:
        return f"{PREFIX}-{self.index}-"

    @property
    def key(self) -> str:
        return str(self.values.get(KEY, ""))

    @property
    def title(self) -> str:
        name, number = self.values.get("location_name", ""), self.values.get("location_number", "")
        return f"{name} ({number})" if name and number else name or f"Location {self.index + 1}"

    @property
    def notes(self) -> dict[str, list[str]]:
        """What Granite said, at the fields whose value it said it of."""
        return refusals(self.values)

    @property
    def general_notes(self) -> list[str]:
        """What Granite said of the row, not of one of the fields that have a place here."""
        return [line for name, lines in self.notes.items() if name not in WHERE for line in lines]

    @property
    def is_unfolded(self) -> bool:
        """Whether an optional field has something to show."""
        return any(self.values.get(name) or name in self.errors or name in self.notes for name in OPTIONAL)

    @property
    def first_gap(self) -> str:
        names = ("location_name", "account_macnum", "time_zone", "local_contact_name", "local_contact_number")
        return next((name for name in names if not self.values.get(name)), "")


def what_page(request: PortalRequest, draft: Draft, checked: Checked | None) -> dict[str, Any]:
    form = checked.what if checked else WhatForm(draft, request.user, is_checked=False)
    return {
        "form": form,
        "groups": service_groups(),
        "service_type": draft.what.get("service_type", ""),
        "notes": _notes_of_what(draft, form),
    }


def _notes_of_what(draft: Draft, form: WhatForm) -> list[Finding]:
    """What Granite said of the whole dispatch, with the field it meant where it named one."""
    found = []
    for name, lines in refusals(draft.what).items():
        label = str(form[name].label) if name in form.fields else ""
        found += [Finding("what", f"id_{name}", label, line) for line in lines]
    return found


def where_page(request: PortalRequest, draft: Draft, checked: Checked | None) -> dict[str, Any]:
    first_new = request.GET.get("row", "")
    first_new_index = (
        int(first_new) if first_new.isascii() and first_new.isdigit() and len(first_new) < 5 else None
    )
    rows = _rows(draft.locations, [place_problems(row) for row in checked.rows] if checked else None)
    for row in rows:
        row.is_new = row.index == first_new_index
    return {
        "rows": rows,
        "zones": zone_choices(draft.locations),
        "fields": WHERE,
        **search_context(request, draft, request.GET.get("q", "")),
    }


def when_page(request: PortalRequest, draft: Draft, checked: Checked | None) -> dict[str, Any]:
    rows = _rows(
        draft.locations, [checked.own_window_problems(row) for row in checked.rows] if checked else None
    )
    today = timezone.localdate()
    for row, effective in zip(rows, effective_rows(draft.what, draft.locations), strict=True):
        row.zone_note = zone_note(effective, today)
    shared = {name.removeprefix("all-"): draft.what.get(name, "") for name in (*ALL_ROWS, *ALL_ROWS_TICKS)}
    errors = checked.shared if checked else {}
    return {"rows": rows, "shared": shared, "shared_errors": errors, "is_shared": is_same_for_all(draft.what)}


CONTEXT: dict[str, Callable[[PortalRequest, Draft, Checked | None], dict[str, Any]]] = {
    "what": what_page,
    "where": where_page,
    "when": when_page,
}


def _rows(locations: list[Row], errors: list[Problems] | None) -> list[RowPage]:
    said = errors or [{} for _ in locations]
    return [
        RowPage(index, row, found) for index, (row, found) in enumerate(zip(locations, said, strict=True))
    ]


def zone_choices(rows: list[Row]) -> list[tuple[str, str]]:
    """The usual zones, and whatever the rows hold besides, so that a choice is never lost."""
    usual = dict(zones.CHOICES)
    others = sorted({row.get("time_zone", "") for row in rows} - set(usual) - {""})
    return [*usual.items(), *((name, name.replace("_", " ")) for name in others)]


def zone_note(row: Row, today: date) -> str:
    """`America/New York (EST, UTC−5)`, as it is on the day of the visit."""
    name = row.get("time_zone", "")
    if not zones.is_zone(name):
        return ""
    return f"{name.replace('_', ' ')} ({abbreviation(row.get('start_date', ''), name, today)})"


def search_context(request: PortalRequest, draft: Draft, text: str) -> dict[str, Any]:
    """Our sites at once; Granite's accounts as far as they were asked for and answered."""
    text = searched(text)
    is_long_enough = len(text) >= SHORTEST_SEARCH
    lookup = accounts_lookup(draft, text) if is_long_enough else None
    return {
        "q": text,
        "is_long_enough": is_long_enough,
        "hits": sites_for_wizard(text) if is_long_enough else [],
        "lookup": lookup,
        "present": {row.get("site") for row in draft.locations if row.get("site")},
    }


def searched(text: str) -> str:
    """The words of a search as they are compared: one blank between them, and nothing the database cannot hold."""
    return " ".join(text.replace("\x00", "").split())[:100]


def accounts_lookup(draft: Draft, text: str) -> Lookup | None:
    return Lookup.objects.filter(account=draft.account, kind=ACCOUNTS, question={"search": text}).first()
