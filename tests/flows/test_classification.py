"""What each answer of the vendor leads to: outbound.md's table, over a real socket, checked against what truly happened."""

import tracemalloc
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from portal import outbox
from portal.models import Attempt, Breaker, Message, RateBudget, VendorAccount
from portal.models.messages import State
from portal.outbox import flight
from portal.outbox.settling import LONGEST_BODY
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast
from tests.dispatching import make_dispatch, refill, sandbox_account
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def running_box() -> Iterator[Sandbox]:
    with Sandbox(seed=3) as box:
        yield box


@pytest.fixture
def box(running_box: Sandbox) -> Sandbox:
    running_box.reset()
    return running_box


@pytest.fixture
def account(box: Sandbox, people: Cast) -> VendorAccount:
    return sandbox_account(box)


@pytest.fixture
def message(account: VendorAccount, people: Cast) -> Message:
    dispatch = make_dispatch(people.alice, people.east, rows=3)
    return Message.objects.get(locations__dispatch=dispatch, locations__position=0)


def send_once(message: Message) -> Attempt:
    assert outbox.deliver_due(limit=1) == 1
    message.refresh_from_db()
    attempt = message.last_attempt
    assert attempt is not None
    return attempt


def test_as_many_tickets_as_locations_is_done(box: Sandbox, message: Message) -> None:
    attempt = send_once(message)
    assert (message.state, attempt.outcome, attempt.status) == (State.DONE, "done", 200)
    assert set(message.tickets.values_list("ticket_id", flat=True)) == set(box.tickets)
    assert all(ticket.location is not None for ticket in message.tickets.all())


def test_what_left_is_what_was_frozen(box: Sandbox, message: Message) -> None:
    send_once(message)
    (call,) = box.calls("create")
    sent = dict(call.parts)
    assert sent == dict(message.payload["fields"])
    assert sent["customer_ticket_number"] == message.reference
    assert outbox.payload_hash(message.payload) == message.payload_hash


# None of these leaves us a ticket. The number says how many exist all the same: exactly why nobody may send again,
# and why nobody may say that it failed.
DOUBTFUL = {
    **dict.fromkeys(["408", "409", "425", "500", "502_html", "503"], 0),
    **dict.fromkeys(["reset_in_upload", "reset_before", "close_before", "hang_before", "cut_refusal"], 0),
    **dict.fromkeys(["500_after", "502_after", "503_after"], 3),
    **dict.fromkeys(["lose_answer", "close_after", "hang", "drip", "reset_in_answer"], 3),
    **dict.fromkeys(["cut_status_line", "cut_headers", "empty_200", "html_200", "no_ids"], 3),
    **dict.fromkeys(["truncated", "truncated_chunked", "truncated_no_length", "truncated_gzip"], 3),
    **dict.fromkeys(["huge", "gzip_bomb", "deep"], 3),
}
ENDLESS = ("hang_before", "hang", "drip")


def assert_never_sent_again(box: Sandbox, message: Message) -> None:
    for _ in range(3):
        refill(message.account)
        outbox.sweep()
        assert outbox.deliver_due() == 0
    message.refresh_from_db()
    assert message.state == State.UNKNOWN
    assert len(box.calls("create")) == 1, "a second request would send a second technician"


@pytest.mark.parametrize("fault", DOUBTFUL)
def test_a_doubtful_answer_is_unknown_and_never_sent_again(
    box: Sandbox, message: Message, settings: pytest.FixtureRequest, fault: str
) -> None:
    if fault in ENDLESS:
        settings.SEND_DEADLINE_SECONDS = 1  # type: ignore[attr-defined]
    box.fail_next(fault)
    attempt = send_once(message)
    assert (message.state, attempt.outcome) == (State.UNKNOWN, "unknown")
    assert attempt.finished_at is not None
    assert (attempt.elapsed_ms or 0) < 3000, "our own deadline ends what is endless"
    assert box.faults == []
    assert (len(box.tickets), Ticket.objects.count()) == (DOUBTFUL[fault], 0)
    assert_never_sent_again(box, message)


