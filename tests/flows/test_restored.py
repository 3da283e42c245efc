"""A backup taken anywhere, and restored anywhere later: nothing leaves until a person allows it, and nothing twice."""

import os
from collections import Counter
from datetime import timedelta

import hypothesis
import pytest
from django.db import transaction
from hypothesis import strategies as st

from portal import arming, outbox
from portal.models import Breaker, ForgottenSend, Message, VendorAccount
from portal.models.messages import HeldReason, State
from portal.outbox import flight, forgotten
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast
from tests.dispatching import make_dispatch, refill, sandbox_account
from tests.flows.machine.laws import NOTHING_DONE
from tests.portal.outbox_parts import settle_constraints
from tests.sending import allow_sending
from tickets.models import Draft
from tickets.services import numbers

pytestmark = pytest.mark.django_db
PER_MINUTE = 6000

# What happens: "" submits, anything else sends the next message, to a vendor that answers so.
HONEST = "honest"
steps = st.lists(
    st.sampled_from(["", "", HONEST, HONEST, "lose_answer", "reset_before", "400_field", "401"]), max_size=8
)


@pytest.fixture
def account(box: Sandbox, people: Cast, monkeypatch: pytest.MonkeyPatch) -> VendorAccount:
    monkeypatch.setattr(flight, "FREE_AFTER_SILENCE", timedelta(0))
    return sandbox_account(box, locations_per_message=1, requests_per_minute=PER_MINUTE)


def play(happens: list[str], box: Sandbox, account: VendorAccount, people: Cast) -> None:
    for step in happens:
        if not step:
            make_dispatch(people.alice, people.east, 1)
            continue
        if step != HONEST:
            box.fail_next(step)
        deliver(account, limit=1)
        box.clear_faults()


def deliver(account: VendorAccount, limit: int) -> int:
    refill(account)
    sent = outbox.deliver_due(limit=limit)
    settle_constraints()
    return sent


def carried_out(box: Sandbox) -> Counter[str]:
    """How often the vendor may have done what a reference asked for."""
    return Counter(
        call.parts["customer_ticket_number"]
        for call in box.calls("create")
        if call.parts and call.status not in {*NOTHING_DONE, 400}
    )


@hypothesis.settings(
    max_examples=int(os.environ.get("MACHINE_EXAMPLES") or 15),
    derandomize=True,
    deadline=None,
    database=None,
    phases=[hypothesis.Phase.generate],  # an example is short enough to be read as it is
    suppress_health_check=list(hypothesis.HealthCheck),
)
@hypothesis.given(before=steps, since=steps, afterwards=st.integers(0, 2))
def test_what_was_sent_after_the_backup_is_not_sent_again(
    box: Sandbox, account: VendorAccount, people: Cast, before: list[str], since: list[str], afterwards: int
) -> None:
    example = transaction.atomic()
    example._from_testcase = True  # what must not run inside a transaction takes this one for none
    with example:
        box.reset()
        box.limit = 100_000
        allow_sending()
        make_dispatch(people.alice, people.east, 1)
        play(before, box, account, people)
        backup = transaction.savepoint()
        known = set(Message.objects.values_list("reference", flat=True))
        asked = len(box.calls("create"))
        play(since, box, account, people)
        asked_since = len(box.calls("create")) - asked
        settle_constraints()
        transaction.savepoint_rollback(backup)

        calls = len(box.truth)
        if asked_since:
            assert deliver(account, limit=5) == 0
            assert len(box.truth) == calls, "nothing leaves, not even a question"
            arming.notice_setback()
            forgotten.report()
            assert arming.why_not()
            arming.arm(by=people.root, reason="the old one is gone for good")
        for _ in range(afterwards):
            make_dispatch(people.alice, people.east, 1)
        for _ in range(12):
            Message.objects.filter(state=State.QUEUED).update(due_at="2020-01-01T00:00:00Z", failures=0)
            Breaker.objects.filter(account=account).delete()  # what the lost answers stopped
            if not deliver(account, limit=5):
                break

        assert {reference: times for reference, times in carried_out(box).items() if times > 1} == {}
        for message in Message.objects.all():
            if message.state == State.HELD and message.held_reason == HeldReason.SENT_BEFORE:
                assert ForgottenSend.objects.filter(reference=message.reference).exists()
            else:
                at_rest = (State.DONE, State.REJECTED, State.UNKNOWN, State.HELD)
                assert message.state in at_rest, message.state
        lost = set(carried_out(box)) - known - set(Message.objects.values_list("reference", flat=True))
        assert lost <= set(ForgottenSend.objects.values_list("reference", flat=True)), (
            "what it forgot is listed"
        )
        transaction.set_rollback(True)


def test_no_new_dispatch_takes_the_number_of_a_forgotten_one(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    """A dump sets the sequences back as well."""
    forgotten_one = make_dispatch(people.alice, people.east, 1)
    ForgottenSend.objects.create(
        correlation_id="0f8fad5b-d9cb-469f-a165-70867728950e",
        reference=f"DSP-{forgotten_one.pk + 5:06d}-1",
        payload_hash="0" * 64,
        sent_at="2026-01-01T00:00:00Z",
        machine="w1",
    )
    numbers.skip_forgotten()
    assert Draft.objects.create(
        team=people.east, account=account, created_by=people.alice, saved_by=people.alice
    ).pk > (forgotten_one.pk + 5)


def test_a_new_dispatch_that_took_the_number_all_the_same_is_held(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    dispatch = make_dispatch(people.alice, people.east, 1)
    ForgottenSend.objects.create(
        correlation_id="0f8fad5b-d9cb-469f-a165-70867728950e",
        reference=f"{dispatch.reference}-1",
        payload_hash="0" * 64,
        sent_at="2026-01-01T00:00:00Z",
        machine="w1",
    )
    deliver(account, limit=1)
    message = Message.objects.get()
    assert (message.state, message.held_reason) == (State.HELD, HeldReason.SENT_BEFORE)
    assert box.calls("create") == []
