"""Promises kept by real worker processes: without a broker, side by side, and when they are killed."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from portal import outbox
from portal.models import Message, VendorAccount
from portal.models.messages import State
from portal.outbox import claims, settling
from portal.outbox.handlers import handler_of
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast, make_people
from tests.dispatching import make_dispatch, sandbox_account, typed_row
from tests.flows.workers import NOWHERE, wait_until, working

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_people()


@pytest.fixture
def account(box: Sandbox, cast: Cast) -> VendorAccount:
    return sandbox_account(box, requests_per_minute=6000)


def states() -> list[str]:
    return list(Message.objects.order_by("id").values_list("state", flat=True))


def test_without_a_broker_the_workers_watchman_sends(
    box: Sandbox, account: VendorAccount, cast: Cast
) -> None:
    with working(broker_url=NOWHERE):
        make_dispatch(cast.alice, cast.east, rows=2)
        wait_until(lambda: states() == ["done"], what="sent without a broker")
    assert len(box.calls("create")) == 1


def test_with_a_broker_a_celery_task_makes_the_call(box: Sandbox, account: VendorAccount, cast: Cast) -> None:
    with working(broker_url=settings.CELERY_BROKER_URL) as worker:
        wait_until(lambda: " ready." in worker.log.read_text(), what="the worker listens")
        make_dispatch(cast.alice, cast.east, rows=2)
        wait_until(lambda: states() == ["done"], what="sent by the nudge")
        wait_until(lambda: "Task portal.tasks.deliver_due" in worker.log.read_text(), what="the log says so")


def test_a_worker_killed_while_sending_leaves_an_unknown_and_no_second_request(
    box: Sandbox, account: VendorAccount, cast: Cast
) -> None:
    box.fail_next("slow", seconds=20)
    make_dispatch(cast.alice, cast.east, rows=2)
    with working(broker_url=NOWHERE) as worker:
        wait_until(lambda: box.calls("create") or states() == ["sending"], what="under way")
        wait_until(lambda: states() == ["sending"], what="marked as being sent before the first byte")
        worker.kill()
    message = Message.objects.get()
    assert message.state == State.SENDING
    with working(broker_url=NOWHERE):
        Message.objects.update(send_deadline_at=timezone.now() - timedelta(seconds=1))
        wait_until(lambda: states() == ["unknown"], what="swept")
        make_dispatch(cast.alice, cast.east, rows=[typed_row(5)])
        wait_until(
            lambda: states() == ["unknown", "done"], what="the next one goes out, the unknown one does not"
        )
    sent = [dict(call.parts)["customer_ticket_number"] for call in box.calls("create") if call.parts]
    assert sent.count(message.reference) <= 1


def test_a_claim_of_a_dead_worker_goes_back_and_is_sent_once(
    box: Sandbox, account: VendorAccount, cast: Cast
) -> None:
    make_dispatch(cast.alice, cast.east, rows=2)
    claimed = claims.claim()
    assert claimed is not None
    assert outbox.sweep() == (0, 0), "a living claim is left alone"
    Message.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert outbox.sweep() == (1, 0)
    assert claims.begin(claimed, "/late") is None, "its holder may wake up, and may send nothing"
    assert outbox.deliver_due() == 1
    assert states() == ["done"]
    assert len(box.calls("create")) == 1


def test_a_late_answer_settles_what_was_given_up(box: Sandbox, account: VendorAccount, cast: Cast) -> None:
    """The sweeper was too quick; the worker comes back with the tickets."""
    make_dispatch(cast.alice, cast.east, rows=2)
    message = claims.claim()
    assert message is not None
    attempt = claims.begin(message, "/api/v1/tickets/external")
    assert attempt is not None
    answer = handler_of(message).prepare(message, attempt.path)(attempt)
    Message.objects.update(send_deadline_at=timezone.now() - timedelta(seconds=1))
    assert outbox.sweep() == (0, 1)
    settling.succeed(message, attempt, answer)
    message.refresh_from_db()
    assert message.state == State.DONE
    assert message.detail.startswith("The answer came late.")
    assert message.tickets.count() == 2


def test_two_workers_send_every_message_once(box: Sandbox, account: VendorAccount, cast: Cast) -> None:
    account.locations_per_message = 1
    account.save()
    rows = [typed_row(index) for index in range(30)]
    make_dispatch(cast.alice, cast.east, rows=rows)
    with working(broker_url=NOWHERE), working(broker_url=NOWHERE):
        wait_until(lambda: set(states()) == {"done"}, seconds=60, what="all thirty sent")
    references = [dict(call.parts)["customer_ticket_number"] for call in box.calls("create")]
    assert len(references) == len(set(references)) == 30
    assert len(box.tickets) == 30
