"""What was sent and the database forgot: each machine tells what its log knows, and nothing of it goes out again.

A message of which a log says that it left is held. One person looks at the vendor and says where and what was there;
another one, with the right, may then let it be sent again. Or one cancels it.
"""

import logging
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from portal import arming, audit, sentlog
from portal.models import Arming, Attempt, ForgottenSend, Message, User
from portal.models.messages import HeldReason, State
from portal.outbox.promises import release
from portal.problems import Problem
from portal.sentlog import Sent

log = logging.getLogger(__name__)
RIGHT = "portal.rearm_outbound"
_reported: tuple[object, ...] = ()


def report() -> int:
    """Tell the database what this machine sent and it does not know. Returns how many requests were new to it.

    Asked often, and does something only after sending was armed, stopped, or found to be elsewhere.
    """
    global _reported
    row = Arming.objects.first()
    if row is None:
        return 0
    ours = sentlog.look().of_lineage(row.lineage)
    now = (row.lineage, row.key, row.changed_at, arming.why_not(), None if row.armed_at else len(ours))
    if now == _reported:
        return 0
    found = [_keep(sent) for sent in _unknown_here(ours) if sent.may_exist]
    news = sum(is_new for _, is_new in found)
    if news:
        import_string(settings.AFTER_FORGETTING)()
    _reported = now
    return news


def sent_before(message: Message) -> ForgottenSend | None:
    """What says that this very message, or another one under its reference, left already; None if nothing does."""
    for sent in _unknown_here(sentlog.look().of_payload(message.payload_hash)):
        if sent.may_exist:
            _keep(sent)
    return _open_sends().filter(_of(message.payload_hash, message.reference)).first()


@transaction.atomic
def note_look(send: ForgottenSend, *, by: User, note: str) -> None:
    """The first of two people: where they looked for it at the vendor, and what was there."""
    if not note.strip():
        raise Problem("Say where you looked, and what was there.")
    changed = ForgottenSend.objects.filter(pk=send.pk, cleared_at=None).update(
        looked_by=by, looked_at=Now(), looked_note=note.strip()[:300]
    )
    if not changed:
        raise Problem("This was let go already.")
    audit.record(by, "sending.looked", send, note=note.strip()[:300])


@transaction.atomic
def let_go(send: ForgottenSend, *, by: User) -> None:
    """The second person agrees that it is not there: the message may be sent again."""
    send = ForgottenSend.objects.select_for_update(of=("self",)).get(pk=send.pk)
    if send.looked_by is None:
        raise Problem("Somebody must look for it at the vendor first, and say where.")
    if send.looked_by == by:
        raise Problem("Sending it again takes two people: somebody other than the one who looked must agree.")
    if not by.has_perm(RIGHT):
        raise Problem("You may not let this be sent again.")
    ForgottenSend.objects.filter(pk=send.pk, cleared_at=None).update(cleared_by=by, cleared_at=Now())
    audit.record(by, "sending.agreed", send, note=send.looked_note, looked_by=send.looked_by.name)
    same = _of(send.payload_hash, send.reference)
    held = Message.objects.filter(same, state=State.HELD, held_reason=HeldReason.SENT_BEFORE)
    if not _open_sends().filter(same).exists():
        release(held, by=by, reason="looked for at the vendor by two people, and not there")


def _open_sends() -> "QuerySet[ForgottenSend]":
    return ForgottenSend.objects.filter(cleared_at=None).exclude(outcome__in=sentlog.NOTHING_THERE)


def _of(payload_hash: str, reference: str) -> Q:
    # After a restore a new dispatch may have the number, and so the reference, of one that is forgotten.
    return Q(payload_hash=payload_hash) | Q(reference=reference)


def _unknown_here(sends: list[Sent]) -> list[Sent]:
    ids = [sent.correlation_id for sent in sends]
    known = {
        str(one)
        for one in Attempt.objects.filter(correlation_id__in=ids).values_list("correlation_id", flat=True)
    }
    return [sent for sent in sends if sent.correlation_id not in known]


def _keep(sent: Sent) -> tuple[ForgottenSend, bool]:
    """A row for what the log says; one that is there learns how it ended, and no more."""
    row, is_new = ForgottenSend.objects.get_or_create(
        correlation_id=sent.correlation_id,
        defaults={
            "reference": sent.reference,
            "payload_hash": sent.payload_hash,
            "account_name": sent.account,
            "weight": sent.weight,
            "sent_at": datetime.fromisoformat(sent.at),
            "machine": sent.machine,
            "outcome": sent.outcome,
            "ids": sent.ids,
        },
    )
    if is_new:
        log.error("%s was sent at %s, and this database does not know it", sent.reference, sent.at)
    elif (row.outcome, row.ids) != (sent.outcome, sent.ids) and row.cleared_at is None:
        ForgottenSend.objects.filter(pk=row.pk).update(outcome=sent.outcome, ids=sent.ids)
    return row, is_new
