"""Occurrences of recurring dispatches: each made once, in good time, or written down as missed.

One transaction makes one occurrence: it holds the recurrence's row, writes the occurrence of that day (which the
database allows once), the draft, and where it submits itself the dispatch with its promises. Whoever dies on the way
leaves nothing, and the next one begins anew.
"""

import logging
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from portal import arming, audit
from portal.models import User
from portal.problems import Problem
from sites import zones
from tickets import timeless
from tickets.forms.checking import clock_warnings
from tickets.forms.typed import Row
from tickets.models import Draft, Occurrence, Recurrence
from tickets.recurrence import Planned, moment, planned, upcoming
from tickets.services import repeats, submitting
from tickets.services.copying import Content, begin, may_work_for
from tickets.services.repeats import Repeat
from tickets.services.submitting import Plan

log = logging.getLogger(__name__)
MOST_AT_ONCE = 100  # of one recurrence in one go; the rest waits for the next tick
TOO_LATE = "Nothing was made in time: the portal was down, or it was not allowed to send. Nobody was sent."
BEFORE_IT = "It was set up when this window had already begun. Nobody was sent."
PAUSED_THEN = "It was paused then: {reason}"
MOST_WORDS = 1000


def make_due(now: datetime | None = None) -> int:
    """Make every occurrence whose time has come; returns how many. Where nothing may be sent, they stay due."""
    if not arming.sends():
        return 0
    made = 0
    for recurrence in Recurrence.objects.running().defer("what", "locations").order_by("pk"):
        try:
            made += _make_all(recurrence, now or timezone.now())
        except Exception:
            log.exception("The recurrence %s broke", recurrence.pk)  # of one, so that the others go on
    return made


def _make_all(recurrence: Recurrence, now: datetime) -> int:
    if not _may_be_due(recurrence, now):
        return 0
    for made in range(MOST_AT_ONCE):
        if not _make_next(recurrence.pk, now):
            return made
    return MOST_AT_ONCE


def _may_be_due(recurrence: Recurrence, now: datetime) -> bool:
    """Asked of each, every few minutes, so without its locations, which may be thousands: somewhere on earth it is."""
    until = (now + timedelta(days=recurrence.lead_days + 1)).date()
    written = _written(recurrence)
    soon = planned(recurrence.rule, until)
    return any(one.day not in written and (one.visit or one.day) <= until for one in soon)


@transaction.atomic
def _make_next(pk: int, now: datetime) -> bool:
    """The first due occurrence that is not written down yet; False if there is none, or another worker is at it."""
    locked = Recurrence.objects.running().select_for_update(skip_locked=True, of=("self",))
    recurrence = locked.select_related("team", "account", "made_by").filter(pk=pk).first()
    one = next(due(recurrence, now), None) if recurrence else None
    if recurrence is None or one is None:
        return False
    occurrence = Occurrence(recurrence=recurrence, day=one.day, moved_to=one.visit if one.is_moved else None)
    if one.visit is None:
        occurrence.outcome, occurrence.why = Occurrence.Outcome.SKIPPED, one.why
    elif starts_at(recurrence, one.visit) <= now:
        was_there = starts_at(recurrence, one.visit) > recurrence.made_at
        occurrence.outcome, occurrence.why = Occurrence.Outcome.MISSED, TOO_LATE if was_there else BEFORE_IT
    else:
        _make_draft(recurrence, occurrence, one.visit, now)
    occurrence.save()
    audit.record(
        None,
        f"recurrence.{occurrence.outcome}",
        recurrence,
        day=one.day.isoformat(),
        draft=occurrence.draft.reference if occurrence.draft else "",
        why=occurrence.why,
    )
    return True


def due(recurrence: Recurrence, now: datetime) -> Iterator[Planned]:
    """Occurrences whose time to be made has come and of which nothing is written down, the oldest first."""
    until = (now + timedelta(days=recurrence.lead_days + 2)).date()
    written = _written(recurrence)
    zone = first_zone(recurrence)
    for one in planned(recurrence.rule, until):
        if one.day not in written and make_at(one.visit or one.day, recurrence.lead_days, zone) <= now:
            yield one


def _written(recurrence: Recurrence) -> set[date]:
    return set(recurrence.occurrences.values_list("day", flat=True))


def overdue(recurrence: Recurrence, now: datetime) -> list[Planned]:
    """Of those that are due, the ones it is too late for."""
    return [one for one in due(recurrence, now) if starts_at(recurrence, one.visit or one.day) <= now]


def last_day(recurrence: Recurrence) -> date | None:
    """The last day something is written down of."""
    return (
        recurrence.occurrences.order_by("-day").values_list("day", flat=True).first()
        if recurrence.pk
        else None
    )


def next_visits(recurrence: Recurrence, last: date | None, number: int = 5) -> list[Planned]:
    """The next occurrences, today's and those behind the last day something is written down of."""
    today = timezone.now().astimezone(first_zone(recurrence)).date()
    yesterday = today - timedelta(days=1)
    return upcoming(recurrence.rule, max(last or yesterday, yesterday), number)


