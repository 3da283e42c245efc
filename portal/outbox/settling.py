"""Closing an attempt: the answer, what it made, and the message's new state, in one transaction."""

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from portal import drift
from portal.models import Attempt, Message, VendorAccount
from portal.models.messages import SETTLED, State
from portal.outbox import resolving
from portal.outbox.claims import act_as_holder
from portal.outbox.handlers import Answer, Settlement, handler_of
from portal.outbox.verdicts import Outcome, Verdict
from portal.vendors.errors import Exchange

log = logging.getLogger(__name__)
LONGEST_BODY = 100_000
LATE = "The answer came late."
AFTER_ALL = "The answer came after all."


def succeed(message: Message, attempt: Attempt, answer: Answer) -> None:
    """Record an answer. What cannot be recorded is kept as evidence: the vendor did act."""
    with transaction.atomic(durable=True):
        locked = _lock(message, attempt)
        if locked is None:
            return
        try:
            with transaction.atomic():
                settlement = handler_of(message).record(locked, attempt, answer)
        except Exception as error:
            log.exception("The answer to %s could not be recorded", message.reference)
            settlement = Settlement(State.UNKNOWN, f"The answer came but could not be recorded ({error}).")
        outcome = Outcome.DONE if settlement.state == State.DONE else Outcome.UNKNOWN
        _close(attempt, outcome, settlement.detail, answer.exchange)
        _move(locked, settlement.state, detail=settlement.detail, failures=0)
        VendorAccount.objects.filter(pk=message.account_id).update(last_success_at=Now())
    # What is odd about an answer must never cost the answer itself.
    drift.record(answer.drift)


def fail(message: Message, attempt: Attempt, verdict: Verdict) -> bool:
    """Close an attempt that brought no answer to record. False where somebody else had closed it already."""
    with transaction.atomic(durable=True):
        locked = _lock(message, attempt)
        if locked is None:
            return False
        _close(attempt, verdict.outcome, verdict.detail, verdict.exchange, verdict.reason, verdict.problems)
        changes: dict[str, Any] = {"detail": verdict.detail, "held_reason": verdict.held_reason}
        if verdict.wait is not None:
            changes["due_at"] = Now() + timedelta(seconds=verdict.wait)
        changes["failures"] = message.failures + 1 if verdict.failed else 0
        _move(locked, verdict.state, **changes)
    return True


def _lock(message: Message, attempt: Attempt) -> Message | None:
    """The message, for whoever made the attempt.

    None where that was settled already, by the worker itself or out of the journal: whoever comes second has nothing
    to add, and the message may long be in other hands.
    """
    act_as_holder(message)
    locked = Message.objects.select_for_update(of=("self",)).select_related("account").get(pk=message.pk)
    if Attempt.objects.filter(pk=attempt.pk).exclude(finished_at=None).exists():
        return None
    if locked.lease_token != message.lease_token:
        # Cannot be while the trigger stands: a message being sent is given to nobody else.
        raise RuntimeError(f"{message.reference} is held by another worker")
    return locked


def _move(locked: Message, state: State, **changes: Any) -> None:
    """Change the state, or, after the sweeper gave the answer up, improve what we know and no more."""
    if locked.state in SETTLED:  # people were faster: what comes now is evidence
        if detail := changes.get("detail"):
            Message.objects.filter(pk=locked.pk).update(detail=f"{locked.detail} {AFTER_ALL} {detail}")
        return
    if locked.state == State.UNKNOWN and state not in (State.DONE, State.REJECTED):
        if state == State.UNKNOWN:  # it says more than that nobody reported back
            Message.objects.filter(pk=locked.pk).update(detail=f"{LATE} {changes.get('detail', '')}".strip())
        resolving.close_outdated(locked)
        return
    if state in SETTLED:
        changes["settled_at"] = Now()
    if state == State.QUEUED or state == State.HELD:
        changes |= {"lease_token": None, "lease_until": None, "send_deadline_at": None}
    if locked.state == State.UNKNOWN:
        changes["detail"] = f"{LATE} {changes.get('detail', '')}".strip()
        resolving.close_open(locked, LATE)
    Message.objects.filter(pk=locked.pk).update(state=state, **changes)


def _close(
    attempt: Attempt,
    outcome: str,
    detail: str,
    exchange: Exchange | None,
    reason: str = "",
    problems: list[dict[str, Any]] | None = None,
) -> None:
    attempt.outcome, attempt.detail, attempt.reason = outcome, detail, reason
    attempt.problems = problems or []
    if exchange is not None:
        attempt.status = exchange.status
        attempt.request_headers = dict(exchange.request_headers)
        attempt.response_headers = dict(exchange.response_headers)
        # PostgreSQL's text takes no NUL; everything else a vendor may say is kept as it came.
        attempt.response_body = exchange.text(LONGEST_BODY).replace("\x00", "\ufffd")
        attempt.elapsed_ms = int(exchange.elapsed_seconds * 1000)
    attempt.finished_at = Now()
    attempt.save()
