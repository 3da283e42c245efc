"""Dispatches from a sheet: begun from a table or from picked sites, their columns matched, their rows made."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from portal import accounts, audit
from portal.models import Team, User
from portal.models.accounts import Vendor
from portal.problems import Problem
from tickets.forms.typed import KEY, MOST_ROWS, MOST_SHEET_ROWS, Row
from tickets.models import ColumnMapping, Draft, Sheet
from tickets.permissions import may_draft
from tickets.services import drafts
from tickets.services.rows import rows_of_sites
from tickets.services.sheet_places import fill_places
from tickets.sheets import Table
from tickets.sheets.columns import keys_of
from tickets.sheets.days import ASK, DMY, MDY, MIXED
from tickets.sheets.making import REPAIRED, make_rows
from tickets.sheets.matching import BY_NAME, Match, match, order_in, remembered
from tickets.sheets.samples import WRONG_HEADER

SAME_PRESS = timedelta(minutes=1)


@dataclass(frozen=True)
class Suggestion:
    """What each column seems to be. `is_settled`: nothing about it needs a person, so the page is not shown."""

    matches: dict[int, Match]
    order: str
    is_settled: bool

    @property
    def columns(self) -> dict[int, str]:
        return {index: one.field for index, one in self.matches.items()}


@dataclass(frozen=True)
class Filled:
    rows: int
    repaired: int


def begin(team: Team, *, by: User, name: str = "") -> Draft:
    """An empty draft whose rows are worked on as a table; `name` of the sheet they come from, if they do.

    Belongs into a transaction.
    """
    if not may_draft(by):
        raise PermissionDenied
    draft = Draft.objects.create(
        team=team,
        account=accounts.default_account(Vendor.GRANITE),
        what=drafts.usual_what(by),
        is_sheet=True,
        # Something was done with it already: nobody's next new draft.
        saves={"sheet": {"by": by.name, "at": timezone.now().isoformat(), "name": name[:200]}},
        created_by=by,
        saved_by=by,
    )
    audit.record(by, "draft.begun", draft)
    return draft


@transaction.atomic
def begin_from_table(team: Team, table: Table, name: str, *, by: User) -> Draft:
    """A draft that keeps what was read. The same sheet sent twice by two presses of a button begins one."""
    User.objects.select_for_update().get(pk=by.pk)
    recent = Draft.objects.open().filter(
        created_by=by, team=team, created_at__gte=timezone.now() - SAME_PRESS, sheet__name=name[:200]
    )
    for draft in recent.select_related("sheet").order_by("-pk")[:3]:
        if draft.sheet.header == table.header and draft.sheet.rows == table.rows:
            return draft
    draft = begin(team, by=by, name=name)
    Sheet.objects.create(
        draft=draft,
        name=name[:200],
        header=table.header,
        rows=table.rows,
        lines=table.lines,
        notes=table.notes,
        is_headed=table.is_headed,
        read_by=by,
    )
    return draft


@transaction.atomic
def begin_from_sites(team: Team, pks: list[int], *, by: User) -> Draft:
    """A draft with one row for each of these sites of ours."""
    if not pks:
        raise Problem("Tick the sites to dispatch to, or take all that match.")
    if len(pks) > MOST_ROWS:
        raise Problem(f"Pick at most {MOST_ROWS} sites; these are {len(pks):,}. Narrow the filter.")
    rows = rows_of_sites(pks)
    draft = begin(team, by=by)
    fill(draft, rows, by=by)
    return draft


def table_of(sheet: Sheet) -> Table:
    return Table(sheet.header, sheet.rows, sheet.lines, sheet.notes, sheet.is_headed)


def suggest(draft: Draft) -> Suggestion:
    """The columns as chosen before, else as the team remembers them, else as they look."""
    sheet, table = draft.sheet, table_of(draft.sheet)
    if sheet.is_matched:
        matches = {int(index): Match(field, BY_NAME) for index, field in sheet.columns.items()}
        return Suggestion(matches, _order(table, matches, sheet.date_order), is_settled=False)
    memory = _remembered(draft, table)
    matches = remembered(table, memory.columns) if memory else match(table)
    order = _order(table, matches, memory.date_order if memory else "")
    is_ours = all(
        name == WRONG_HEADER or (index in matches and matches[index].how == BY_NAME)
        for index, name in enumerate(table.header)
    )
    return Suggestion(matches, order, is_settled=(memory is not None or is_ours) and order != ASK)


def _order(table: Table, matches: dict[int, Match], said: str) -> str:
    proven = order_in(table, {index: one.field for index, one in matches.items()})
    return said if proven == ASK and said else proven


def _remembered(draft: Draft, table: Table) -> ColumnMapping | None:
    if not table.is_headed:
        return None
    return ColumnMapping.objects.filter(team=draft.team_id, signature=signature_of(table.header)).first()


def signature_of(header: list[str]) -> str:
    """The same for the same headings, in whatever order they stand and however they are written."""
    return hashlib.sha256(json.dumps(sorted(keys_of(header))).encode()).hexdigest()


@transaction.atomic
def map_columns(draft: Draft, columns: dict[int, str], order: str, *, by: User) -> Filled:
    """Make the draft's rows from its sheet, anew if there were some, and remember the columns for the team.

    `order` counts where the dates themselves prove none.
    """
    locked = drafts.lock(draft, by=by)
    sheet = locked.sheet
    table = table_of(sheet)
    proven = order_in(table, columns)
    if proven == ASK and order not in (MDY, DMY):
        raise Problem("Say whether the month or the day comes first in these dates.")
    used = order if proven == ASK else "" if proven == MIXED else proven
    rows = make_rows(table, columns, used)
    fill_places(rows, locked.account)
    sheet.columns = {str(index): field for index, field in columns.items()}
    sheet.date_order, sheet.is_matched = order if proven == ASK else "", True
    sheet.save(update_fields=["columns", "date_order", "is_matched"])
    _remember(locked, table, columns, sheet.date_order, by)
    return fill(locked, rows, by=by)


def _remember(draft: Draft, table: Table, columns: dict[int, str], order: str, by: User) -> None:
    if not table.is_headed:
        return
    keys = keys_of(table.header)
    named = {keys[index]: field for index, field in columns.items()}
    ColumnMapping.objects.update_or_create(
        team=draft.team,
        signature=signature_of(table.header),
        defaults={"columns": named, "saved_by": by} | ({"date_order": order} if order else {}),
    )


@transaction.atomic
def fill(draft: Draft, rows: list[dict[str, Any]], *, by: User) -> Filled:
    """These rows instead of those the draft has. What was done to the old ones can no longer be undone."""
    locked = drafts.lock(draft, by=by)
    if len(rows) > MOST_SHEET_ROWS:
        raise Problem(f"A sheet has at most {MOST_SHEET_ROWS:,} rows; these are {len(rows):,}.")
    keys = _new_keys(len(rows))
    filled: list[Row] = [{KEY: key, **row} for key, row in zip(keys, rows, strict=True)]
    locked.row_changes.all().delete()
    locked.locations, locked.saved_by = filled, by
    locked.save(update_fields=["locations", "saved_by", "saved_at"])
    repaired = sum(len(row.get(REPAIRED, {})) for row in filled)
    audit.record(by, "draft.filled", locked, rows=len(filled), repaired=repaired)
    return Filled(len(filled), repaired)


def _new_keys(count: int) -> list[str]:
    """Of thousands of random keys two may be the same; of these none are."""
    keys: dict[str, None] = {}
    while len(keys) < count:
        keys[secrets.token_hex(4)] = None
    return list(keys)
