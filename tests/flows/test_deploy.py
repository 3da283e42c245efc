"""Workers are told to stop amid a queue, and new ones started: nothing is lost, nothing in doubt, nothing sent twice."""

import os
import signal
from collections.abc import Callable

import psutil
import pytest
from django.conf import settings

from portal import outbox
from portal.models import Attempt, Message, VendorAccount
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast, make_people
from tests.dispatching import make_dispatch, sandbox_account, typed_row
from tests.flows.workers import NOWHERE, Worker, wait_until, working

pytestmark = pytest.mark.django_db(transaction=True)
MESSAGES = 6
LONG = 4.0  # seconds a send takes while somebody tells its worker to stop


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_people()


@pytest.fixture
def account(box: Sandbox, cast: Cast) -> VendorAccount:
    return sandbox_account(box, requests_per_minute=6000, locations_per_message=1)


def submit(cast: Cast, count: int = MESSAGES) -> None:
    make_dispatch(cast.alice, cast.east, rows=[typed_row(index) for index in range(count)])


def term(worker: Worker) -> None:
    worker.process.terminate()


def term_twice(worker: Worker) -> None:
    term(worker)
    wait_until(lambda: "Warm shutdown" in worker.log.read_text(), what="the worker has heard it")
    term(worker)


def term_the_group(worker: Worker) -> None:
    os.killpg(worker.process.pid, signal.SIGTERM)


def pids_of(worker: Worker) -> set[int]:
    process = psutil.Process(worker.process.pid)
    return {process.pid, *(child.pid for child in process.children(recursive=True))}


def states() -> set[str]:
    return set(Message.objects.values_list("state", flat=True))


def tell_to_stop_amid_a_send(worker: Worker, tell: Callable[[Worker], None]) -> int:
    """It ends by itself. Returns how many messages it began in all: each of its hands is busy with its first for long."""
    wait_until(lambda: Message.objects.filter(state="sending").exists(), what="a message is in hand")
    pids = pids_of(worker)
    tell(worker)
    wait_until(lambda: worker.process.poll() is not None, seconds=60, what="it ends by itself")
    assert worker.process.returncode == 0
    return sum(int(attempt.worker.split(":")[-2]) in pids for attempt in Attempt.objects.all())


def test_a_new_worker_takes_over_while_the_old_one_finishes(
    box: Sandbox, account: VendorAccount, cast: Cast
) -> None:
    """Without a broker: the old one's watchman had five in mind, and sends the one in hand."""
    box.fail_next("slow", seconds=LONG)
    with working(broker_url=NOWHERE) as old:
        submit(cast)
        wait_until(lambda: box.calls("create"), what="Granite has the first")
        with working(broker_url=NOWHERE):
            assert tell_to_stop_amid_a_send(old, term) == 1
            wait_until(lambda: states() == {"done"}, seconds=60, what="the new worker sends the rest")
    assert_sent_once_each(box)


@pytest.mark.parametrize("tell", [term_twice, term_the_group])
def test_processes_of_the_pool_finish_what_is_in_hand_however_they_are_told(
    box: Sandbox, account: VendorAccount, cast: Cast, tell: Callable[[Worker], None]
) -> None:
    box.fail_next("slow", times=3, seconds=LONG)  # two processes of the pool and the watchman
    with working(broker_url=settings.CELERY_BROKER_URL) as old:
        wait_until(lambda: " ready." in old.log.read_text(), what="it listens")
        submit(cast)
        finished = tell_to_stop_amid_a_send(old, tell)
        assert 1 <= finished <= 3, "a message claimed after it was told to stop"
    assert Message.objects.filter(state="done").count() == finished
    assert states() == {"done", "queued"}
    outbox.deliver_due()
    assert states() == {"done"}
    assert_sent_once_each(box)


def assert_sent_once_each(box: Sandbox) -> None:
    references = [call.parts["customer_ticket_number"] for call in box.calls("create")]
    assert len(references) == len(set(references)) == MESSAGES
    assert len(box.tickets) == MESSAGES


def test_a_worker_told_to_stop_while_the_vendor_hangs_says_so_itself_and_goes(
    box: Sandbox, account: VendorAccount, cast: Cast
) -> None:
    box.fail_next("hang", times=3)
    with working(broker_url=NOWHERE, SEND_DEADLINE_SECONDS="10") as old:
        submit(cast, 4)
        assert tell_to_stop_amid_a_send(old, term) == 1
    unknown = Message.objects.get(state="unknown")
    attempt = unknown.attempts.get()
    assert attempt.finished_at is not None, "not left to the sweeper"
    assert "within 10 s" in attempt.detail
    assert Message.objects.filter(state="queued").count() == 3
