"""Recurring dispatches set up, paused, resumed and ended by people. What the machine makes of them is in `occurrences`."""

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from portal import audit
from portal.models import StoredFile, User
from portal.problems import Problem
from tickets import timeless
from tickets.forms.checking import Checked
from tickets.forms.rows import check_rows
from tickets.models import DispatchTemplate, Draft, Occurrence, Recurrence
from tickets.services import templates
from tickets.services.attaching import files_of
from tickets.services.copying import Content, may_work_for, with_contact
from tickets.services.occurrences import (
    PAUSED_THEN,
    make_due,
    overdue,
    trial_of,
    zones_of,
)

__all__ = [
    "content_of_draft",
    "content_of_template",
    "end",
    "make_due",
    "pause",
    "problems_of",
    "resume",
    "set_up",
    "zones_of",
]
ENDED = "This recurring dispatch was ended. Set up another one."
NO_REASON = "Say why, so that the others know."
NOT_YOURS = "This page was somebody else's. Open it anew."
NOWHERE = "There is no location to come back to. Add the locations first, then repeat it."


def content_of_draft(draft: Draft) -> Content:
    """What comes again: all of it but the days, and what was true of this one visit alone."""
    rows = timeless.timeless_rows(draft.what, draft.locations)
    what = timeless.timeless_what(draft.what, rows, None, is_sheet=draft.is_sheet)
    return Content(draft.team, draft.account, what, rows, draft.is_sheet, files_of(draft))


def content_of_template(template: DispatchTemplate) -> Content:
    return templates.content_of(template)


def problems_of(recurrence: Recurrence, files: Sequence[StoredFile], *, by: User) -> list[str]:
    """What would keep it from being submitted by itself, whatever the day; judged for its first one."""
    trial = trial_of(recurrence)
    checked = Checked(trial, by)
    found = checked.problems("what") if trial.is_sheet else checked.problems()
    wrong = [f"{finding.label}: {finding.message}" for finding in found]
    if trial.is_sheet:  # its rows name files, which only a draft that was saved could say
        wrong += _problems_of_rows(trial, checked, files)
    return wrong


def _problems_of_rows(trial: Draft, checked: Checked, files: Sequence[StoredFile]) -> Iterator[str]:
    checked.what.is_valid()
    names = [file.name for file in files]
    rows = check_rows(trial.locations, what=checked.what.cleaned_data, files=names)
    for number, row in enumerate(rows, start=1):
        yield from (f"Row {number}: {sentence}" for said in row.problems.values() for sentence in said)


@transaction.atomic
def set_up(content: Content, form_key: uuid.UUID, values: dict[str, Any], *, by: User) -> Recurrence:
    """From now on it comes again by its rule. A second press of the same page finds what the first one made.

    Raises Problem where there is nowhere to go, or where it is to submit itself and could not.
    """
    if not may_work_for(by, content.team):
        raise PermissionDenied
    User.objects.select_for_update().get(pk=by.pk)  # two presses of one button wait for each other here
    if made := Recurrence.objects.filter(form_key=form_key).first():
        if made.made_by_id != by.pk:
            raise Problem(NOT_YOURS)
        return made
    recurrence = draw_up(content, values, by=by)
    if not content.locations:
        raise Problem(NOWHERE)
    if recurrence.submits_by_itself and (wrong := problems_of(recurrence, content.files, by=by)):
        raise Problem(
            f"It cannot submit itself as long as something is wrong with it. {wrong[0]} "
            "Mend it first, or let it make drafts for review."
        )
    recurrence.form_key = form_key
    recurrence.save()
    for file in content.files:
        recurrence.files.add(file)
    audit.record(
        by,
        "recurrence.set up",
        recurrence,
        rule=recurrence.words,
        limits=recurrence.limits,
        mode=recurrence.mode,
    )
    return recurrence


def draw_up(content: Content, values: dict[str, Any], *, by: User) -> Recurrence:
    """As it would be, unsaved: for showing its next visits before anybody agrees."""
    return Recurrence(
        team=content.team,
        account=content.account,
        what=with_contact(content.what, by),
        locations=content.locations,
        is_sheet=content.is_sheet,
        made_by=by,
        **values,
    )


@transaction.atomic
def pause(recurrence: Recurrence, reason: str, *, by: User) -> None:
    """Nothing is made until it is resumed. What was made stays."""
    locked = _lock(recurrence, by)
    if locked.paused_at:
        return
    _stop(locked, "paused_at", reason)
    audit.record(by, "recurrence.paused", locked, reason=locked.reason)


@transaction.atomic
def resume(recurrence: Recurrence, *, by: User) -> None:
    """On again with what is still ahead; what went by meanwhile is written down as missed, and never made."""
    locked = _lock(recurrence, by)
    if not locked.paused_at:
        return
    missed = overdue(locked, timezone.now())
    Occurrence.objects.bulk_create(
        Occurrence(
            recurrence=locked,
            day=one.day,
            moved_to=one.visit if one.is_moved else None,
            outcome=Occurrence.Outcome.MISSED if one.visit else Occurrence.Outcome.SKIPPED,
            why=PAUSED_THEN.format(reason=locked.reason) if one.visit else one.why,
        )
        for one in missed
    )
    locked.paused_at, locked.reason = None, ""
    locked.save(update_fields=["paused_at", "reason"])
    audit.record(by, "recurrence.resumed", locked, missed=[one.day.isoformat() for one in missed])


@transaction.atomic
def end(recurrence: Recurrence, reason: str, *, by: User) -> None:
    """For good. Drafts and dispatches it made stay as they are."""
    locked = _lock(recurrence, by)
    _stop(locked, "ended_at", reason)
    audit.record(by, "recurrence.ended", locked, reason=locked.reason)


def _lock(recurrence: Recurrence, by: User) -> Recurrence:
    locked = Recurrence.objects.select_for_update(of=("self",)).select_related("team").get(pk=recurrence.pk)
    if not may_work_for(by, locked.team):
        raise PermissionDenied
    if locked.ended_at:
        raise Problem(ENDED)
    return locked


def _stop(recurrence: Recurrence, field: str, reason: str) -> None:
    if not reason.strip():
        raise Problem(NO_REASON)
    moment: datetime = timezone.now()
    setattr(recurrence, field, moment)
    recurrence.reason = reason.strip()[:300]
    recurrence.save(update_fields=[field, "reason"])
