"""A thread in every Celery worker that keeps promises when nobody rings: no broker, no beat, a lost nudge.

It takes only what has been due for some seconds, so in good times it finds nothing.
"""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import bootsteps
from django.conf import settings
from django.db import close_old_connections, connection

from portal import arming, breaker, lookups, outbox
from portal.outbox import forgotten

log = logging.getLogger(__name__)
EVERY_SECONDS = 2.0
OVERDUE = timedelta(seconds=3)


def look_once(is_stopping: Callable[[], bool] = lambda: False) -> None:
    """Tell what was sent, settle what was answered, sweep, then send one by one what is overdue.

    Told to stop, it begins nothing more.
    """
    arming.notice_setback()
    forgotten.report()
    outbox.settle_left()
    outbox.sweep()
    breaker.probe_due()
    _up_to(5, lambda: outbox.deliver_due(limit=1, overdue_by=OVERDUE), is_stopping)
    _up_to(3, lambda: outbox.check_found(limit=1), is_stopping)
    _up_to(3, lambda: lookups.answer_due(limit=1), is_stopping)


def _up_to(most: int, do_one: Callable[[], int], is_stopping: Callable[[], bool]) -> None:
    for _ in range(most):
        if is_stopping() or not do_one():
            return


class Watchman(bootsteps.StartStopStep):
    # After the pool: its processes are forked before this thread exists.
    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self.stopping = threading.Event()
        self.thread: threading.Thread | None = None

    def start(self, parent: Any) -> None:
        self.thread = threading.Thread(target=self._watch, name="watchman", daemon=True)
        self.thread.start()

    def stop(self, parent: Any) -> None:
        self.stopping.set()
        if self.thread is not None:
            self.thread.join(timeout=settings.STOP_GRACE_SECONDS)

    terminate = stop

    def _watch(self) -> None:
        while not self.stopping.wait(EVERY_SECONDS):
            close_old_connections()
            try:
                look_once(self.stopping.is_set)
            except Exception:
                log.exception("The watchman stumbled and goes on")
        connection.close()