@pytest.mark.parametrize("fault", ["huge", "gzip_bomb", "deep"])
def test_a_monstrous_answer_is_never_held_whole(box: Sandbox, message: Message, fault: str) -> None:
    box.fail_next(fault)
    tracemalloc.start()
    try:
        attempt = send_once(message)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert message.state == State.UNKNOWN
    assert most < 40 * MIB, "the answer has 50 MB, or 256 once unpacked; we read 5 of them"
    assert len(attempt.response_body) <= LONGEST_BODY + 100
    assert len(box.tickets) == 3


@pytest.mark.parametrize("fault", ["fewer", "more"])
def test_other_counts_are_done_in_part_and_for_a_person(box: Sandbox, message: Message, fault: str) -> None:
    box.fail_next(fault)
    send_once(message)
    # With a ticket for every location nothing is in doubt; the one too many is raised on its own.
    assert message.state == (State.UNKNOWN if fault == "fewer" else State.DONE)
    matched = message.tickets.filter(location__isnull=False).count()
    assert matched == (2 if fault == "fewer" else 3)
    assert "Granite answered with" in message.detail


def test_one_id_for_all_is_one_ticket_and_for_a_person(box: Sandbox, message: Message) -> None:
    box.fail_next("repeated_ids")
    send_once(message)
    assert message.state == State.UNKNOWN
    (ticket,) = Ticket.objects.all()
    assert ticket.ticket_id in box.tickets
    assert len(box.tickets) == 3
    assert_never_sent_again(box, message)


def test_ids_of_another_dispatch_stay_with_it(box: Sandbox, message: Message, people: Cast) -> None:
    send_once(message)
    held = dict(Ticket.objects.values_list("ticket_id", "message_id"))
    later = make_dispatch(people.alice, people.east, rows=3, po_number="second")
    second = Message.objects.get(locations__dispatch=later, locations__position=0)
    refill(message.account)
    box.fail_next("other_ids")
    send_once(second)
    assert second.state == State.UNKNOWN
    assert message.reference in second.detail
    assert dict(Ticket.objects.values_list("ticket_id", "message_id")) == held
    assert len(box.tickets) == 6


ODD_BUT_WHOLE = ("reordered", "string_ids", "unknown_fields", "nulls", "wrong_address")


@pytest.mark.parametrize("fault", [*ODD_BUT_WHOLE, "chunked", "no_length", "gzip"])
def test_an_odd_but_whole_answer_is_done(box: Sandbox, message: Message, fault: str) -> None:
    box.fail_next(fault)
    send_once(message)
    assert message.state == State.DONE
    for ticket in message.tickets.select_related("location"):
        assert ticket.location is not None
        assert box.tickets[ticket.ticket_id]["location_name"] == ticket.location.location_name


def test_a_failed_attachment_leaves_the_ticket_made(box: Sandbox, message: Message) -> None:
    box.fail_next("failed_attachment")
    send_once(message)
    assert message.state == State.DONE


@pytest.mark.parametrize("fault", ["400_field", "413", "414", "415", "422"])
def test_a_refusal_is_final_and_in_the_vendors_words(box: Sandbox, message: Message, fault: str) -> None:
    words = {"field": "local_contact_number", "index": 1, "message": "Not a phone number"}
    box.fail_next(fault, **(words if fault == "400_field" else {}))
    attempt = send_once(message)
    assert (message.state, attempt.outcome) == (State.REJECTED, "rejected")
    assert outbox.deliver_due() == 0
    if fault == "400_field":
        assert attempt.problems == [words]


def test_a_token_refused_once_is_renewed_and_used(box: Sandbox, message: Message) -> None:
    box.fail_next("401")
    attempt = send_once(message)
    assert (message.state, attempt.outcome, attempt.reason) == (State.QUEUED, "not executed", "credential")
    send_once(message)
    assert message.state == State.DONE
    assert box.token_requests == 2


def test_a_token_refused_twice_holds(box: Sandbox, message: Message) -> None:
    box.fail_next("401", times=2)
    send_once(message)
    send_once(message)
    assert (message.state, message.held_reason) == (State.HELD, "credential")


def test_a_wrong_secret_is_found_before_anything_is_sent(box: Sandbox, message: Message) -> None:
    box.fail_next("401", times=5, on="token")
    outbox.deliver_due(limit=1)
    message.refresh_from_db()
    assert (message.state, message.held_reason) == (State.HELD, "credential")
    assert message.attempts.count() == 0
    assert box.calls("create") == []


