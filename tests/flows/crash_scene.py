"""One message that meets a crash, another behind it, and workers that vanish at a chosen moment."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from portal import files, outbox
from portal.models import Breaker, Message, VendorAccount, VendorToken
from portal.models.messages import State
from portal.outbox import claims, journal, sending
from portal.outbox.handlers import handler_of
from portal.vendors.sandbox import Sandbox
from portal.vendors.sandbox.truth import Record
from tests.cast import Cast
from tests.dispatching import make_dispatch, refill

WEIGHT = 2


def ago(seconds: float) -> Any:
    return timezone.now() - timedelta(seconds=seconds)


class Scene:
    """One message that meets the crash, another behind it, and a vendor who tells afterwards what truly happened."""

    def __init__(self, box: Sandbox, cast: Cast, account: VendorAccount) -> None:
        self.box, self.account = box, account
        plan = files.accept(SimpleUploadedFile("ports.csv", b"store,port\n0012,7\n" * 20), by=cast.alice)
        for purpose in ("hit", "behind"):
            make_dispatch(cast.alice, cast.east, rows=WEIGHT, po_number=purpose, files=[plan])
        self.message, self.behind = Message.objects.order_by("id")
        Message.objects.update(due_at=ago(3600) - timedelta(seconds=1))
        Message.objects.filter(pk=self.behind.pk).update(due_at=ago(3600))

    def requests_for(self, message: Message) -> list[Record]:
        calls = self.box.calls("create")
        return [call for call in calls if call.parts.get("customer_ticket_number") == message.reference]

    def carried_out(self, message: Message) -> int:
        return sum(bool(call.ticket_ids) for call in self.requests_for(message))

    def state(self, message: Message) -> str:
        message.refresh_from_db()
        return message.state

    def let_time_pass(self) -> None:
        """As long as it takes until nobody believes any more that the dead one comes back."""
        past = ago(1)
        Message.objects.filter(state=State.CLAIMED).update(lease_until=past)
        Message.objects.filter(state=State.SENDING).update(send_deadline_at=past)
        Message.objects.filter(state=State.QUEUED).update(due_at=ago(60))
        VendorToken.objects.exclude(renewing_until=None).update(renewing_until=past)
        Breaker.objects.filter(state=Breaker.State.OPEN).update(open_until=past)
        for path in Path(settings.JOURNAL_ROOT).glob("*"):
            os.utime(path, (time.time() - 60, time.time() - 60))
        refill(self.account)


def claim_and_vanish(scene: Scene) -> Message:
    message = claims.claim()
    assert message == scene.message
    return message


def begin_and_vanish(scene: Scene) -> None:
    message = claim_and_vanish(scene)
    assert claims.begin(message, handler_of(message).path(message))


def send_and_vanish(scene: Scene) -> None:
    """The answer is in the journal, and the worker that put it there is no more."""
    message = claim_and_vanish(scene)
    call = sending._prepared(message, path := handler_of(message).path(message))
    assert call
    attempt = claims.begin(message, path)
    assert attempt
    journal.keep(message.reference, attempt, exchange=call(attempt).exchange)


def send_late(scene: Scene) -> None:
    send_and_vanish(scene)
    Message.objects.filter(state=State.SENDING).update(send_deadline_at=ago(1))
    assert outbox.sweep() == (0, 1)


def silence(scene: Scene) -> None:
    Breaker.objects.create(account=scene.account, state="open", open_until=ago(1), changed_at=ago(90))


FOUND: dict[str, Callable[[Scene], object]] = {
    "an old claim": claim_and_vanish,
    "an old send": begin_and_vanish,
    "an answer in the journal": send_and_vanish,
    "a late answer": send_late,
    "a silent vendor": silence,
}
