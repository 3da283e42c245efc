"""Wakes a worker, and never makes anybody wait for it.

A broker that is away costs two seconds to find out; a person who presses *Submit* shall not pay them. So the bell is
rung from a thread of its own, and a bell nobody hears costs seconds: beat and the workers' watchman look anyway.
"""

import logging
import threading
import time
from functools import partial

from django.db import transaction

from portal.celery import app

log = logging.getLogger(__name__)
REST_SECONDS = 0.2
_lock = threading.Lock()
_ringing: dict[str, bool] = {}  # task → whether somebody rang again meanwhile


def ring_after_commit(task: str) -> None:
    """Wake a worker for `task`, a task's full name, once what was just written can be seen."""
    transaction.on_commit(partial(ring, task), robust=True)


def ring(task: str) -> None:
    with _lock:
        is_ringing = task in _ringing
        _ringing[task] = is_ringing
    if not is_ringing:
        threading.Thread(target=_keep_ringing, args=(task,), name=f"bell {task}", daemon=True).start()


def _keep_ringing(task: str) -> None:
    while True:
        send(task)
        # A hundred deliveries a second shall not ring a hundred times: who rings meanwhile is heard after this.
        time.sleep(REST_SECONDS)
        with _lock:
            if not _ringing[task]:
                del _ringing[task]
                return
            _ringing[task] = False


def send(task: str) -> None:
    """Ring at once, in this thread."""
    try:
        app.send_task(task, ignore_result=True)
    except Exception as error:
        log.warning("A worker could not be woken; it will look by itself in a few seconds: %r", error)
