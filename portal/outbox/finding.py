"""Ids that people found, checked with the vendor: one read for each, by a worker, inside the account's budget."""

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from portal import accounts, arming, audit, encryption, ratelimit
from portal.models import Message, Resolution
from portal.models.messages import State
from portal.outbox import resolving
from portal.outbox.claims import backoff
from portal.outbox.handlers import handler_of
from portal.problems import Problem
from portal.ratelimit import Purpose
from portal.vendors.errors import NotExecuted, NotFound, VendorError

log = logging.getLogger(__name__)
BROKE = "Something went wrong here while reading the answer."
LEASE = timedelta(minutes=3)  # longer than any reading can take
NO_SECRET = "The account's secret cannot be read; an administrator must enter it again."  # noqa: S105  a sentence


def check_found(limit: int = 30) -> int:
    """Ask about ids people named, as far as the budgets go. Returns how many ids were asked about."""
    asked = 0
    while asked < limit and arming.sends() and (said := _claim()):
        if wait := ratelimit.take(said.message.account, Purpose.READ):
            _later(said, wait, problem=said.problem)
            continue
        try:
            _ask(said)
        except Exception:
            log.exception("What was found of %s could not be checked", said.message.reference)
            _later(said, backoff(said.tries + 3), problem=BROKE, failed=True)
        asked += 1
    return asked


def _claim() -> Resolution | None:
    """Take one by moving its due time: a worker that dies leaves it due again."""
    with transaction.atomic(durable=True):
        due = Resolution.objects.filter(due_at__lte=Now(), message__account__paused_at=None)
        said = due.select_for_update(skip_locked=True, of=("self",)).order_by("due_at").first()
        if said is None:
            return None
        Resolution.objects.filter(pk=said.pk).update(due_at=Now() + LEASE)
    return Resolution.objects.select_related("message__account", "opened_by").get(pk=said.pk)


def _ask(said: Resolution) -> None:
    """One question. What is known already is kept in the row, so that nothing is asked twice."""
    known = {finding["id"] for finding in said.findings}
    vendor_id = next((one for one in said.vendor_ids if one not in known), None)
    if vendor_id is None:
        _settle(said)
        return
    try:
        told: dict[str, Any] | None = handler_of(said.message).look(said.message, vendor_id)
    except NotFound:
        told = None
    except VendorError as error:
        if isinstance(error, NotExecuted):
            accounts.heed_refusal(said.message.account, error)
        _later(said, backoff(said.tries), problem=error.message, failed=True)
        return
    except encryption.Undecipherable:
        _later(said, backoff(said.tries + 3), problem=NO_SECRET, failed=True)
        return
    said.findings = [*said.findings, {"id": vendor_id, "told": told}]
    open_still = Resolution.objects.filter(pk=said.pk, state=Resolution.State.OPEN)
    open_still.update(findings=said.findings, due_at=Now(), tries=0, problem="")
    if len(said.findings) == len(said.vendor_ids):
        _settle(said)


def _later(said: Resolution, wait: float, *, problem: str, failed: bool = False) -> None:
    Resolution.objects.filter(pk=said.pk, state=Resolution.State.OPEN).update(
        due_at=Now() + timedelta(seconds=wait),
        tries=F("tries") + (1 if failed else 0),
        problem=problem[:500],
    )


@transaction.atomic(durable=True)
def _settle(said: Resolution) -> None:
    """Everything was asked: keep what proved to be ours, and say of each id what it is."""
    try:
        locked = resolving.lock_unknown(said.message)
    except Problem:
        return  # whatever settled it has closed this as well
    found = Resolution.objects.select_for_update().filter(pk=said.pk, state=Resolution.State.OPEN)
    if not found.exists():
        return
    handler = handler_of(locked)
    places = dict(zip(said.vendor_ids, said.parts, strict=True))
    kept = handler.keep_found(locked, {one["id"]: one["told"] for one in said.findings}, places)
    in_doubt = handler.parts_in_doubt(locked)
    result = f"Found and checked: {kept.ours} of {len(said.vendor_ids)}."
    found.update(
        state=Resolution.State.SETTLED if kept.ours else Resolution.State.CLOSED,
        decided_at=Now(),
        due_at=None,
        result=result,
        findings=[{"id": vendor_id, "sentence": sentence} for vendor_id, sentence in kept.sentences.items()],
    )
    if not kept.ours:
        return
    if in_doubt:
        resolving.close_outdated(locked)
    else:
        _close_message(locked, said)
    audit.record(said.opened_by, "message.found", locked, ids=said.vendor_ids, still_in_doubt=len(in_doubt))


def _close_message(locked: Message, said: Resolution) -> None:
    Message.objects.filter(pk=locked.pk).update(
        state=State.DONE,
        settled_at=Now(),
        failures=0,
        detail=f"Found by {said.who} and checked with the vendor.",
    )
    resolving.close_open(locked, "Found meanwhile.")
