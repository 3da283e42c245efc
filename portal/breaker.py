"""Stops sending to a vendor that does not answer: every create sent into a black hole puts technicians in doubt.

Opens after three calls in a row without an answer, or when half of the last ten within five minutes had none. Open
for a minute, doubling to a quarter of an hour; then a read asks, never a create; then a single create, the one with
the fewest locations, and its answer closes it. In the database, so that all workers stop together.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from portal import arming, audit
from portal.models import Attempt, Breaker, Message, User, VendorAccount
from portal.models.messages import IN_A_WORKER

log = logging.getLogger(__name__)
IN_A_ROW = 3
LOOKED_AT, WITHIN = 10, timedelta(minutes=5)
FIRST_STOP, LONGEST_STOP = timedelta(seconds=60), timedelta(minutes=15)
PROBE_LEASE = timedelta(seconds=45)
NO_ANSWER = (Attempt.Outcome.NOT_SENT, Attempt.Outcome.UNKNOWN)
State = Breaker.State


def sending_accounts() -> "QuerySet[VendorAccount]":
    """Accounts nothing keeps back: neither a person nor the breaker."""
    return VendorAccount.objects.filter(Q(breaker=None) | Q(breaker__state=State.CLOSED), paused_at=None)


def claim_trial() -> VendorAccount | None:
    """An account that may send a single message now; the caller's transaction keeps others from taking it."""
    on_trial = Breaker.objects.filter(state=State.TRIAL, account__paused_at=None)
    for breaker in on_trial.select_for_update(skip_locked=True, of=("self",)).select_related("account"):
        if not Message.objects.filter(account=breaker.account, state__in=IN_A_WORKER).exists():
            return breaker.account
    return None


@transaction.atomic
def note_answer(account: VendorAccount) -> None:
    """The vendor answered, be it with a refusal."""
    Breaker.objects.filter(account=account, state=State.CLOSED, failures__gt=0).update(failures=0)
    closed = Breaker.objects.filter(account=account, state=State.TRIAL).update(
        state=State.CLOSED, failures=0, openings=0, open_until=None, changed_at=Now(), reason=""
    )
    if closed:
        audit.record(None, "breaker.closed", account)


@transaction.atomic
def note_silence(account: VendorAccount, reason: str) -> None:
    """A call brought no answer: not sent, or its outcome is unknown."""
    Breaker.objects.get_or_create(account=account, defaults={"changed_at": Now() - WITHIN})
    breaker = Breaker.objects.select_for_update().get(account=account)
    breaker.failures += 1
    breaker.save(update_fields=["failures"])
    if breaker.state == State.TRIAL or (breaker.state == State.CLOSED and _is_too_much(breaker)):
        _open(breaker, reason)


def _is_too_much(breaker: Breaker) -> bool:
    if breaker.failures >= IN_A_ROW:
        return True
    recent = Attempt.objects.filter(
        message__account=breaker.account, finished_at__gt=Now() - WITHIN, finished_at__gte=breaker.changed_at
    )
    outcomes = list(recent.order_by("-finished_at").values_list("outcome", flat=True)[:LOOKED_AT])
    return len(outcomes) == LOOKED_AT and sum(one in NO_ANSWER for one in outcomes) * 2 >= LOOKED_AT


def _open(breaker: Breaker, reason: str) -> None:
    stop = min(FIRST_STOP * 2 ** min(breaker.openings, 8), LONGEST_STOP)
    Breaker.objects.filter(pk=breaker.pk).update(
        state=State.OPEN,
        openings=F("openings") + 1,
        open_until=Now() + stop,
        changed_at=Now(),
        reason=reason[:500],
    )
    audit.record(None, "breaker.opened", breaker.account, seconds=stop.total_seconds(), reason=reason[:300])
    log.error("%s: sending stopped for %s: %s", breaker.account, stop, reason)


def probe_due() -> int:
    """Ask the vendors whose stop is over whether they answer again. Returns how many were asked."""
    asked = 0
    while arming.sends() and (breaker := _claim_probe()):
        asked += 1
        # A read that anybody may repeat. What it brings does not matter, only that it brings something.
        silence = import_string(settings.PROBES[breaker.account.vendor])(breaker.account)
        with transaction.atomic():
            locked = Breaker.objects.select_for_update().get(pk=breaker.pk)
            if locked.state != State.OPEN:
                continue
            if silence:
                _open(locked, silence)
            else:
                Breaker.objects.filter(pk=locked.pk).update(state=State.TRIAL, changed_at=Now())
    return asked


def _claim_probe() -> Breaker | None:
    with transaction.atomic(durable=True):
        due = Breaker.objects.filter(state=State.OPEN, open_until__lte=Now(), account__paused_at=None)
        breaker = due.select_for_update(skip_locked=True, of=("self",)).select_related("account").first()
        if breaker:
            Breaker.objects.filter(pk=breaker.pk).update(open_until=Now() + PROBE_LEASE)
        return breaker


@transaction.atomic
def order_trial(account: VendorAccount, *, by: User, reason: str) -> None:
    """A person knows better than the clock: the next request is a trial."""
    changed = Breaker.objects.filter(account=account, state=State.OPEN).update(
        state=State.TRIAL, changed_at=Now()
    )
    if changed:
        audit.record(by, "breaker.trial_ordered", account, reason=reason)
