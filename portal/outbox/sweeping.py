"""Tidying up after workers that died: what was not sent goes back, what may have been sent is unknown."""

import logging

from django.db import transaction
from django.db.models.functions import Now

from portal.models import Message
from portal.models.messages import State
from portal.outbox.promises import nudge

log = logging.getLogger(__name__)
LOST = "The worker that sent this did not report back in time."


def sweep() -> tuple[int, int]:
    """Returns how many claims went back to the queue and how many sends became unknown."""
    with transaction.atomic(durable=True):
        returned = Message.objects.filter(state=State.CLAIMED, lease_until__lt=Now()).update(
            state=State.QUEUED, lease_token=None, lease_until=None
        )
        # The lease token stays: the worker may only be slow, and its late answer is evidence.
        lost = Message.objects.filter(state=State.SENDING, send_deadline_at__lt=Now()).update(
            state=State.UNKNOWN, detail=LOST
        )
        if returned:
            nudge()
    if lost:
        log.error("%d message(s) became unknown: their worker never reported back", lost)
    return returned, lost
