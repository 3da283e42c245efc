"""Tickets are read again by id until they are over, inside the budget, the most urgent first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from portal.models import DriftEntry, RateBudget, VendorAccount
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast, client_of
from tests.dispatching import refill
from tests.tickets.scene import make_due, read_again, sent_dispatch
from tickets.models import Location, Ticket
from tickets.services import following

pytestmark = pytest.mark.django_db
HOUR = 3600


@pytest.fixture
def ticket(box: Sandbox, account: VendorAccount, people: Cast) -> Ticket:
    return sent_dispatch(people, 1).tickets.get()


def test_from_the_first_status_to_the_last_with_its_history(
    box: Sandbox, ticket: Ticket, people: Cast
) -> None:
    for _ in range(5):
        box.advance(60)  # a minute of the sandbox is an hour of the technician
        assert read_again(ticket) == 1
    statuses = ticket.changes.filter(field="status_name").order_by("id").values_list("after", flat=True)
    assert list(statuses) == ["Pending Tech Assignment", "Tech Assigned", "En Route", "On Site", "Completed"]
    assert ticket.date_resolved is not None
    assert ticket.technician_name
    assert (ticket.read_by, ticket.read_problem) == ("poll", "")
    page = client_of(people.bob).get(ticket.get_absolute_url()).content.decode()
    assert f"tel:+1{ticket.technician_phone_number}" in page
    assert "On Site" in page
    assert ticket.next_read_at > timezone.now() + timedelta(hours=20)


def test_nothing_is_read_before_its_time(box: Sandbox, ticket: Ticket) -> None:
    refill(ticket.account)
    assert following.follow_due() == 0
    assert box.calls("details") == []


def test_a_ticket_that_is_gone_is_said_plainly(box: Sandbox, ticket: Ticket, people: Cast) -> None:
    box.fail_next("404", on="details")
    read_again(ticket)
    assert "no such ticket (404)" in ticket.read_problem
    page = client_of(people.alice).get(ticket.get_absolute_url()).content.decode()
    assert "no such ticket (404)" in page
    assert ticket.status_name == "Pending Tech Assignment"
    assert ticket.next_read_at > timezone.now() + timedelta(minutes=1)


@pytest.mark.parametrize("fault", ["503", "lose_answer", "truncated", "html_200", "empty_200"])
def test_a_reading_that_fails_is_repeated_and_then_forgotten(
    box: Sandbox, ticket: Ticket, fault: str
) -> None:
    box.fail_next(fault, on="details")
    read_again(ticket)
    assert ticket.read_problem
    assert ticket.next_read_at > timezone.now()
    read_again(ticket)
    assert (ticket.read_problem, ticket.read_by) == ("", "poll")


def test_a_refused_token_is_renewed_for_the_next_reading(box: Sandbox, ticket: Ticket) -> None:
    box.revoke_tokens()
    read_again(ticket)
    assert ticket.read_problem
    read_again(ticket)
    assert ticket.read_problem == ""


def test_too_many_requests_slow_the_account_down(box: Sandbox, ticket: Ticket) -> None:
    box.fail_next("429", on="details", retry_after=120)
    read_again(ticket)
    budget = RateBudget.objects.get(account=ticket.account)
    assert budget.closed_until > timezone.now() + timedelta(seconds=100)
    make_due(ticket)
    assert following.follow_due() == 0
    assert len(box.calls("details")) == 1


def test_without_budget_nothing_is_asked_and_nothing_is_lost(box: Sandbox, ticket: Ticket) -> None:
    make_due(ticket)
    ticket.refresh_from_db()
    was_due = ticket.next_read_at
    RateBudget.objects.filter(account=ticket.account).update(tokens=0, refreshed_at=timezone.now())
    assert following.follow_due() == 0
    ticket.refresh_from_db()
    assert ticket.next_read_at == was_due
    assert box.calls("details") == []


def test_a_paused_account_is_not_asked(box: Sandbox, ticket: Ticket, people: Cast) -> None:
    VendorAccount.objects.update(paused_at=timezone.now(), paused_reason="Contract talks")
    assert read_again(ticket) == 0
    answer = client_of(people.alice).post(f"{ticket.get_absolute_url()}refresh/", follow=True)
    assert "Contract talks" in answer.content.decode()


def test_the_most_urgent_is_read_first(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    far, near, wanted = (ticket for ticket in sent_dispatch(people, 3).tickets.order_by("location__position"))
    Location.objects.filter(pk=near.location_id).update(starts_at=timezone.now(), ends_at=timezone.now())
    make_due(far, near, wanted)
    Ticket.objects.filter(pk=wanted.pk).update(wanted_at=timezone.now() + timedelta(seconds=1))
    refill(account)
    following.follow_due(limit=3)
    asked = [int(call.path.rpartition("/")[2]) for call in box.calls("details")]
    assert asked == [wanted.ticket_id, near.ticket_id, far.ticket_id]


def test_odd_readings_are_listed_as_drift(box: Sandbox, ticket: Ticket) -> None:
    box.fail_next("unknown_fields", on="details")
    read_again(ticket)
    assert ticket.status_name == "Awaiting Parts Depot"
    assert DriftEntry.objects.filter(operation="ticket details", path="dispatch_zone").exists()


def test_refresh_now_asks_and_the_page_stops_waiting(box: Sandbox, ticket: Ticket, people: Cast) -> None:
    bob = client_of(people.bob)
    url = ticket.get_absolute_url()
    Ticket.objects.update(
        tried_at=timezone.now() - timedelta(minutes=5), read_at=timezone.now() - timedelta(minutes=5)
    )
    piece = bob.post(f"{url}refresh/", headers={"HX-Request": "true"}).content.decode()
    assert "Asking Granite" in piece
    assert "every 2s" in piece
    again = bob.post(f"{url}refresh/", follow=True).content.decode()
    assert "on its way already" in again
    box.set_ticket(ticket.ticket_id, status_name="En Route")
    refill(ticket.account)
    assert following.follow_due() == 1
    piece = bob.get(f"{url}status/").content.decode()
    assert "En Route" in piece
    assert "every 2s" not in piece
    assert "by poll" in piece


def test_a_fresh_ticket_is_not_asked_again_at_once(box: Sandbox, ticket: Ticket, people: Cast) -> None:
    answer = client_of(people.alice).post(f"{ticket.get_absolute_url()}refresh/", follow=True)
    assert "only seconds ago" in answer.content.decode()
    ticket.refresh_from_db()
    assert ticket.wanted_at is None


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_ask_about_one_ticket(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    VendorAccount.objects.update(requests_per_minute=6000)
    tickets = list(sent_dispatch(people, 8).tickets.all())
    make_due(*tickets)
    RateBudget.objects.update(tokens=500, refreshed_at=timezone.now())

    def work() -> int:
        try:
            return following.follow_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        counts = [future.result() for future in [pool.submit(work) for _ in range(4)]]
    assert sum(counts) == 8
    asked = [int(call.path.rpartition("/")[2]) for call in box.calls("details")]
    assert sorted(asked) == sorted(ticket.ticket_id for ticket in tickets)