@pytest.mark.parametrize(("fault", "reason"), [("403", "permission"), ("redirect", "redirect")])
def test_what_a_person_must_mend_is_held(box: Sandbox, message: Message, fault: str, reason: str) -> None:
    box.fail_next(fault)
    send_once(message)
    assert (message.state, message.held_reason) == (State.HELD, reason)
    assert len(box.calls("create")) == 1, "a redirect is not followed"
    assert box.tickets == {}


@pytest.mark.parametrize("fault", ["404", "405"])
def test_the_other_spelling_of_the_path_is_tried_once(box: Sandbox, message: Message, fault: str) -> None:
    box.fail_next(fault)
    assert send_once(message).reason == "path"
    send_once(message)
    assert message.state == State.DONE
    assert [call.path for call in box.calls("create")] == [
        "/api/v1/tickets/external",
        "/api/v1/tickets/externalTechExpress",
    ]
    message.account.refresh_from_db()
    assert message.account.answering_path == "/api/v1/tickets/externalTechExpress"


def test_no_spelling_of_the_path_holds(box: Sandbox, message: Message) -> None:
    box.fail_next("404", times=2)
    send_once(message)
    send_once(message)
    assert (message.state, message.held_reason) == (State.HELD, "path")


def test_a_429_waits_as_long_as_the_vendor_says_and_slows_down(box: Sandbox, message: Message) -> None:
    box.fail_next("429", retry_after=40)
    attempt = send_once(message)
    assert (message.state, attempt.reason) == (State.QUEUED, "throttled")
    assert 30 < (message.due_at - timezone.now()).total_seconds() <= 40
    budget = RateBudget.objects.get(account=message.account)
    assert budget.tokens == 0
    assert budget.shrunk_until is not None
    assert budget.closed_until is not None
    assert outbox.deliver_due() == 0


def test_a_refused_connection_sends_nothing_and_tries_later(box: Sandbox, message: Message) -> None:
    with Sandbox() as gone:
        VendorAccount.objects.filter(pk=message.account_id).update(api_url=gone.url)
    attempt = send_once(message)
    assert (message.state, attempt.outcome, message.failures) == (State.QUEUED, "not sent", 1)
    assert message.due_at > timezone.now()
    VendorAccount.objects.filter(pk=message.account_id).update(api_url=box.url)
    Message.objects.filter(pk=message.pk).update(due_at=timezone.now())
    send_once(message)
    assert message.state == State.DONE
    assert len(box.tickets) == 3


def test_a_slow_answer_is_waited_for(box: Sandbox, message: Message) -> None:
    box.fail_next("slow", seconds=1.5)
    send_once(message)
    assert message.state == State.DONE


def test_by_chance_no_message_is_ever_carried_out_twice(
    box: Sandbox, account: VendorAccount, people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Misfortunes at random over many sends: what was in doubt once is left alone, the rest exists once."""
    monkeypatch.setattr(flight, "FREE_AFTER_SILENCE", timedelta(0))
    for fault in ("lose_answer", "close_before", "500_after", "truncated_chunked", "cut_status_line"):
        box.fail_next(fault, chance=0.12)
    for fault in ("429", "401", "404"):
        box.fail_next(fault, chance=0.15)
    for number in range(12):
        make_dispatch(people.alice, people.east, rows=1, po_number=f"PO-{number}")
    for _ in range(40):
        refill(account)
        Breaker.objects.update(state=Breaker.State.CLOSED, failures=0, changed_at=timezone.now())
        Message.objects.filter(state=State.QUEUED).update(due_at=timezone.now())
        outbox.deliver_due(limit=1)
    assert not Message.objects.filter(state=State.QUEUED).exists()
    for message in Message.objects.all():
        calls = [
            call for call in box.calls("create") if call.parts["customer_ticket_number"] == message.reference
        ]
        made = [number for call in calls for number in call.ticket_ids]
        assert len(made) <= 1, f"{message.reference} was carried out twice"
        held = list(message.tickets.values_list("ticket_id", flat=True))
        assert held == (made if message.state == State.DONE else [])
        assert bool(made) <= (message.state in (State.DONE, State.UNKNOWN))
        assert all(call.status in (429, 401, 404) for call in calls[:-1]), "sent again after a doubt"
    states = set(Message.objects.values_list("state", flat=True))
    assert {State.DONE, State.UNKNOWN} <= states
    assert len({call.fault for call in box.calls("create")}) >= 6
