"""Reminders on their way out: one mail per person with everything there is to say, claimed by one worker at a time."""

import logging
import time
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Now

from portal import mail
from portal.models import User
from portal.outbox.clock import database_now
from tickets.letters import Letter, write_letter
from tickets.models import Mailing, Reminder

log = logging.getLogger(__name__)
# Outcomes become unknown by the dozen, when a vendor is away: a moment's patience makes one mail of them.
GATHERING = timedelta(minutes=1)
GAP = timedelta(minutes=5)
LEASE = timedelta(minutes=10)  # above CELERY_TASK_TIME_LIMIT: who has not come back by then is dead
MOST_SECONDS = 60.0
LONGEST_WAIT = timedelta(hours=1)
MOST_REFUSALS = 3


def send_due() -> int:
    """Mail what is due, one by one. Returns how many mails left."""
    _open_mailings()
    _give_up_left()
    sent, ends = 0, time.monotonic() + MOST_SECONDS
    while time.monotonic() < ends and (mailing := _claim()):
        try:
            sent += _send(mailing)
        except mail.NotMailed as error:
            _put_off(mailing, str(error), is_over=error.final and mailing.tries >= MOST_REFUSALS)
            if error.server_away:
                break
        except mail.MaybeMailed as error:
            _note_doubt(mailing, str(error))
    return sent


def _open_mailings() -> None:
    """A mailing for whoever has something to be told and none that is still to leave."""
    waiting = Reminder.objects.filter(mailing=None, person__is_active=True).exclude(person__email="")
    people = list(waiting.order_by().values_list("person", flat=True).distinct())
    earlier = Mailing.objects.filter(person__in=people, sent_at__isnull=False).order_by()
    last, now = dict(earlier.values_list("person").annotate(Max("sent_at"))), database_now()
    due = {pk: max(now + GATHERING, last[pk] + GAP) if pk in last else now + GATHERING for pk in people}
    Mailing.objects.bulk_create(
        [Mailing(person_id=pk, created_at=now, due_at=when) for pk, when in due.items()],
        ignore_conflicts=True,
    )


def _give_up_left() -> None:
    """Left in hand by two workers that died: it may have arrived twice, so there is no third time."""
    left = Mailing.objects.filter(closed_at=None, may_have_arrived=True, lease_until__lt=Now())
    left.update(closed_at=Now(), lease_until=None, problem="Two workers died while they mailed this.")


def _claim() -> Mailing | None:
    """A mailing nobody has in hand, with all that its person is to be told by now."""
    is_free = Q(lease_until=None) | Q(lease_until__lt=Now(), may_have_arrived=False)
    with transaction.atomic(durable=True):
        due = Mailing.objects.filter(is_free, closed_at=None, due_at__lte=Now()).order_by("due_at", "pk")
        mailing = due.select_for_update(skip_locked=True).first()
        if mailing is None:
            return None
        # A worker died with it in hand: nobody knows whether it left.
        mailing.may_have_arrived |= mailing.lease_until is not None
        mailing.lease_token, mailing.tries = uuid.uuid4(), mailing.tries + 1
        Mailing.objects.filter(pk=mailing.pk).update(
            lease_until=Now() + LEASE,
            lease_token=mailing.lease_token,
            tries=mailing.tries,
            may_have_arrived=mailing.may_have_arrived,
        )
        if not mailing.may_have_arrived:  # what is sent once more is the same mail
            Reminder.objects.filter(person=mailing.person_id, mailing=None).update(mailing=mailing)
    return mailing


def _send(mailing: Mailing) -> bool:
    """Raises NotMailed or MaybeMailed. No transaction is open while the mail server is spoken to."""
    person = User.objects.get(pk=mailing.person_id)
    letter = write_letter(person, list(mailing.reminders.order_by("pk")))
    if letter is None or not (person.is_active and person.email):
        _close(mailing, problem="Nothing was left to be said.")
        return False
    mail.send(
        person.email,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        message_id=_message_id(mailing),
    )
    _close(mailing, letter=letter)
    return True


def _message_id(mailing: Mailing) -> str:
    """The same for every try; a restored database may give a key out again, but not at the same moment."""
    host = urlsplit(settings.PUBLIC_URL).hostname
    return f"<reminder.{mailing.pk}.{mailing.created_at.timestamp():.0f}@{host}>"


@transaction.atomic
def _close(mailing: Mailing, *, letter: Letter | None = None, problem: str = "") -> None:
    changes: dict[str, Any] = {"problem": problem}
    if letter:
        changes |= {"subject": letter.subject[:300], "sent_at": Now()}
    _mine(mailing).update(closed_at=Now(), lease_until=None, **changes)
    if letter:
        Reminder.objects.filter(pk__in=letter.told).update(is_told=True)


def _put_off(mailing: Mailing, why: str, *, is_over: bool) -> None:
    """Nothing arrived. It gathers what comes up meanwhile, and leaves as one mail when the server is there again."""
    wait = min(timedelta(seconds=30) * 2 ** min(mailing.tries - 1, 10), LONGEST_WAIT)
    changes: dict[str, Any] = {"closed_at": Now()} if is_over else {"due_at": Now() + wait}
    _mine(mailing).update(problem=why[:500], lease_until=None, **changes)
    log.warning("A reminder to %s could not be mailed: %s", mailing.person_id, why)


@transaction.atomic
def _note_doubt(mailing: Mailing, why: str) -> None:
    """It may have arrived: sent once more, under the same Message-ID, and then no more."""
    changes: dict[str, Any] = {"closed_at": Now()} if mailing.may_have_arrived else {"due_at": Now() + GAP}
    _mine(mailing).update(problem=why[:500], lease_until=None, may_have_arrived=True, **changes)
    mailing.reminders.update(is_told=True)
    log.warning("A reminder to %s may or may not have arrived: %s", mailing.person_id, why)


def _mine(mailing: Mailing) -> QuerySet[Mailing]:
    return Mailing.objects.filter(pk=mailing.pk, lease_token=mailing.lease_token, closed_at=None)
