"""Questions to vendors that a page waits for: account searches, estimated costs.

A view never calls a vendor. It writes the question down, a worker answers it, and the page asks for the row again.
"""

import hashlib
import json
import logging
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from portal import accounts, arming, bell, encryption, ratelimit
from portal.models import Lookup, User, VendorAccount
from portal.ratelimit import Purpose
from portal.vendors.errors import NotExecuted, NotSent, VendorError

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=45)
MOST_TRIES = 3
LONGEST_ROUND_SECONDS = 15
KEPT_FOR = timedelta(days=1)


def ask(
    account: VendorAccount, kind: str, question: dict[str, Any], *, by: User, fresh_for: timedelta
) -> Lookup:
    """The answer if we have a fresh one; otherwise the question is put, and `.is_waiting` says so."""
    with transaction.atomic():
        lookup, is_new = Lookup.objects.get_or_create(
            account=account,
            kind=kind,
            question_hash=hash_of(question),
            defaults={"question": question, "asked_by": by, "due_at": Now()},
        )
        is_fresh = Q(answered_at__gt=Now() - fresh_for)
        if not is_new and not lookup.is_waiting:
            again = Lookup.objects.filter(~is_fresh | Q(answered_at=None), pk=lookup.pk, due_at=None)
            is_new = bool(again.update(due_at=Now(), asked_at=Now(), asked_by=by, tries=0, problem=""))
        if is_new:
            bell.ring_after_commit("portal.tasks.answer_lookups")
    lookup.refresh_from_db()
    return lookup


def hash_of(question: dict[str, Any]) -> str:
    """By which a question is found again, however its parts are ordered."""
    canonical = json.dumps(question, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def answer_due(limit: int = 20) -> int:
    """Answer waiting questions, newest first, as far as the budget allows."""
    answered, ends = 0, time.monotonic() + LONGEST_ROUND_SECONDS
    while answered < limit and time.monotonic() < ends and arming.sends() and (lookup := _claim()):
        if wait := ratelimit.take(lookup.account, Purpose.READ):
            Lookup.objects.filter(pk=lookup.pk).update(due_at=Now() + timedelta(seconds=wait))
            break
        _answer(lookup)
        answered += 1
    return answered


def _claim() -> Lookup | None:
    """Take one by moving its due time: a worker that dies leaves it due again."""
    with transaction.atomic(durable=True):
        due = Lookup.objects.filter(due_at__lte=Now(), account__paused_at=None).order_by("-asked_at")
        lookup = due.select_for_update(skip_locked=True, of=("self",)).first()
        if lookup is None:
            return None
        Lookup.objects.filter(pk=lookup.pk).update(due_at=Now() + LEASE, tries=F("tries") + 1)
    return Lookup.objects.select_related("account").get(pk=lookup.pk)


def _answer(lookup: Lookup) -> None:
    closed: dict[str, Any] = {"due_at": None, "answered_at": Now()}
    try:
        answer = import_string(settings.LOOKUPS[lookup.kind])(lookup.account, lookup.question)
    except VendorError as error:
        if isinstance(error, NotExecuted):
            accounts.heed_refusal(lookup.account, error)
        if isinstance(error, NotSent | NotExecuted) and lookup.tries < MOST_TRIES:
            Lookup.objects.filter(pk=lookup.pk).update(
                due_at=Now() + timedelta(seconds=2 * lookup.tries), problem=error.message[:500]
            )
            return
        Lookup.objects.filter(pk=lookup.pk).update(problem=error.message[:500], answer=None, **closed)
    except encryption.Undecipherable:
        problem = "The account's secret cannot be read; an administrator must enter it again."
        Lookup.objects.filter(pk=lookup.pk).update(problem=problem, answer=None, **closed)
    except Exception:
        log.exception("The look-up %s broke", lookup.pk)
        problem = "Something went wrong here while reading the answer."
        Lookup.objects.filter(pk=lookup.pk).update(problem=problem, answer=None, **closed)
    else:
        Lookup.objects.filter(pk=lookup.pk).update(problem="", answer=answer, **closed)


def forget_old() -> int:
    """Remove answers nobody needs any more: they hold people's names and phones."""
    return Lookup.objects.filter(asked_at__lt=Now() - KEPT_FOR).delete()[0]
