"""What a start refuses: names that lead nowhere, and times that do not fit each other."""

import inspect
import threading
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as live

from portal import breaker, checks, lookups, outbox, watchman
from portal.local import start, stop
from portal.local.folder import Folder


def test_the_settings_as_they_are_fit() -> None:
    assert checks.times_fit_each_other(None) == []
    assert checks.names_in_settings_exist(None) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLAIM_LEASE_SECONDS", 20),
        ("STOP_GRACE_SECONDS", 120),
        ("CELERY_TASK_TIME_LIMIT", 120),
        ("CELERY_TASK_TIME_LIMIT", 900),
        ("CELERY_BROKER_TRANSPORT_OPTIONS", {"visibility_timeout": 200}),
    ],
)
def test_times_that_do_not_fit_are_refused(settings: Any, name: str, value: Any) -> None:
    setattr(settings, name, value)
    assert [problem.id for problem in checks.times_fit_each_other(None)] == ["portal.E002"]


def test_a_deadline_that_nobody_can_wait_for_is_refused_twice(settings: Any) -> None:
    settings.SEND_DEADLINE_SECONDS = 300
    words = [problem.msg for problem in checks.times_fit_each_other(None)]
    assert [word.split()[0] for word in words] == ["CELERY_TASK_TIME_LIMIT", "STOP_GRACE_SECONDS"]


def test_our_own_supervisor_waits_as_long_as_the_settings_say(tmp_path: Path) -> None:
    for env, seconds in (({}, live.STOP_GRACE_SECONDS), ({"STOP_GRACE_SECONDS": "300"}, 300)):
        programs = start.programs(env, Folder(tmp_path), port=1, sandbox_port=0)
        (worker,) = [program for program in programs if program.name == "worker"]
        assert worker.patience == seconds
    longest = inspect.signature(stop.stop).parameters["patience"].default
    assert longest > live.STOP_GRACE_SECONDS, "`make stop` outlives the worker's grace"


def test_the_watchman_is_waited_for_as_long_as_a_send_may_take(monkeypatch: Any) -> None:
    waited: list[float] = []

    class Busy:
        def join(self, timeout: float) -> None:
            waited.append(timeout)

    watch = object.__new__(watchman.Watchman)
    watch.stopping, watch.thread = threading.Event(), Busy()  # type: ignore[assignment]
    watch.stop(None)
    assert watch.stopping.is_set()
    assert waited == [live.STOP_GRACE_SECONDS]


@pytest.mark.django_db
def test_a_watchman_told_to_stop_begins_nothing_more(monkeypatch: Any) -> None:
    begun: list[str] = []
    for name in ("settle_left", "sweep"):
        monkeypatch.setattr(outbox, name, lambda: 0)
    monkeypatch.setattr(breaker, "probe_due", lambda: 0)
    monkeypatch.setattr(lookups, "answer_due", lambda **how: begun.append("look-up") or 1)
    monkeypatch.setattr(outbox, "check_found", lambda **how: begun.append("check") or 1)
    monkeypatch.setattr(outbox, "deliver_due", lambda **how: begun.append("message") or 1)
    watchman.look_once(lambda: len(begun) == 2)
    assert begun == ["message", "message"]


def test_a_name_that_leads_nowhere_is_refused(settings: Any) -> None:
    settings.OUTBOX_HANDLERS = {"granite.create_tickets": "tickets.services.nowhere.NOTHING"}
    assert [problem.id for problem in checks.names_in_settings_exist(None)] == ["portal.E001"]
