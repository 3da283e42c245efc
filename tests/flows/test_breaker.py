"""A vendor that does not answer is left alone: few technicians in doubt, and no create as a probe."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from portal import account_services, breaker, outbox
from portal.models import Attempt, AuditEntry, Breaker, Message, VendorAccount
from portal.models.messages import State
from portal.outbox import claims, flight, sending
from portal.outbox.handlers import handler_of
from portal.vendors.errors import OutcomeUnknown
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast, client_of
from tests.dispatching import make_dispatch, make_draft, refill, sandbox_account, typed_row
from tickets.models import Dispatch

pytestmark = pytest.mark.django_db


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


@pytest.fixture
def account(box: Sandbox, people: Cast) -> VendorAccount:
    account = sandbox_account(box, requests_per_minute=6000, locations_per_message=1)
    make_dispatch(people.alice, people.east, rows=[typed_row(index) for index in range(12)])
    return account


def counts() -> dict[str, int]:
    states = list(Message.objects.values_list("state", flat=True))
    return {state: states.count(state) for state in set(states)}


def let_the_stop_end() -> None:
    Breaker.objects.update(open_until=timezone.now() - timedelta(seconds=1))


def test_three_silences_in_a_row_stop_the_sending(box: Sandbox, account: VendorAccount) -> None:
    box.fail_next("lose_answer", times=50)
    assert outbox.deliver_due() == 3
    assert counts() == {"unknown": 3, "queued": 9}
    row = Breaker.objects.get()
    assert row.state == "open"
    assert 50 < (row.open_until - timezone.now()).total_seconds() <= 60
    assert AuditEntry.objects.filter(action="breaker.opened", about_id=str(account.pk)).exists()


def test_an_answer_between_two_silences_starts_the_count_anew(box: Sandbox, account: VendorAccount) -> None:
    for fault in ("lose_answer", "lose_answer", None, "lose_answer", "lose_answer"):
        if fault:
            box.fail_next(fault)
        outbox.deliver_due(limit=1)
    assert Breaker.objects.get().state == "closed"
    assert counts() == {"unknown": 4, "done": 1, "queued": 7}


def test_half_of_the_last_ten_stops_it_too(
    box: Sandbox, account: VendorAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight, "FREE_AFTER_SILENCE", timedelta(0))
    for number in range(10):
        if number % 2:
            box.fail_next("503")
        outbox.deliver_due(limit=1)
    assert Breaker.objects.get().state == "open"
    assert counts() == {"unknown": 5, "done": 5, "queued": 2}


def test_a_refusal_is_an_answer(box: Sandbox, account: VendorAccount) -> None:
    box.fail_next("400_field", times=5, field="location_name", index=0, message="No")
    outbox.deliver_due(limit=5)
    assert not Breaker.objects.exclude(state="closed").exists()


def test_the_vendor_is_asked_with_a_read_and_then_with_one_create(
    box: Sandbox, account: VendorAccount
) -> None:
    box.fail_next("lose_answer", times=3)
    outbox.deliver_due()
    assert breaker.probe_due() == 0, "not before the stop is over"
    let_the_stop_end()
    creates = len(box.calls("create"))
    assert breaker.probe_due() == 1
    assert len(box.calls("create")) == creates
    assert box.calls("search")
    assert Breaker.objects.get().state == "trial"
    assert outbox.deliver_due(limit=1) == 1
    assert Breaker.objects.get().state == "closed"
    outbox.deliver_due()
    assert counts() == {"unknown": 3, "done": 9}


def test_a_vendor_that_stays_silent_is_asked_less_and_less(box: Sandbox, account: VendorAccount) -> None:
    box.fail_next("lose_answer", times=3)
    outbox.deliver_due()
    box.down = True
    stops = []
    for _ in range(6):
        let_the_stop_end()
        assert breaker.probe_due() == 1
        stops.append(round((Breaker.objects.get().open_until - timezone.now()).total_seconds() / 60))
    assert stops == [2, 4, 8, 15, 15, 15]
    assert len(box.calls("create")) == 3
    assert counts() == {"unknown": 3, "queued": 9}


def test_on_trial_one_message_at_a_time_the_lightest_first(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    VendorAccount.objects.update(locations_per_message=10)
    account.refresh_from_db()
    Breaker.objects.create(account=account, state="trial", changed_at=timezone.now())
    first = claims.claim()
    assert first is not None
    assert first.weight == 1
    assert claims.claim() is None, "the trial is under way"
    refill(account)
    sending.deliver(first)
    assert Breaker.objects.get().state == "closed"


def test_a_trial_without_an_answer_stops_it_for_longer(box: Sandbox, account: VendorAccount) -> None:
    Breaker.objects.create(account=account, state="trial", openings=1, changed_at=timezone.now())
    box.fail_next("lose_answer")
    assert outbox.deliver_due() == 1
    row = Breaker.objects.get()
    assert (row.state, row.openings) == ("open", 2)
    assert 110 < (row.open_until - timezone.now()).total_seconds() <= 120


def test_connections_refused_count_and_put_nobody_in_doubt(box: Sandbox, account: VendorAccount) -> None:
    box.stop()
    for _ in range(4):
        Message.objects.filter(state=State.QUEUED).update(due_at=timezone.now())
        outbox.deliver_due(limit=1)
    assert Breaker.objects.get().state == "open"
    assert counts() == {"queued": 12}


def test_a_person_may_order_a_trial(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    box.fail_next("lose_answer", times=3)
    outbox.deliver_due()
    account_services.resume(account, by=people.root, reason="Granite called: they are back")
    assert Breaker.objects.get().state == "trial"
    outbox.deliver_due()
    assert counts() == {"unknown": 3, "done": 9}


def test_everybody_who_can_submit_is_told(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    box.fail_next("lose_answer", times=3)
    outbox.deliver_due()
    words = "Granite does not answer, so nothing is sent to it."
    alice = client_of(people.alice)
    dispatch = Dispatch.objects.get()
    draft = make_draft(people.alice, people.east, rows=1)
    for url in ("/", dispatch.get_absolute_url(), f"/drafts/{draft.pk}/review/"):
        assert words in alice.get(url).content.decode(), url


def test_one_silence_counts_once_whoever_settles_it(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    """A slow worker and its journal may both bring the same end of an attempt."""
    box.fail_next("lose_answer")
    make_dispatch(people.alice, people.east, 1)
    message = claims.claim()
    assert message is not None
    path = handler_of(message).path(message)
    call = handler_of(message).prepare(message, path)
    attempt = claims.begin(message, path)
    assert attempt is not None
    with pytest.raises(OutcomeUnknown) as silence:
        call(attempt)
    sending._fail(message, attempt, silence.value)
    sending._fail(message, Attempt.objects.get(), silence.value)
    assert Breaker.objects.get(account=account).failures == 1
