"""What somebody typed, right or wrong: read from a form, merged into the draft, compared. Nothing is judged here.

The steps share rows (a location's place is typed in *Where*, its times in *When*), so every row carries a key of its
own and each step touches only its own fields: two windows on two steps do not undo each other.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from django.http import QueryDict

from tickets.models import Draft

Row = dict[str, Any]

WHAT = (
    "team",
    "account",
    "service_type",
    "initial_description",
    "special_instructions",
    "non_standard_tools",
    "po_number",
    "customer_ticket_number",
    "prior_ticket",
    "contact_name",
    "contact_email_address",
    "automatic_email_cc_address",
)
WHAT_TICKS = ("customer_preferred_tech", "automatic_email_contact", "automatic_email_cc")
WHERE = (
    "location_name",
    "location_number",
    "account_macnum",
    "local_contact_name",
    "local_contact_number",
    "location_contact_ext",
    "location_contact_email",
    "secondary_lcon_name",
    "secondary_lcon_number",
    "secondary_lcon_ext",
    "secondary_lcon_email",
    "site",
    "time_zone",
)
WHEN, WHEN_TICKS = ("start_date", "end_date"), ("hard_start",)
ALL_ROWS, ALL_ROWS_TICKS = ("all-start_date", "all-end_date"), ("same_for_all", "all-hard_start")
# Of a row of a sheet: what it says differently from *What* (blank: the same), and what is never sent but helps to
# find the place.
ROW_WHAT = (
    "service_type",
    "initial_description",
    "special_instructions",
    "non_standard_tools",
    "po_number",
    "customer_ticket_number",
    "prior_ticket",
    "contact_name",
    "contact_email_address",
    "files",
)
AIDS = ("state", "zip")
KEY = "row"
PREFIX = "locations"
MOST_ROWS = 500  # of forms on one page
MOST_SHEET_ROWS = 5000
MOST_CHARACTERS = 100_000  # of one field, kept; what a field may hold is for the forms to say
_ROW_FIELD = re.compile(rf"{PREFIX}-([0-9]{{1,6}})-(\w+)")


class BadRows(Exception):
    """The list of locations did not arrive as our page sends it. `rows` is what could be read of it."""

    def __init__(self, sentence: str, rows: list[Row]) -> None:
        super().__init__(sentence)
        self.rows = rows


def apply_what(draft: Draft, post: QueryDict) -> None:
    draft.what = {**draft.what, **_values(post, "", WHAT, WHAT_TICKS)}


def apply_where(draft: Draft, post: QueryDict) -> None:
    """The posted rows become the rows; what the other steps know of a row stays with it."""
    posted = read_rows(post, WHERE, ())
    known = {row[KEY]: row for row in draft.locations}
    claimed = {row[KEY] for row in posted if row.get(KEY) in known}
    rows, used = [], set()
    for index, row in enumerate(posted):
        key = row.get(KEY, "")
        if not key and index < len(draft.locations) and draft.locations[index][KEY] not in claimed:
            key = draft.locations[index][KEY]
        if key not in known or key in used:
            rows.append({**row, KEY: new_key()})
        else:
            rows.append({**known[key], **row, KEY: key})
            used.add(key)
    draft.locations = rows


def apply_when(draft: Draft, post: QueryDict) -> None:
    draft.what = {**draft.what, **_values(post, "", ALL_ROWS, ALL_ROWS_TICKS)}
    posted = read_rows(post, WHEN, WHEN_TICKS)
    by_key = {row[KEY]: row for row in posted if row.get(KEY)}
    rows = []
    for index, row in enumerate(draft.locations):
        typed = by_key.get(row[KEY])
        if typed is None and index < len(posted) and not posted[index].get(KEY):
            typed = posted[index]
        rows.append({**row, **(typed or {}), KEY: row[KEY]})
    draft.locations = rows


APPLY = {"what": apply_what, "where": apply_where, "when": apply_when}


def read_rows(post: QueryDict, names: Iterable[str], ticks: Iterable[str]) -> list[Row]:
    """The rows of the list, in order. Raises BadRows if the list is not whole."""
    found = sorted({int(match[1]) for name in post if (match := _ROW_FIELD.fullmatch(name))})
    rows = [_values(post, f"{PREFIX}-{index}-", (*names, KEY), ticks) for index in found[: MOST_ROWS + 1]]
    total_text = post.get(f"{PREFIX}-TOTAL_FORMS", "")
    if not re.fullmatch(r"[0-9]{1,6}", total_text):
        raise BadRows(
            "The list of locations arrived without its length. Nothing was saved; please check it.", rows
        )
    total = int(total_text)
    if total > MOST_ROWS:
        raise BadRows(
            f"A dispatch has at most {MOST_ROWS} locations; this list says {total}.", rows[:MOST_ROWS]
        )
    if found != list(range(total)):
        raise BadRows("The list of locations arrived incomplete. Nothing was saved; please check it.", rows)
    if twice := [name for name in post if _ROW_FIELD.fullmatch(name) and len(post.getlist(name)) > 1]:
        raise BadRows(
            f"A field of the list arrived twice ({twice[0][:80]}). Nothing was saved; please check it.", rows
        )
    return rows


def _values(post: QueryDict, prefix: str, names: Iterable[str], ticks: Iterable[str]) -> Row:
    """Texts that arrived, and every tick: a browser does not send the ones that are off."""
    texts = {name: plain(str(post[prefix + name])) for name in names if prefix + name in post}
    return texts | {name: tick(post.get(prefix + name, "")) for name in ticks}


def plain(text: str) -> str:
    """As typed, except for what the database cannot hold, and with one kind of line end."""
    return text.replace("\x00", "").replace("\r\n", "\n")[:MOST_CHARACTERS]


def tick(text: str) -> str:
    return "" if text.strip().lower() in ("", "0", "off", "false", "no") else "on"


def new_key() -> str:
    return secrets.token_hex(4)


def part(draft: Draft, step: str) -> dict[str, str]:
    """What one step shows of a draft, by field name: for comparing, and for telling people what differs."""
    if step == "what":
        return _texts(draft.what, (*WHAT, *WHAT_TICKS), "")
    shown = _texts(draft.what, (*ALL_ROWS, *ALL_ROWS_TICKS), "") if step == "when" else {}
    names = (*WHEN, *WHEN_TICKS, KEY) if step == "when" else (*WHERE, KEY)
    for index, row in enumerate(draft.locations):
        shown |= _texts(row, names, f"{PREFIX}-{index}-")
    return shown


def _texts(values: Mapping[str, Any], names: Iterable[str], prefix: str) -> dict[str, str]:
    return {prefix + name: str(values.get(name, "")) for name in names}


def fingerprint(shown: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16]
