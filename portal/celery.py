"""Celery is the alarm clock: PostgreSQL is the queue. A flushed broker costs seconds, never a dispatch."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# By name: the watchman needs Django's models, which are not there yet.
app.steps["worker"].add("portal.watchman.Watchman")
