"""A new draft from the rows Granite refused, and from those alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from portal import audit
from portal.models import User
from portal.problems import Problem
from tickets.forms.rows import MUST_BE_SAID
from tickets.forms.typed import KEY, PREFIX, WHAT, WHAT_TICKS, WHEN, WHERE, Row, new_key
from tickets.models import Dispatch, Draft, DraftFile, Location
from tickets.permissions import may_correct

NOTHING_LEFT = "Every refused location of this dispatch was already corrected and sent again."


@transaction.atomic
def draft_from_failed(dispatch: Dispatch, *, by: User) -> Draft:
    """The refused locations with what Granite said of them, ready to be corrected; what and files are copied.

    A location is offered once: if all of them stand in an open draft, that draft is the answer.
    """
    if not may_correct(by, dispatch):
        raise PermissionDenied
    dispatch = Dispatch.objects.select_for_update(of=("self",)).select_related("draft").get(pk=dispatch.pk)
    taken, open_draft = _already_corrected(dispatch)
    failed = [
        location
        for location in dispatch.locations.failed().select_related("message").order_by("position")
        if location.pk not in taken
    ]
    if not failed:
        if open_draft:
            return open_draft
        raise Problem(NOTHING_LEFT)
    refusals = _refusals(failed)
    draft = Draft.objects.create(
        team=dispatch.team,
        account=dispatch.account,
        what=_what(dispatch, failed, refusals),
        locations=[_row(dispatch, location, refusals) for location in failed],
        corrects=dispatch,
        is_sheet=dispatch.draft.is_sheet,
        created_by=by,
        saved_by=by,
    )
    files = DraftFile.objects.filter(draft=dispatch.draft).order_by("id")
    DraftFile.objects.bulk_create(DraftFile(draft=draft, file_id=file.file_id) for file in files)
    audit.record(by, "draft.corrects", draft, dispatch=dispatch.reference, locations=len(failed))
    return draft


def _already_corrected(dispatch: Dispatch) -> tuple[set[int], Draft | None]:
    """Locations that stand in another draft, open or submitted, and the newest open one of these drafts."""
    taken: set[int] = set()
    open_draft = None
    for draft in dispatch.corrections.filter(discarded_at=None).select_related("dispatch").order_by("pk"):
        taken |= {row["corrects"] for row in draft.locations if row.get("corrects")}
        open_draft = open_draft if draft.is_submitted else draft
    return taken, open_draft


@dataclass(frozen=True)
class Correction:
    """What is left to correct of a dispatch: so many locations, or the open draft they stand in already."""

    locations: int
    draft: Draft | None


def correction_of(dispatch: Dispatch) -> Correction | None:
    """None where nothing was refused, or all of it was corrected and sent again."""
    failed = set(dispatch.locations.failed().values_list("pk", flat=True))
    if not failed:
        return None
    taken, open_draft = _already_corrected(dispatch)
    if failed - taken:
        return Correction(len(failed - taken), None)
    return Correction(0, open_draft) if open_draft else None


def first_refused(draft: Draft) -> tuple[str, str]:
    """The step of the first thing Granite refused, and the end of the address of its field; "" where it named none."""
    for mark in draft.what.get("refused", []):
        return "what", f"#id_{mark['field']}" if mark["field"] else ""
    for index, row in enumerate(draft.locations):
        for mark in row.get("refused", []):
            if draft.is_sheet:
                cell = f"cell-{row[KEY]}-{mark['field']}" if mark["field"] else f"row-{row[KEY]}"
                return "rows", f"?at={row[KEY]}#{cell}"
            step = "when" if mark["field"] in WHEN else "where"
            return step, f"#id_{PREFIX}-{index}-{mark['field']}" if mark["field"] else ""
    return ("rows" if draft.is_sheet else "where"), ""


def still_refused(draft: Draft, locations: list[int]) -> bool:
    """Whether these locations may be sent again in `draft`: refused by Granite, and sent again by no other draft."""
    if not locations:
        return True
    others = Draft.objects.filter(corrects=draft.corrects_id, dispatch__isnull=False).exclude(pk=draft.pk)
    sent_again = {row.get("corrects") for other in others for row in other.locations}
    failed = Location.objects.failed().filter(pk__in=locations, dispatch=draft.corrects_id)
    return failed.count() == len(set(locations)) == len(locations) and not sent_again & set(locations)


def _refusals(failed: list[Location]) -> dict[int, list[dict[str, Any]]]:
    """What Granite said, by message."""
    said = {}
    for message in {location.message for location in failed}:
        attempt = message.last_attempt
        problems = [item for item in (attempt.problems if attempt else []) if isinstance(item, dict)]
        if not problems and attempt and attempt.detail:
            problems = [{"field": "", "index": None, "message": attempt.detail}]
        said[message.pk] = problems
    return said


def _what(
    dispatch: Dispatch, failed: list[Location], refusals: dict[int, list[dict[str, Any]]]
) -> dict[str, Any]:
    what = {name: value for name, value in dispatch.draft.what.items() if name in (*WHAT, *WHAT_TICKS)}
    what |= {"team": str(dispatch.team_id), "account": str(dispatch.account_id)}
    own = {location.message_id: location.own for location in failed}
    general = [
        item
        for message, problems in refusals.items()
        for item in problems
        if item.get("index") is None and item.get("field") not in own[message]
    ]
    if refused := _marks(general, what):
        what["refused"] = refused
    return what


def _row(dispatch: Dispatch, location: Location, refusals: dict[int, list[dict[str, Any]]]) -> Row:
    row: Row = {name: str(getattr(location, name)) for name in WHERE if name != "site"}
    lent = {name: getattr(dispatch, name) for name in MUST_BE_SAID if not dispatch.draft.what.get(name)}
    for name, said in {**lent, **location.own}.items():
        row[name] = ";".join(said) if isinstance(said, list) else str(said)
    row |= {
        KEY: new_key(),
        "site": str(location.site_id or ""),
        "start_date": as_typed(location.local_start),
        "end_date": as_typed(location.local_end),
        "hard_start": "on" if location.is_hard_start else "",
        "corrects": location.pk,
    }
    mine = [
        item
        for item in refusals[location.message_id]
        # What was said of the whole request is about this row's own words, where it has any.
        if item.get("index") == location.index
        or (item.get("index") is None and item.get("field") in location.own)
    ]
    if refused := _marks(mine, row):
        row["refused"] = refused
    return row


def as_typed(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S" if moment.second else "%Y-%m-%dT%H:%M")


def _marks(problems: list[dict[str, Any]], values: Row) -> list[dict[str, str]]:
    """Each sentence with the field and the value it was said of: it stands at the field until the value changes."""
    marks = []
    for item in problems:
        name = str(item.get("field") or "")
        name = name if name in values else ""
        marks.append(
            {"field": name, "value": str(values.get(name, "")), "message": str(item.get("message", ""))[:500]}
        )
    return [mark for position, mark in enumerate(marks) if mark not in marks[:position]]
