"""The answer came and the database was away: what the vendor said is not lost, and nobody is left in doubt."""

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as live_settings
from django.db import OperationalError, connection
from django.utils import timezone

from portal import outbox
from portal.models import Message, VendorAccount
from portal.models.messages import State
from portal.outbox import journal, sending, settling
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast, make_people
from tests.dispatching import make_dispatch, sandbox_account
from tests.flows.workers import NOWHERE, database_url, wait_until, working


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


@pytest.fixture
def account(box: Sandbox, people: Cast) -> VendorAccount:
    return sandbox_account(box)


def written() -> list[Path]:
    return list(Path(live_settings.JOURNAL_ROOT).glob("*.json"))


def send_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> Message:
    def away(*args: object) -> None:
        raise OperationalError("the connection is closed")

    with monkeypatch.context() as broken:
        broken.setattr(settling, "succeed", away)
        broken.setattr(settling, "fail", away)
        with pytest.raises(OperationalError):
            outbox.deliver_due(limit=1)
    (path,) = written()
    os.utime(path, (time.time() - 60, time.time() - 60))
    message = Message.objects.get()
    assert message.state == State.SENDING
    return message


@pytest.mark.django_db
def test_an_answer_is_settled_out_of_the_journal(
    box: Sandbox, account: VendorAccount, people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_dispatch(people.alice, people.east, rows=3)
    message = send_while_the_database_is_away(monkeypatch)
    assert oct(written()[0].stat().st_mode)[-3:] == "600"
    assert outbox.settle_left() == 1
    message.refresh_from_db()
    assert message.state == State.DONE
    assert set(message.tickets.values_list("ticket_id", flat=True)) == set(box.tickets)
    assert written() == []
    assert outbox.settle_left() == 0


@pytest.mark.django_db
def test_an_answer_settles_even_what_was_given_up_meanwhile(
    box: Sandbox, account: VendorAccount, people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_dispatch(people.alice, people.east, rows=3)
    message = send_while_the_database_is_away(monkeypatch)
    Message.objects.update(send_deadline_at=timezone.now() - timedelta(seconds=1))
    assert outbox.sweep() == (0, 1)
    outbox.settle_left()
    message.refresh_from_db()
    assert message.state == State.DONE
    assert message.detail.startswith("The answer came late.")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fault", "state"),
    [("400_field", State.REJECTED), ("401", State.QUEUED), ("403", State.HELD), ("503", State.UNKNOWN)],
)
def test_a_refusal_and_a_doubt_are_journalled_as_well(
    box: Sandbox,
    account: VendorAccount,
    people: Cast,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    state: State,
) -> None:
    make_dispatch(people.alice, people.east, rows=3)
    words = {"field": "location_name", "index": 2, "message": "Too long"}
    box.fail_next(fault, **(words if fault == "400_field" else {}))
    message = send_while_the_database_is_away(monkeypatch)
    assert outbox.settle_left() == 1
    message.refresh_from_db()
    attempt = message.attempts.get()
    assert message.state == state
    assert attempt.status == int(fault[:3])
    assert attempt.problems == ([words] if fault == "400_field" else [])


@pytest.mark.django_db
def test_what_was_settled_anyway_is_only_cleared_away(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    make_dispatch(people.alice, people.east, rows=2)
    outbox.deliver_due()
    assert written() == [], "forgotten after the commit"
    attempt = Message.objects.get().attempts.get()
    journal.keep("TST-1", attempt, exchange=None)
    (path,) = written()
    os.utime(path, (time.time() - 60, time.time() - 60))
    assert outbox.settle_left() == 0
    assert written() == []


@pytest.mark.django_db
def test_a_worker_that_comes_second_to_its_own_journal_has_nothing_to_add(
    box: Sandbox, account: VendorAccount, people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held up for seconds after it wrote the answer down: by then the message is back in the queue."""
    make_dispatch(people.alice, people.east, rows=2)
    box.fail_next("401")
    fail = settling.fail

    def held_up(*ending: Any) -> None:
        monkeypatch.setattr(settling, "fail", fail)
        (path,) = written()
        os.utime(path, (time.time() - 60, time.time() - 60))
        assert outbox.settle_left() == 1
        fail(*ending)

    monkeypatch.setattr(settling, "fail", held_up)
    outbox.deliver_due(limit=1)
    message = Message.objects.get()
    assert (message.state, message.attempts.get().reason) == (State.QUEUED, "credential")
    outbox.deliver_due(limit=1)
    message.refresh_from_db()
    assert message.state == State.DONE


@pytest.mark.django_db
def test_a_stranger_and_a_broken_page_stay_and_harm_nobody(
    box: Sandbox, account: VendorAccount, people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_dispatch(people.alice, people.east, rows=2)
    send_while_the_database_is_away(monkeypatch)
    (path,) = written()
    for name, text in (
        ("00-broken.json", "{"),
        ("01-strange.json", path.read_text().replace('"correlation_id": "', '"correlation_id": "00000000-0000-4000-8000-000000000000", "was": "')),
    ):  # fmt: skip
        stray = path.with_name(name)
        stray.write_text(text)
        os.utime(stray, (time.time() - 60, time.time() - 60))
    assert outbox.settle_left() == 1
    assert sorted(one.name for one in written()) == ["00-broken.json", "01-strange.json"]


@pytest.mark.django_db
def test_a_disk_that_refuses_an_answer_does_not_stop_the_settling(
    box: Sandbox, account: VendorAccount, people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(journal, "_write", refuse)
    make_dispatch(people.alice, people.east, rows=2)
    sending.deliver_due()
    assert Message.objects.get().state == State.DONE


@pytest.mark.django_db
def test_nothing_leaves_that_the_disk_cannot_take_down(
    box: Sandbox, account: VendorAccount, people: Cast, settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "a-file").write_text("")
    settings.JOURNAL_ROOT = tmp_path / "a-file" / "journal"
    make_dispatch(people.alice, people.east, rows=2)
    sending.deliver_due()
    message = Message.objects.get()
    assert (message.state, message.failures) == (State.QUEUED, 1)
    assert "cannot write its log" in message.detail
    assert box.calls("create") == []


@pytest.mark.django_db(transaction=True)
def test_a_worker_survives_its_database_going_away_under_an_answer(box: Sandbox) -> None:
    """A real worker, real connections cut while Granite answers, and the door shut until the answer is there."""
    cast = make_people()
    sandbox_account(box)
    box.fail_next("slow", seconds=3)
    make_dispatch(cast.alice, cast.east, rows=2)
    name = connection.settings_dict["NAME"]
    door = psycopg.connect(database_url(), dbname="postgres", autocommit=True)
    with working(broker_url=NOWHERE):
        # Not merely marked: a connection cut while it commits the mark leaves a message that was never sent.
        wait_until(lambda: box.tickets, what="Granite has it")
        door.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
        try:
            door.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            wait_until(written, what="the answer is in the journal")
            time.sleep(3)
            assert written(), "the door is shut: nothing can have settled it"
        finally:
            door.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')
            door.close()
        connection.close()
        wait_until(lambda: Message.objects.get().state == State.DONE, what="settled out of the journal")
    assert len(box.calls("create")) == 1
    assert written() == []
