"""What people do about a message of which nobody knows what it did: say what they found, and decide.

Nothing here asks a vendor (see `finding`), and nothing sends an unknown message again: what two people did not find
becomes a new message with a reference of its own.
"""

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from portal import audit, bell
from portal.models import Message, Resolution, User
from portal.models.messages import State
from portal.models.resolutions import RESEND_AFTER
from portal.outbox.clock import database_now
from portal.outbox.handlers import handler_of
from portal.outbox.renewing import first_of_family, renew
from portal.problems import Problem

Kind = Resolution.Kind
CHECK = "portal.tasks.check_found"
SETTLED_MEANWHILE = "This was settled meanwhile; see what became of it."
NOTE_NEEDED = "Say where you looked: which search, which list, whom you asked."
REASON_NEEDED = "Say why this is written off."


def may_say_not_there_from(message: Message) -> datetime | None:
    """Until then the vendor may still be at work on it."""
    return message.send_deadline_at + RESEND_AFTER if message.send_deadline_at else None


@transaction.atomic
def say_found(message: Message, vendor_ids: dict[str, int], *, by: User | None) -> Resolution:
    """A person names the vendor's ids, each for a part of the message; `by` is None where the portal found them listed.

    A worker asks the vendor for each and believes nobody before.
    """
    locked = lock_unknown(message)
    if not vendor_ids:
        raise Problem("Enter at least one id.")
    if _open(locked, Kind.FOUND):
        raise Problem("The vendor is being asked about ids already; wait for what it says.")
    said = Resolution.objects.create(
        message=locked,
        kind=Kind.FOUND,
        vendor_ids=list(vendor_ids),
        parts=list(vendor_ids.values()),
        opened_by=by,
        opened_at=Now(),
        due_at=Now(),
    )
    audit.record(by, "message.found_claimed", locked, ids=said.vendor_ids)
    bell.ring_after_commit(CHECK)
    return said


@transaction.atomic
def say_not_there(message: Message, *, note: str, by: User) -> Resolution:
    """The first of two people looked and found nothing. Nothing is sent yet."""
    locked, note = lock_unknown(message), note.strip()
    if not note:
        raise Problem(NOTE_NEEDED)
    possible_from = may_say_not_there_from(locked)
    if possible_from is None or database_now() < possible_from:
        raise Problem("It is too early: the request may still be under way at the vendor. Look again later.")
    if other := _open(locked, Kind.NOT_THERE):
        raise Problem(f"{other.who} said so already; a second person is to look.")
    said = Resolution.objects.create(
        message=locked,
        kind=Kind.NOT_THERE,
        note=note,
        parts=handler_of(locked).parts_in_doubt(locked),
        opened_by=by,
        opened_at=Now(),
    )
    audit.record(by, "message.not_found", locked, note=note)
    return said


@transaction.atomic
def confirm(resolution: Resolution, *, by: User) -> Message | None:
    """The second person found nothing either. Returns the new message, if it can still be sent as it is."""
    first_of_family(resolution.message)
    locked, said = _lock_open(resolution)
    if said.opened_by_id == by.pk:
        raise Problem("You looked first. Another person has to look too before this is sent again.")
    if handler_of(locked).parts_in_doubt(locked) != said.parts:
        close_outdated(locked)
        raise Problem(SETTLED_MEANWHILE)
    _decide(said, Resolution.State.SETTLED, by, "Confirmed: not there.")
    successor = renew(locked, said.parts, by=by)
    close_open(locked, "Two people found nothing.")
    details = {"first": said.who, "renewed_as": successor.reference if successor else ""}
    audit.record(by, "message.not_created", locked, note=said.note, **details)
    return successor


@transaction.atomic
def disagree(resolution: Resolution, *, note: str, by: User) -> None:
    """Back to the list: nothing is sent."""
    locked, said = _lock_open(resolution)
    note = note.strip()
    if not note and said.opened_by_id != by.pk:
        raise Problem("Say what speaks against it.")
    words = "Withdrawn." if said.opened_by_id == by.pk else f"{by.name} disagreed: {note}"
    _decide(said, Resolution.State.CLOSED, by, words)
    audit.record(by, "message.not_found_withdrawn", locked, note=note)


@transaction.atomic
def write_off(message: Message, *, reason: str, by: User) -> None:
    """Nobody will look any further, and nothing is sent. What comes to light later is shown all the same."""
    locked, reason = lock_unknown(message), reason.strip()
    if not reason:
        raise Problem(REASON_NEEDED)
    said = Resolution.objects.create(
        message=locked, kind=Kind.WRITTEN_OFF, note=reason, opened_by=by, opened_at=Now()
    )
    _decide(said, Resolution.State.SETTLED, by, "Written off.")
    Message.objects.filter(pk=locked.pk).update(
        state=State.ABANDONED, settled_at=Now(), detail=f"Written off by {by.name}: {reason}"
    )
    close_open(locked, "Written off.")
    audit.record(by, "message.written_off", locked, reason=reason)


def close_open(message: Message, why: str) -> None:
    """Something else settled the message: what people were about to say is needed no more."""
    Resolution.objects.filter(message=message, state=Resolution.State.OPEN).update(
        state=Resolution.State.CLOSED, decided_at=Now(), due_at=None, findings=[], result=why
    )


def close_outdated(message: Message) -> None:
    """Some of what somebody did not find is there by now: two people have to look at what is left."""
    said = _open(message, Kind.NOT_THERE)
    if said and handler_of(message).parts_in_doubt(message) != said.parts:
        _decide(said, Resolution.State.CLOSED, None, "Some of it was found meanwhile.")


def lock_unknown(message: Message) -> Message:
    """The message, for this transaction. Raises Problem if its outcome is not unknown any more."""
    found = Message.objects.select_for_update(of=("self",)).select_related("account")
    locked = found.filter(pk=message.pk, state=State.UNKNOWN).first()
    if locked is None:
        raise Problem(SETTLED_MEANWHILE)
    return locked


def _lock_open(resolution: Resolution) -> tuple[Message, Resolution]:
    locked = lock_unknown(resolution.message)
    found = Resolution.objects.select_for_update(of=("self",)).select_related("opened_by")
    said = found.filter(pk=resolution.pk, state=Resolution.State.OPEN, kind=Kind.NOT_THERE).first()
    if said is None:
        raise Problem(SETTLED_MEANWHILE)
    return locked, said


def _open(message: Message, kind: Kind) -> Resolution | None:
    return message.resolutions.filter(kind=kind, state=Resolution.State.OPEN).first()


def _decide(said: Resolution, state: str, by: User | None, result: str) -> None:
    Resolution.objects.filter(pk=said.pk).update(
        state=state, decided_by=by, decided_at=Now(), due_at=None, result=result
    )
