"""Eight workers on one key, some with a wrong clock, some killed and replaced: what the vendor saw of them.

It takes a little longer than the minute it is about. `FLEET_SECONDS=1800` plays it for half an hour.
"""

import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.utils import timezone

from portal import outbox
from portal.models import Message, VendorAccount, VendorToken
from portal.vendors.sandbox import Sandbox
from portal.vendors.sandbox.truth import Record
from tests.cast import Cast, make_people
from tests.dispatching import make_dispatch, sandbox_account, typed_row
from tests.flows.workers import NOWHERE, database_url, wait_until
from tests.portal.test_accounts import in_threads
from tickets.models import Ticket

SECONDS = float(os.environ.get("FLEET_SECONDS", "66"))
HOUR = 3600
SKEWS = (0, HOUR, -HOUR, 0, HOUR / 2, -HOUR / 2, 0, 0)
LIFETIME = 15  # of a token, so that 66 s show as many renewals as 22 minutes with the 300 s of a real one
BULK = 30


class FleetWorker:
    def __init__(self, skew: float) -> None:
        self.skew = skew
        environment = os.environ | {
            "DATABASE_URL": database_url(),
            "CELERY_BROKER_URL": NOWHERE,
            "DJANGO_SETTINGS_MODULE": "portal.settings",
        }
        command = [sys.executable, "-m", "tests.flows.fleet_worker", str(skew), str(300 / LIFETIME)]
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def wait_until_ready(self) -> None:
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
        if self.process.stdout:
            self.process.stdout.close()


@contextmanager
def fleet() -> Iterator[list[FleetWorker]]:
    workers: list[FleetWorker] = []
    try:
        workers += [FleetWorker(skew) for skew in SKEWS]
        for worker in workers:
            worker.wait_until_ready()
        yield workers
    finally:
        for worker in workers:
            worker.kill()


def replace_two(workers: list[FleetWorker]) -> None:
    """Two die at once and are started again; not while one of them asks for the token of all, who would wait 20 s."""
    wait_until(lambda: not VendorToken.objects.exclude(renewing_until=None).exists(), what="nobody is asking")
    dead = [workers.pop(0), workers.pop(0)]
    for worker in dead:
        worker.kill()
    workers += [FleetWorker(worker.skew) for worker in dead]


def keep_tickets_due() -> None:
    Ticket.objects.update(next_read_at=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_eight_workers_with_wrong_clocks_stay_within_one_limit_and_one_token() -> None:
    cast = make_people()
    with Sandbox() as box:
        box.token_lifetime = LIFETIME
        account = sandbox_account(box, locations_per_message=1)
        with fleet() as workers:
            make_dispatch(cast.alice, cast.east, rows=[typed_row(index) for index in range(BULK)])
            started = time.monotonic()
            single = play(box, cast, workers, until=started + SECONDS)
            ran = time.monotonic() - started
        assert_within_the_limit(box)
        assert_sent_once_each(box)
        assert_one_token_for_all(box, account, ran)
        assert_creates_before_reads(box)
        assert_the_single_one_went_first(box, single)


def play(box: Sandbox, cast: Cast, workers: list[FleetWorker], *, until: float) -> Message:
    """Amid the bulk somebody submits a single dispatch; twice, two workers die; every ticket is always to be read."""
    wait_until(lambda: has_created(box, BULK // 3), what="a third of the bulk")
    replace_two(workers)
    dispatch = make_dispatch(cast.alice, cast.east, rows=[typed_row(BULK)], po_number="single")
    wait_until(lambda: has_created(box, BULK - 4), seconds=60, what="most of the bulk")
    replace_two(workers)
    while time.monotonic() < until:
        keep_tickets_due()
        time.sleep(0.5)
    return Message.objects.get(locations__dispatch=dispatch)


def has_created(box: Sandbox, count: int) -> bool:
    keep_tickets_due()
    return len(box.calls("create")) >= count


def requests_of(box: Sandbox) -> list[Record]:
    return [call for call in box.truth if call.path.startswith("/api/")]


def assert_within_the_limit(box: Sandbox) -> None:
    assert box.most_requests_in_any_minute() <= 60
    assert box.most_requests_in_any_minute() >= 45, "a limit that lets nothing through would pass too"
    assert [call for call in requests_of(box) if call.status == 429] == []


def assert_sent_once_each(box: Sandbox) -> None:
    references = [call.parts["customer_ticket_number"] for call in box.calls("create")]
    assert len(references) == len(set(references))
    assert not Message.objects.filter(state="queued").exists()
    assert Message.objects.exclude(state="done").count() <= 4, "no more than the workers that died"


def assert_creates_before_reads(box: Sandbox) -> None:
    requests = requests_of(box)
    last = max(index for index, call in enumerate(requests) if call.operation == "create")
    while_creates_wait = [call for call in requests[:last] if call.operation != "create"]
    assert len(while_creates_wait) <= last / 2, "reads live on what is left"
    assert len(requests) - last > 5, "and have their turn when nothing waits"


def assert_the_single_one_went_first(box: Sandbox, single: Message) -> None:
    creates = box.calls("create")
    (place,) = [
        index
        for index, call in enumerate(creates)
        if call.parts["customer_ticket_number"] == single.reference
    ]
    before = [call for call in creates[:place] if call.at > single.created_at.timestamp()]
    assert len(before) <= len(SKEWS), "only what other workers had in hand already"
    assert len(creates) - place > BULK // 4, "there was a bulk to go before"


def assert_one_token_for_all(box: Sandbox, account: VendorAccount, seconds: float) -> None:
    assert [call for call in requests_of(box) if call.status == 401] == [], "sent with an expired token"
    renewed_after = LIFETIME - 60 * LIFETIME / 300
    assert 3 <= box.token_requests <= math.ceil(seconds / renewed_after)
    assert VendorToken.objects.get(account=account).version == box.token_requests


@pytest.mark.django_db(transaction=True)
def test_a_token_refused_to_eight_workers_is_renewed_once_and_each_message_sent_once_more(
    box: Sandbox,
) -> None:
    cast = make_people()
    account = sandbox_account(box, requests_per_minute=6000, locations_per_message=1)
    make_dispatch(cast.alice, cast.east, rows=[typed_row(index) for index in range(9)])
    outbox.deliver_due(limit=1)
    box.revoke_tokens()
    for _ in range(6):  # not all of the eight may send at once
        in_threads(8, lambda: outbox.deliver_due(limit=1))
    assert box.token_requests == 2
    assert VendorToken.objects.get(account=account).version == 2
    assert set(Message.objects.values_list("state", flat=True)) == {"done"}
    statuses: dict[str, list[object]] = {}
    for call in box.calls("create"):
        statuses.setdefault(call.parts["customer_ticket_number"], []).append(call.status)
    assert [401, 200] in statuses.values()
    assert all(one in ([200], [401, 200]) for one in statuses.values()), statuses
