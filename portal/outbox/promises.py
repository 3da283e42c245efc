"""Writing a promise down, and taking it back while nothing has left."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from portal import audit, bell
from portal.models import Message, MessageFile, StoredFile, User, VendorAccount
from portal.models.messages import State
from portal.problems import Problem


def payload_hash(payload: dict[str, Any]) -> str:
    """SHA-256 over the canonical JSON of a payload: what was reviewed is what is sent, or nothing is."""
    canonical = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def add(
    kind: str,
    account: VendorAccount,
    *,
    reference: str,
    chunk: str,
    payload: dict[str, Any],
    weight: int,
    files: Sequence[StoredFile],
    by: User,
    interactive: bool,
    renews: Message | None = None,
) -> Message:
    """Promise one request. Belongs into the transaction of the change that caused it.

    `renews` is the message two people found nothing of, and which this one says once more.
    """
    message = Message.objects.create(
        kind=kind,
        account=account,
        reference=reference,
        chunk=chunk,
        payload=payload,
        payload_hash=payload_hash(payload),
        weight=weight,
        created_by=by,
        priority=Message.INTERACTIVE if interactive else Message.BULK,
        due_at=Now(),
        renews=renews,
    )
    MessageFile.objects.bulk_create(
        MessageFile(message=message, file=file, position=position) for position, file in enumerate(files)
    )
    message.refresh_from_db(fields=["due_at"])
    nudge()
    return message


def nudge() -> None:
    """Wake a worker after the commit. With the broker down nothing happens, and the workers' watchman finds the row."""
    bell.ring_after_commit("portal.tasks.deliver_due")


def cancel(message: Message, *, by: User | None, reason: str = "") -> None:
    """Take a promise back; `by` is None where the portal does it. Raises Problem when it is too late for that."""
    who = by.name if by else audit.THE_PORTAL
    detail = f"Cancelled by {who}: {reason}" if reason else f"Cancelled by {who}."
    with transaction.atomic():
        changed = Message.objects.filter(pk=message.pk, state__in=[State.QUEUED, State.HELD]).update(
            state=State.CANCELLED, settled_at=Now(), held_reason="", detail=detail
        )
        if not changed:
            raise Problem("This message can no longer be cancelled: it is being sent, or it was sent.")
        audit.record(by, "message.cancelled", message, **({"reason": reason} if reason else {}))


def release(messages: Iterable[Message], *, by: User | None, reason: str) -> int:
    """Put held messages back into the queue, once what held them was mended."""
    released = 0
    with transaction.atomic():
        for message in messages:
            changed = Message.objects.filter(pk=message.pk, state=State.HELD).update(
                state=State.QUEUED, held_reason="", due_at=Now(), failures=0, detail=""
            )
            if changed:
                audit.record(by, "message.released", message, reason=reason)
            released += changed
        if released:
            nudge()
    return released
