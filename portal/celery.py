"""Celery is the alarm clock: PostgreSQL is the queue. A flushed broker costs seconds, never a dispatch."""

import os
import signal
from typing import Any

from celery import Celery
from celery.signals import task_postrun, task_prerun, worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# By name: the watchman needs Django's models, which are not there yet.
app.steps["worker"].add("portal.watchman.Watchman")


@worker_process_init.connect(weak=False)
def finish_what_is_in_hand(**kwargs: Any) -> None:
    """A TERM to the whole group, as systemd sends it, shall not end a process of the pool amid a task.

    Such a death puts technicians in doubt for nothing: the worker itself ends its processes once they are idle.
    """
    task_prerun.connect(_turn_a_deaf_ear, weak=False)
    task_postrun.connect(_listen_again, weak=False)


def _turn_a_deaf_ear(**kwargs: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _listen_again(**kwargs: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
