"""Who holds a message. Each change is one UPDATE whose WHERE is the guard; the database's clock decides."""

import random
import uuid
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from portal import arming, breaker, ratelimit
from portal.models import Attempt, Message
from portal.models.messages import State
from portal.outbox import flight
from portal.outbox.flight import SETTLE_GRACE
from portal.outbox.workers import worker_name

FIRST_BACKOFF, LONGEST_BACKOFF = 2.0, 300.0


def claim(*, overdue_by: timedelta = timedelta(0)) -> Message | None:
    """Take the most urgent due message that its account's budget, seats and pause allow; None when there is none."""
    if not arming.sends():
        return None
    message = _claim(uuid.uuid4(), overdue_by)
    if message is not None and flight.is_overbooked(message.account):
        give_back(message)  # others claimed at the same moment
        return None
    return message


def _claim(token: uuid.UUID, overdue_by: timedelta) -> Message | None:
    with transaction.atomic(durable=True):
        waiting = Message.objects.filter(
            state=State.QUEUED,
            due_at__lte=Now() - overdue_by,
            account__in=ratelimit.accounts_with_room(),
        ).exclude(account__in=flight.full_accounts())
        due = waiting.select_for_update(skip_locked=True, of=("self",))
        message = due.filter(account__in=breaker.sending_accounts()).in_sending_order().first()
        if message is None and (account := breaker.claim_trial()):
            # The fewest technicians in doubt, should the vendor still be silent.
            message = due.filter(account=account).order_by("weight", "priority", "due_at", "id").first()
        if message is None:
            return None
        Message.objects.filter(pk=message.pk, state=State.QUEUED).update(
            state=State.CLAIMED,
            lease_token=token,
            lease_until=Now() + timedelta(seconds=settings.CLAIM_LEASE_SECONDS),
        )
    # By our own token: were it somebody else's claim, this would be nobody's message.
    return Message.objects.select_related("account").filter(pk=message.pk, lease_token=token).first()


def act_as_holder(message: Message) -> None:
    """Tell the trigger, for this transaction, whose lease speaks: only its holder may judge a message being sent."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('portal.lease', %s, true)", [str(message.lease_token)])


def give_back(message: Message, *, wait: float | None = None, detail: str = "", failed: bool = False) -> bool:
    """Return an unsent claim to the queue. `wait` in seconds; None leaves its place in the queue as it is."""
    with transaction.atomic(durable=True):
        return bool(
            Message.objects.filter(
                pk=message.pk, state=State.CLAIMED, lease_token=message.lease_token
            ).update(
                state=State.QUEUED,
                lease_token=None,
                lease_until=None,
                due_at=F("due_at") if wait is None else Now() + timedelta(seconds=wait),
                failures=F("failures") + 1 if failed else F("failures"),
                detail=detail,
            )
        )


def hold(message: Message, reason: str, detail: str) -> bool:
    """Stop an unsent claim until a person mends what is wrong."""
    with transaction.atomic(durable=True):
        return bool(
            Message.objects.filter(
                pk=message.pk, state=State.CLAIMED, lease_token=message.lease_token
            ).update(state=State.HELD, held_reason=reason, detail=detail, lease_token=None, lease_until=None)
        )


def begin(message: Message, path: str) -> Attempt | None:
    """Write down that bytes are about to leave. None when the lease is over or sending was stopped: nothing may be sent."""
    with transaction.atomic(durable=True):
        if not arming.hold_still():
            return None
        started = Message.objects.filter(
            pk=message.pk, state=State.CLAIMED, lease_token=message.lease_token, lease_until__gt=Now()
        ).update(
            state=State.SENDING,
            send_deadline_at=Now() + timedelta(seconds=settings.SEND_DEADLINE_SECONDS) + SETTLE_GRACE,
            detail="",
        )
        if not started or message.lease_token is None:
            return None
        attempt = Attempt.objects.create(
            message=message,
            number=message.attempts.count() + 1,
            lease_token=message.lease_token,
            worker=worker_name(),
            path=path,
            started_at=Now(),
        )
        # In here: from the commit to the last byte nothing needs the database.
        attempt.refresh_from_db()
        message.refresh_from_db()
    return attempt


def backoff(failures: int) -> float:
    """Seconds to wait after so many failures in a row: doubling, with full jitter, never under a second."""
    ceiling = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** min(failures, 10))
    return max(1.0, random.uniform(0, ceiling))  # noqa: S311  jitter, not a secret
