"""What each answer of the vendor leads to: outbound.md's table, over a real socket, checked against what truly happened."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from portal import outbox
from portal.models import Attempt, Message, RateBudget, VendorAccount
from portal.models.messages import State
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast
from tests.dispatching import make_dispatch, refill, sandbox_account
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def running_box() -> Iterator[Sandbox]:
    with Sandbox() as box:
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


@pytest.mark.parametrize(
    "fault",
    [
        "408",
        "409",
        "500",
        "502_html",
        "503",
        "lose_answer",
        "reset_before",
        "truncated",
        "empty_200",
        "html_200",
    ],
)
def test_a_doubtful_answer_is_unknown_and_never_sent_again(
    box: Sandbox, message: Message, fault: str
) -> None:
    box.fail_next(fault)
    attempt = send_once(message)
    assert (message.state, attempt.outcome) == (State.UNKNOWN, "unknown")
    assert attempt.finished_at is not None
    refill(message.account)
    for _ in range(3):
        outbox.sweep()
        assert outbox.deliver_due() == 0
    assert len(box.calls("create")) == 1, "a second request would send a second technician"


@pytest.mark.parametrize("fault", ["lose_answer", "truncated", "empty_200", "html_200"])
def test_the_sandbox_tells_the_truth_about_lost_answers(box: Sandbox, message: Message, fault: str) -> None:
    """The tickets do exist: exactly why nobody may send again."""
    box.fail_next(fault)
    send_once(message)
    assert len(box.tickets) == 3
    assert Ticket.objects.count() == 0


@pytest.mark.parametrize("fault", ["fewer", "more"])
def test_other_counts_are_done_in_part_and_for_a_person(box: Sandbox, message: Message, fault: str) -> None:
    box.fail_next(fault)
    send_once(message)
    assert message.state == State.UNKNOWN
    matched = message.tickets.filter(location__isnull=False).count()
    assert matched == (2 if fault == "fewer" else 3)
    assert "Granite answered with" in message.detail


@pytest.mark.parametrize("fault", ["reordered", "string_ids", "unknown_fields", "nulls", "wrong_address"])
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


@pytest.mark.parametrize("fault", ["400_field", "413", "422"])
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


def test_a_dripping_answer_ends_at_our_own_deadline(
    box: Sandbox, message: Message, settings: pytest.FixtureRequest
) -> None:
    settings.SEND_DEADLINE_SECONDS = 2  # type: ignore[attr-defined]
    box.fail_next("drip")
    attempt = send_once(message)
    assert message.state == State.UNKNOWN
    assert attempt.elapsed_ms is not None
    assert attempt.elapsed_ms < 6000


def test_a_slow_answer_is_waited_for(box: Sandbox, message: Message) -> None:
    box.fail_next("slow", seconds=1.5)
    send_once(message)
    assert message.state == State.DONE
