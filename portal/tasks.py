"""Celery's way in. Each task calls one service; what is to be done is in the database, never in the task."""

from functools import partial

from celery import shared_task

from portal import bell, breaker, lookups, outbox


@shared_task(ignore_result=True)
def deliver_due() -> None:
    # One message per task: a worker told to stop finishes what it has in hand and claims no other. Who claims one
    # wakes the next worker first, so that all of them work when there is work for all; who is done wakes one for the
    # seat that became free.
    if outbox.deliver_due(limit=1, on_claim=partial(bell.send, "portal.tasks.deliver_due")):
        bell.send("portal.tasks.deliver_due")


@shared_task(ignore_result=True)
def sweep() -> None:
    outbox.sweep()


@shared_task(ignore_result=True)
def probe() -> None:
    breaker.probe_due()


@shared_task(ignore_result=True)
def answer_lookups() -> None:
    lookups.answer_due()


@shared_task(ignore_result=True)
def check_found() -> None:
    outbox.check_found()


@shared_task(ignore_result=True)
def forget_old() -> None:
    lookups.forget_old()
