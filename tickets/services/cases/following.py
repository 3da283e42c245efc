"""Following GTT's cases: read again by number, the most urgent first, and at once when GTT said that something changed."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case as When_
from django.db.models import F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from portal import accounts, arming, audit, bell, drift, encryption, ratelimit
from portal.models import User
from portal.models.accounts import Operation
from portal.problems import Problem
from portal.ratelimit import Purpose
from portal.vendors.errors import NotExecuted, NotFound, VendorError
from portal.vendors.gtt.client import CaseRead
from tickets import case_mirror
from tickets.models import Case
from tickets.services.following import NO_SECRET, read_round

TASK = "tickets.tasks.follow_cases"
NOT_THERE = "GTT says that there is no such case (404)."
FRESH_ENOUGH = timedelta(seconds=10)
MOST_AT_ONCE = 25


def follow_due(limit: int = MOST_AT_ONCE) -> int:
    """Read what is due, as far as the budgets go. Returns how many cases were asked about."""
    return read_round(
        lambda exhausted: case_mirror.claim_reading(_due().exclude(account__in=exhausted)),
        case_mirror.give_back,
        _read,
        limit,
    )


def refresh(case: Case, *, by: User) -> None:
    """Ask GTT again now. Raises Problem where that would be of no use."""
    if why_not := arming.why_not():
        raise Problem(f"{why_not} Neither is GTT asked.")
    if not case.number:
        raise Problem("GTT has given this case no number yet.")
    if not case.account.may(Operation.GET):
        raise Problem("Reading cases is switched off for this account: GTT has not confirmed how it is done.")
    if case.account.is_paused:
        raise Problem(
            f"GTT is not asked at the moment: the account is paused ({case.account.paused_reason})."
        )
    if case.is_wanted:
        raise Problem("A fresh reading is on its way already.")
    if case.tried_at and timezone.now() - case.tried_at < FRESH_ENOUGH:
        raise Problem("GTT was asked only seconds ago; this is what it says.")
    with transaction.atomic():
        case_mirror.want_reading(case)
        audit.record(by, "case.refresh_asked", case)
        bell.ring_after_commit(TASK)


def _due() -> QuerySet[Case]:
    """What may be read now: what somebody waits for, urgent cases, the rest."""
    is_wanted = Q(wanted_at__isnull=False) & (Q(tried_at=None) | Q(tried_at__lt=F("wanted_at")))
    is_urgent = Q(priority__startswith="1") | Q(priority__startswith="2")
    rank = When_(
        When(is_wanted, then=Value(0)),
        When(is_urgent, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    due = Case.objects.filter(next_read_at__lte=Now(), account__paused_at=None).exclude(number="")
    return due.select_related("account").order_by(rank, "next_read_at", "pk")


def _answer(case: Case) -> CaseRead:
    """By number; where GTT does not know that, by its own key."""
    client = accounts.gtt_client(case.account)
    try:
        return client.get_case(case.number)
    except NotFound:
        if not case.case_id or ratelimit.take(case.account, Purpose.READ):
            raise
        return client.get_case(case.case_id)


def _read(case: Case, asked_at: datetime) -> None:
    """One question to GTT; whatever comes of it is written down. No transaction is open meanwhile."""
    try:
        answer = _answer(case)
    except NotFound:
        case_mirror.save_problem(case.pk, NOT_THERE)
    except VendorError as error:
        if isinstance(error, NotExecuted):
            accounts.heed_refusal(case.account, error)
        case_mirror.save_problem(case.pk, error.message)
    except encryption.Undecipherable:
        case_mirror.save_problem(case.pk, NO_SECRET)
    else:
        case_mirror.save(case.pk, answer.case, source=case_mirror.POLL, asked_at=asked_at)
        drift.record(answer.drift)