def zones_of(recurrence: Recurrence) -> list[ZoneInfo]:
    """The zones of its places, each once, in their order; the portal's own where none is known."""
    names = dict.fromkeys(str(row.get("time_zone", "")) for row in recurrence.locations)
    known = [zones.zone(name) for name in names if zones.is_zone(name)]
    return known or [zones.zone(settings.TIME_ZONE)]


def first_zone(recurrence: Recurrence) -> ZoneInfo:
    """Where the day of a visit begins first."""
    return min(zones_of(recurrence), key=lambda zone: starts_in(recurrence, recurrence.starts_on, zone))


def starts_in(recurrence: Recurrence, day: date, zone: ZoneInfo) -> datetime:
    return moment(day, recurrence.window_start, zone)


def starts_at(recurrence: Recurrence, day: date) -> datetime:
    """When the first of its places is visited on that day."""
    return min(starts_in(recurrence, day, zone) for zone in zones_of(recurrence))


def make_at(day: date, lead_days: int, zone: ZoneInfo) -> datetime:
    """When the occurrence is to be made: so many days before, as that day begins there."""
    return moment(day - timedelta(days=lead_days), time(), zone)


def trial_of(recurrence: Recurrence) -> Draft:
    """What the draft of its first visit would be, unsaved: to see what is wrong with it before it is needed."""
    visits = [one.visit for one in next_visits(recurrence, last_day(recurrence), 1) if one.visit]
    what, rows = _on_day(recurrence, visits[0] if visits else recurrence.starts_on)
    return Draft(
        team=recurrence.team,
        account=recurrence.account,
        what=what,
        locations=timeless.copied_rows(rows),
        is_sheet=recurrence.is_sheet,
        created_by=recurrence.made_by,
        saved_by=recurrence.made_by,
    )


def _on_day(recurrence: Recurrence, visit: date) -> tuple[dict[str, Any], list[Row]]:
    window = (recurrence.window_start, recurrence.window_end, recurrence.is_hard_start)
    return timeless.on_day(recurrence.what, recurrence.locations, visit, window, is_sheet=recurrence.is_sheet)


def _make_draft(recurrence: Recurrence, occurrence: Occurrence, visit: date, now: datetime) -> None:
    """The draft of one visit; submitted at once where that was agreed and nothing speaks against it."""
    links = Recurrence.files.through.objects.filter(recurrence=recurrence).order_by("id")
    what, rows = _on_day(recurrence, visit)
    content = Content(
        recurrence.team,
        recurrence.account,
        what,
        rows,
        recurrence.is_sheet,
        [link.storedfile for link in links.select_related("storedfile")],
    )
    draft = begin(content, {"recurrence": recurrence.pk}, by=recurrence.made_by)
    occurrence.draft, occurrence.outcome = draft, Occurrence.Outcome.REVIEW
    audit.record(
        None, "draft.from recurrence", draft, recurrence=recurrence.name, day=occurrence.day.isoformat()
    )
    if not recurrence.submits_by_itself:
        return
    why = _submit(draft, recurrence.made_by, now)
    if why:
        occurrence.why = why[:MOST_WORDS]
    else:
        occurrence.outcome = Occurrence.Outcome.SUBMITTED


def _submit(draft: Draft, owner: User, now: datetime) -> str:
    """Submit in the owner's name. Returns why not, where a person must look."""
    if not owner.is_active:
        return f"{owner.name}, in whose name it runs, has no access any more."
    if not may_work_for(owner, draft.team):
        return f"{owner.name}, in whose name it runs, may no longer dispatch for {draft.team}."
    plan = submitting.plan(draft, by=owner)
    if why := _why_not(draft, plan, owner, now):
        return why
    try:
        with transaction.atomic():
            dispatch = submitting.submit_draft(draft, by=owner, plan_hash=plan.hash)
    except Problem as problem:
        return str(problem)
    except PermissionDenied:
        return f"{owner.name}, in whose name it runs, may not submit it."
    audit.record(None, "dispatch.submitted by itself", dispatch, owner=owner.name)
    return ""


def _why_not(draft: Draft, plan: Plan, owner: User, now: datetime) -> str:
    if not plan.may_go:
        wrong = [*plan.obstacles, *(f"{one.label}: {one.message}" for one in plan.checked.problems())]
        return _first_of(wrong, "Something is wrong with it.")
    if doubts := repeats.find_repeats(draft, plan.locations, by=owner):
        return _first_of([f"Possible duplicate. {_repeat_words(repeat)}" for repeat in doubts], "")
    return _first_of([f"{one.label}: {one.message}" for one in clock_warnings(plan.checked, now)], "")


def _repeat_words(repeat: Repeat) -> str:
    return f"{repeat.sentence} {repeat.dispatch.reference}." if repeat.dispatch else repeat.sentence


def _first_of(sentences: list[str], otherwise: str) -> str:
    more = f" And {len(sentences) - 3} more." if len(sentences) > 3 else ""
    return " ".join(sentences[:3]) + more if sentences else otherwise
