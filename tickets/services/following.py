"""Following Granite's tickets: there are no webhooks, so open tickets are read again by id, most urgent first."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from portal import accounts, arming, audit, bell, drift, encryption, ratelimit
from portal.models import User
from portal.problems import Problem
from portal.ratelimit import Purpose
from portal.vendors.errors import NotExecuted, NotFound, VendorError
from tickets import mirror, urgency
from tickets.models import Case as GttCase
from tickets.models import Ticket
from tickets.services import strays

log = logging.getLogger(__name__)
Copy = TypeVar("Copy", Ticket, GttCase)
NOT_THERE = "Granite says that there is no such ticket (404)."
NO_SECRET = "The account's secret cannot be read; an administrator must enter it again."  # noqa: S105  a sentence
FRESH_ENOUGH = timedelta(seconds=20)
MOST_AT_ONCE = 25
# A vendor that answers slowly must not keep a worker from sending.
LONGEST_ROUND_SECONDS = 15


def follow_due(limit: int = MOST_AT_ONCE) -> int:
    """Read what is due, as far as the budgets go, at most `limit`. Returns how many tickets were asked about."""
    return read_round(
        lambda exhausted: mirror.claim_reading(_due().exclude(account__in=exhausted)),
        mirror.give_back,
        _read,
        limit,
    )


def read_round(
    claim: Callable[[set[int]], tuple[Copy, datetime] | None],
    give_back: Callable[[Copy], None],
    read: Callable[[Copy, datetime], None],
    limit: int,
) -> int:
    """Read vendors' records one after the other, of tickets or of cases; `claim` is told which budgets are used up."""
    asked, ends = 0, time.monotonic() + LONGEST_ROUND_SECONDS
    exhausted: set[int] = set()
    while asked < limit and time.monotonic() < ends and arming.sends() and (claimed := claim(exhausted)):
        copy, asked_at = claimed
        if ratelimit.take(copy.account, Purpose.READ):
            give_back(copy)
            exhausted.add(copy.account_id)
            continue
        read(copy, asked_at)
        asked += 1
    return asked


def refresh(ticket: Ticket, *, by: User) -> None:
    """Ask Granite again now, before all other readings. Raises Problem where that would be of no use."""
    if why_not := arming.why_not():
        raise Problem(f"{why_not} Neither is Granite asked.")
    if ticket.account.is_paused:
        raise Problem(
            f"Granite is not asked at the moment: the account is paused ({ticket.account.paused_reason})."
        )
    if ticket.is_wanted:
        raise Problem("A fresh reading is on its way already.")
    if timezone.now() - (ticket.tried_at or ticket.read_at) < FRESH_ENOUGH:
        raise Problem("Granite was asked only seconds ago; this is what it says.")
    with transaction.atomic():
        mirror.want_reading(ticket)
        audit.record(by, "ticket.refresh_asked", ticket)
        bell.ring_after_commit("tickets.tasks.follow_tickets")


def _due() -> QuerySet[Ticket]:
    """What may be read now, most urgent first: what a person waits for, visits at hand, today's, the rest."""
    is_at_hand = Q(
        location__starts_at__lte=Now() + urgency.SOON,
        location__ends_at__gte=Now() - urgency.OVERDUE_IS_URGENT_FOR,
        date_resolved=None,
    )
    is_near = Q(location__starts_at__lte=Now() + timedelta(hours=24), date_resolved=None)
    is_wanted = Q(wanted_at__isnull=False) & (Q(tried_at=None) | Q(tried_at__lt=F("wanted_at")))
    rank = Case(
        When(is_wanted, then=Value(0)),
        When(is_at_hand, then=Value(1)),
        When(is_near, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    return (
        Ticket.objects.filter(next_read_at__lte=Now(), account__paused_at=None)
        .select_related("account")
        .order_by(rank, "next_read_at", "pk")
    )


def _read(ticket: Ticket, asked_at: datetime) -> None:
    """One question to Granite. Whatever comes of it is written down; no transaction is open meanwhile."""
    try:
        answer = accounts.granite_client(ticket.account).ticket(ticket.ticket_id)
    except NotFound:
        mirror.save_problem(ticket.pk, NOT_THERE)
    except VendorError as error:
        if isinstance(error, NotExecuted):
            accounts.heed_refusal(ticket.account, error)
        mirror.save_problem(ticket.pk, error.message)
    except encryption.Undecipherable:
        mirror.save_problem(ticket.pk, NO_SECRET)
    else:
        mirror.save_read(ticket.pk, answer.ticket, asked_at=asked_at)
        strays.heed_reference(ticket, answer.ticket)
        drift.record(answer.drift)
