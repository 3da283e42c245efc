"""A thread in every Celery worker that keeps promises when nobody rings: no broker, no beat, a lost nudge.

It takes only what has been due for some seconds, so in good times it finds nothing.
"""

import logging
import threading
from datetime import timedelta
from typing import Any

from celery import bootsteps
from django.db import close_old_connections, connection

from portal import breaker, lookups, outbox

log = logging.getLogger(__name__)
EVERY_SECONDS = 2.0
OVERDUE = timedelta(seconds=3)


def look_once() -> None:
    """Settle what was answered, sweep, then send one by one what is overdue."""
    outbox.settle_left()
    outbox.sweep()
    breaker.probe_due()
    outbox.deliver_due(limit=5, overdue_by=OVERDUE)
    outbox.check_found(limit=3)
    lookups.answer_due(limit=3)


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
            self.thread.join(timeout=100)

    terminate = stop

    def _watch(self) -> None:
        while not self.stopping.wait(EVERY_SECONDS):
            close_old_connections()
            try:
                look_once()
            except Exception:
                log.exception("The watchman stumbled and goes on")
        connection.close()
