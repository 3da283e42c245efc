"""A worker dies between every two steps of a send, and of the tidying up after one: what stands then, and what comes of it.

Whatever happens, a message is carried out at most once, what may have been sent is never sent again, what was not sent
is sent, and the message behind it goes out. `test_crash_completeness` fails when a step is added without a crash point.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from portal import accounts, watchman
from portal.models import Message
from portal.models.messages import State
from tests.flows.crash_points import ANSWERED, REFUSED, TIDYING, Point
from tests.flows.crash_scene import FOUND, WEIGHT, Scene, ago
from tests.flows.workers import NOWHERE, database_url, wait_until


def run_until_it_dies(point: str) -> None:
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "CELERY_BROKER_URL": NOWHERE,
    }
    command = [sys.executable, "-m", "tests.flows.crashing", point]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == -9, f"{point}: it was never reached\n{ended.stderr[-3000:]}"
    wait_until(is_alone, what="the database has noticed that the worker is gone")


def is_alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        return bool(cursor.fetchone()[0] == 0)


def check(scene: Scene, point: Point) -> None:
    """What stands after the crash, and what other workers make of it, however often they look."""
    wait_until(lambda: scene.carried_out(scene.message) >= point.carried_out, what="the vendor has read it")
    assert scene.state(scene.message) == point.left
    assert scene.carried_out(scene.message) == point.carried_out
    sent_before = len(scene.requests_for(scene.message))
    for _ in range(3):
        scene.let_time_pass()
        watchman.look_once()
    assert scene.state(scene.message) == point.ends
    assert scene.message.attempts.count() == point.attempts
    assert scene.carried_out(scene.message) == (1 if point.ends == "done" else point.carried_out)
    if point.carried_out or point.ends == "unknown":
        assert len(scene.requests_for(scene.message)) == sent_before, (
            "sent again although it may have been sent"
        )
    assert scene.state(scene.behind) == "done", "one that died keeps nobody from sending the next"
    assert_ours_is_theirs(scene)


def assert_ours_is_theirs(scene: Scene) -> None:
    for message in (scene.message, scene.behind):
        theirs = {number for call in scene.requests_for(message) for number in call.ticket_ids}
        ours = set(message.tickets.values_list("ticket_id", flat=True))
        assert ours == (theirs if message.state == State.DONE else set())
        assert len(theirs) <= WEIGHT
    assert list(Path(settings.JOURNAL_ROOT).glob("*.json")) == []


@pytest.mark.parametrize("point", ANSWERED, ids=lambda point: point.where)
def test_death_on_the_way_to_an_answer_and_after_it(scene: Scene, point: Point) -> None:
    run_until_it_dies(point.where)
    check(scene, point)


@pytest.mark.parametrize(("fault", "point"), REFUSED, ids=lambda one: getattr(one, "where", one))
def test_death_after_a_refusal_or_a_silence(scene: Scene, fault: str, point: Point) -> None:
    if fault == "refused":
        accounts.token_source(scene.account).get()
        scene.box.stop()
    else:
        name, _, operation = fault.partition(" ")
        scene.box.fail_next(name, on=operation or "create")
    run_until_it_dies(point.where)
    scene.box.start()
    scene.box.clear_faults()
    if point.ends == "held":
        scene.let_time_pass()
    check(scene, point)


@pytest.mark.parametrize(("found", "point"), TIDYING, ids=lambda one: getattr(one, "where", one))
def test_death_while_tidying_up_after_another(scene: Scene, found: str, point: Point) -> None:
    FOUND[found](scene)
    scene.let_time_pass()
    # The first one's own message is the one to look at, before the one behind it.
    Message.objects.filter(pk=scene.message.pk, state=State.QUEUED).update(due_at=ago(3600))
    run_until_it_dies(point.where)
    check(scene, point)
