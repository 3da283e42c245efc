"""GTT's cases copied in: the only writer of what our copies say, whoever brought the news.

The newest wins by GTT's own time of change; where GTT names none, by when the question was asked.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Least, Now

from portal.models.accounts import Operation
from portal.outbox.clock import database_now
from portal.vendors.gtt.answers import CaseOnWire
from portal.vendors.gtt.comments import CommentOnWire
from tickets.mirror import CLAIM, fit
from tickets.models import Case, CaseChange, CaseComment

TEXTS = (
    "case_id",
    "state",
    "short_description",
    "description",
    "case_type",
    "priority",
    "category",
    "subcategory",
)
KEPT_AS_HISTORY = ("state", "short_description", "case_type", "priority", "category", "subcategory")
ANSWER, POLL, WEBHOOK = "answer", "poll", "webhook"
# How soon an open case is read again; one that ended is looked at for a week, for it may be opened again.
OFTEN, SELDOM, ENDED_FOR = timedelta(minutes=5), timedelta(hours=1), timedelta(days=7)
URGENT = ("1", "2")
# However long GTT was away: a quarter of an hour after its return all is right again.
LONGEST_WAIT = timedelta(minutes=10)


def save(case_pk: int, told: CaseOnWire, *, source: str, asked_at: datetime | None = None) -> Case:
    """Copy in what GTT said, unless something newer is here already."""
    with transaction.atomic():
        case = _lock(case_pk)
        now = database_now()
        if _is_older(told, case) or (asked_at and case.read_at and case.read_at > asked_at):
            _plan_next(case, now, asked_at)
            case.save(update_fields=["tried_at", "next_read_at"])
        else:
            _write(case, told, now, source, asked_at)
        _add_comments(case, told.comments, now)
    return case


def save_problem(case_pk: int, problem: str) -> None:
    """Remember why a reading brought nothing; the next one waits a little longer."""
    with transaction.atomic():
        case = _lock(case_pk)
        now = database_now()
        case.read_problem, case.tried_at = fit(Case, "read_problem", problem), now
        silent = now - (case.read_at or now)
        case.next_read_at = now + min(max(timedelta(minutes=1), silent), LONGEST_WAIT)
        case.save(update_fields=["read_problem", "tried_at", "next_read_at"])


def claim_reading(due: QuerySet[Case]) -> tuple[Case, datetime] | None:
    """Take the first of `due` by moving its time on; a worker that dies leaves it due again."""
    with transaction.atomic(durable=True):
        case = due.select_for_update(skip_locked=True, of=("self",)).first()
        if case is None:
            return None
        Case.objects.filter(pk=case.pk).update(next_read_at=Now() + CLAIM)
        return case, database_now()


def give_back(case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(next_read_at=case.next_read_at)


def want_reading(case: Case, *, within: timedelta = timedelta()) -> None:
    """Due before all others, at once or so soon: a person waits, or GTT said that something changed."""
    # One that is due sooner stays so; LEAST passes over what is empty.
    soon = Least(F("next_read_at"), Now() + within) if within else Now()
    Case.objects.filter(pk=case.pk).update(next_read_at=soon, wanted_at=Now())


def next_reading(case: Case, now: datetime) -> datetime | None:
    """Urgent and moving cases every five minutes, quiet ones hourly, ended ones for a week; None: not at all."""
    if not case.number or not case.account.may(Operation.GET):
        return None
    changed = case.updated_at or case.first_seen_at or now
    if not case.is_open:
        return now + SELDOM if now - changed < ENDED_FOR else None
    is_moving = now - changed < timedelta(hours=2)
    return now + (OFTEN if is_moving or case.priority.startswith(URGENT) else SELDOM)


def _lock(case_pk: int) -> Case:
    return Case.objects.select_for_update(of=("self",)).select_related("account", "site").get(pk=case_pk)


def _plan_next(case: Case, now: datetime, asked_at: datetime | None) -> None:
    """When it is read next. An answer to an older question is no answer to whoever asked for news meanwhile."""
    is_still_wanted = case.is_wanted and (asked_at is None or (case.wanted_at or now) > asked_at)
    if is_still_wanted and case.next_read_at and case.account.may(Operation.GET):
        case.tried_at = asked_at or case.tried_at
    else:
        case.tried_at, case.next_read_at = now, next_reading(case, now)


def _is_older(told: CaseOnWire, case: Case) -> bool:
    return bool(told.updated_at and case.updated_at and told.updated_at < case.updated_at)


def _write(case: Case, told: CaseOnWire, now: datetime, source: str, asked_at: datetime | None) -> None:
    is_new = case.first_seen_at is None
    before = {name: getattr(case, name) for name in KEPT_AS_HISTORY}
    case.number = case.number or fit(Case, "number", told.key)
    for name in TEXTS:
        if value := getattr(told, name):  # what GTT leaves out is no news
            setattr(case, name, fit(Case, name, value))
    case.opened_text = fit(Case, "opened_text", told.opened.text) or case.opened_text
    case.opened_at, case.updated_at = told.opened_at or case.opened_at, told.updated_at or case.updated_at
    case.raw, case.search = told.raw, search_text(case)
    case.first_seen_at = case.first_seen_at or now
    case.read_at = now
    case.read_by, case.read_problem = source, ""
    _plan_next(case, now, asked_at)
    case.save()
    CaseChange.objects.bulk_create(
        CaseChange(
            case=case,
            field=name,
            before="" if is_new else fit(CaseChange, "before", old),
            after=fit(CaseChange, "after", getattr(case, name)),
            seen_at=now,
            source=source,
        )
        for name, old in before.items()
        # Of a new case only its first state is history; the rest is what we asked for, or differs from it.
        if old != getattr(case, name) or (is_new and name == "state")
    )


def _add_comments(case: Case, told: list[CommentOnWire], now: datetime) -> None:
    """New ones are added, none is changed or removed. One of ours that GTT shows is recognised by its text."""
    known = set(case.comments.values_list("fingerprint", flat=True))
    for comment in told:
        mark = fingerprint(comment)
        if not comment.text.strip() or mark in known:
            continue
        known.add(mark)
        ours = case.comments.filter(fingerprint="", text=comment.text).order_by("pk").first()
        if ours:
            CaseComment.objects.filter(pk=ours.pk).update(
                fingerprint=mark, author=fit(CaseComment, "author", comment.author), at=comment.at or ours.at
            )
        else:
            CaseComment.objects.create(
                case=case,
                text=comment.text,
                author=fit(CaseComment, "author", comment.author),
                fingerprint=mark,
                at=comment.at or now,
            )


def fingerprint(comment: CommentOnWire) -> str:
    """By GTT's id where there is one; otherwise by author, time and text."""
    parts: list[Any] = [comment.id] if comment.id else [comment.author, comment.moment.text, comment.text]
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()


def search_text(case: Case) -> str:
    parts = [case.reference, case.number, case.case_id, case.short_description, case.description]
    if case.site:
        parts += [case.site.name, case.site.number, case.site.city]
    return " ".join(dict.fromkeys(part.strip().upper() for part in parts if part.strip()))
