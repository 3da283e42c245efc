"""What an answer of Granite means for the locations it was asked for, told by the sandbox over a socket."""

import hashlib

import pytest

from portal import outbox
from portal.models import VendorAccount
from portal.models.messages import State
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast, client_of
from tests.dispatching import make_dispatch, refill
from tests.tickets.scene import PDF, make_site, send, sent_dispatch, site_rows, upload
from tickets.models import Location, Ticket

pytestmark = pytest.mark.django_db
WORDS = "We do not know whether Granite created these tickets. Do not submit again."
CSV = b"rack,unit\n1,12\n"


def test_three_sites_with_two_files_become_three_tickets(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    files = [upload("plan.pdf", PDF, people.alice), upload("racks.csv", CSV, people.alice)]
    dispatch = make_dispatch(people.alice, people.east, site_rows(3), files=files)
    (message,) = send(dispatch)
    assert message.state == State.DONE
    (call,) = box.calls("create")
    sent = {(file.filename, file.sha256) for file in call.files}
    assert sent == {
        ("plan.pdf", hashlib.sha256(PDF).hexdigest()),
        ("racks.csv", hashlib.sha256(CSV).hexdigest()),
    }
    for location in dispatch.locations.all():
        truth = box.tickets[location.ticket.ticket_id]
        assert truth["account_macnum"] == location.account_macnum
        assert truth["customer_ticket_number"] == message.reference
        assert location.ticket.city == truth["city"]
        assert [file["status"] for file in location.ticket.attachments] == ["success", "success"]
        assert location.ticket.failed_attachments == []


def test_fewer_tickets_than_locations(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    box.fail_next("fewer")
    dispatch = sent_dispatch(people, 3)
    message = dispatch.locations.first().message
    assert message.state == State.UNKNOWN
    assert "2 tickets for 3 locations" in message.detail
    left = dispatch.locations.get(ticket=None)
    assert str(left) in message.detail
    page = client_of(people.alice).get(dispatch.get_absolute_url()).content.decode()
    assert WORDS in page
    assert page.count("Outcome unknown") >= 1
    assert len(box.tickets) == 3, "the third exists, though nobody told us"


def test_a_strangers_ticket_is_kept_and_shown(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    box.fail_next("more")
    dispatch = sent_dispatch(people, 2)
    message = dispatch.locations.first().message
    assert message.state == State.DONE, "every location has its ticket: nothing is in doubt"
    assert dispatch.locations.filter(ticket=None).count() == 0
    stranger = Ticket.objects.get(location=None)
    assert stranger.location_name == "Somebody else's shop"
    assert str(stranger.ticket_id) in message.detail
    page = client_of(people.alice).get(dispatch.get_absolute_url())
    assert str(stranger.ticket_id) in page.content.decode()


def test_order_does_not_matter(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    box.fail_next("reordered")
    dispatch = sent_dispatch(people, 3)
    assert dispatch.locations.first().message.state == State.DONE
    for location in dispatch.locations.all():
        assert box.tickets[location.ticket.ticket_id]["location_number"] == location.location_number


@pytest.mark.parametrize("fault", ["string_ids", "unknown_fields", "nulls"])
def test_odd_but_complete_answers_are_done(
    box: Sandbox, account: VendorAccount, people: Cast, fault: str
) -> None:
    box.fail_next(fault)
    dispatch = sent_dispatch(people, 2)
    message = dispatch.locations.first().message
    assert message.state == State.DONE
    assert {ticket.ticket_id for ticket in dispatch.tickets.all()} == set(box.tickets)
    if fault == "nulls":
        assert "did not repeat our reference" in message.detail
    if fault == "unknown_fields":
        assert dispatch.tickets.first().status_name == "Awaiting Parts Depot"
        assert dispatch.tickets.first().raw["dispatch_zone"] == "Zone 7"


def test_a_wrong_address_is_flagged_on_the_ticket(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    box.fail_next("wrong_address")
    dispatch = sent_dispatch(people, site_rows(2))
    first, second = (location.ticket for location in dispatch.locations.all())
    alice = client_of(people.alice)
    assert "possibly the wrong site" in alice.get(first.get_absolute_url()).content.decode()
    assert "possibly the wrong site" not in alice.get(second.get_absolute_url()).content.decode()


def test_a_site_of_ours_that_moved_is_flagged_too(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    from tests.dispatching import typed_row

    site = make_site(0, address_line_1="2200 Commerce Park Drive")
    dispatch = sent_dispatch(people, [typed_row(0, site=str(site.pk))])
    page = client_of(people.alice).get(dispatch.tickets.get().get_absolute_url()).content.decode()
    assert "possibly the wrong site" in page
    assert "2200 Commerce Park Drive" in page


def test_a_file_that_failed_is_told_and_the_ticket_stands(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    box.fail_next("failed_attachment")
    dispatch = sent_dispatch(people, 1, files=[upload("plan.pdf", PDF, people.alice)])
    ticket = dispatch.tickets.get()
    assert dispatch.locations.first().message.state == State.DONE
    page = client_of(people.alice).get(ticket.get_absolute_url()).content.decode()
    assert "plan.pdf" in page
    assert "Not received" in page
    assert len(box.calls("create")) == 1


def test_the_other_spelling_is_tried_once_and_remembered(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    other = "/api/v1/tickets/externalTechExpress"
    box.create_paths = {other}
    dispatch = sent_dispatch(people, 1)
    message = dispatch.locations.first().message
    assert message.state == State.DONE
    assert [attempt.path for attempt in message.attempts.order_by("number")] == [
        "/api/v1/tickets/external",
        other,
    ]
    account.refresh_from_db()
    assert account.answering_path == other
    sent_dispatch(people, 1)
    assert [call.path for call in box.calls("create")][-1] == other
    assert len(box.calls("create")) == 3


def test_neither_spelling_answers_and_people_are_asked(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    box.create_paths = set()
    dispatch = sent_dispatch(people, 1)
    message = dispatch.locations.first().message
    assert (message.state, message.held_reason, message.attempts.count()) == (State.HELD, "path", 2)
    page = client_of(people.alice).get(dispatch.get_absolute_url()).content.decode()
    assert "Both spellings were tried: Granite knows no such address (404)." in page


def test_a_ticket_we_hold_already_is_not_taken_twice(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    first = sent_dispatch(people, 1)
    held = first.tickets.get()
    second = make_dispatch(people.alice, people.east, 1)
    box.granite.book._next_id = held.ticket_id - 1  # Granite gives a number out twice
    (message,) = send(second)
    assert message.state == State.UNKNOWN
    assert f"Ticket {held.ticket_id} is held already, by {held.message.reference}" in message.detail
    assert second.tickets.count() == 0
    held.refresh_from_db()
    assert held.dispatch_id == first.pk


def test_granites_words_stand_at_the_row_they_name(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    box.fail_next("400_field", field="account_macnum", index=1, message="This account is closed.")
    dispatch = sent_dispatch(people, 2)
    assert Location.objects.filter(dispatch=dispatch, message__state=State.REJECTED).count() == 2
    page = client_of(people.alice).get(dispatch.get_absolute_url()).content.decode()
    assert "Granite account: This account is closed." in page
    assert "refused for another of its locations" in page


def test_nothing_is_sent_twice_by_running_again(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    dispatch = sent_dispatch(people, 2)
    for _ in range(3):
        refill(dispatch.account)
        outbox.deliver_due()
    assert len(box.calls("create")) == 1
