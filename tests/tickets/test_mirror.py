"""The copy of a ticket: what comes newer wins, nothing is lost, and nothing a vendor says is an error."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.models import VendorAccount
from portal.vendors.granite.wire import TICKET_DETAILS, TicketOnWire
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast
from tests.tickets.scene import PDF, sent_dispatch, site_rows, upload
from tickets import mirror, urgency
from tickets.matching import match
from tickets.models import Location, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(box: Sandbox, account: VendorAccount, people: Cast) -> Ticket:
    files = [upload("plan.pdf", PDF, people.alice)]
    return sent_dispatch(
        people, site_rows(1), files=files, po_number="PO-778", customer_ticket_number="INC-9"
    ).tickets.get()


def read(ticket: Ticket, **told: Any) -> Ticket:
    """As if a reading, begun now, had said so."""
    on_wire = TicketOnWire.from_wire({**ticket.raw, **told}, operation=TICKET_DETAILS)
    return mirror.save_read(ticket.pk, on_wire, asked_at=mirror.database_now())


def later(ticket: Ticket, minutes: int) -> str:
    assert ticket.last_updated is not None
    return (ticket.last_updated + timedelta(minutes=minutes)).isoformat()


def test_the_first_status_is_the_beginning_of_the_history(ticket: Ticket) -> None:
    (change,) = ticket.changes.all()
    assert (change.field, change.before, change.after, change.source) == (
        "status_name",
        "",
        "Pending Tech Assignment",
        "answer",
    )


def test_changes_become_history(ticket: Ticket) -> None:
    read(
        ticket,
        status_name="Tech Assigned",
        technician_name="Elena Vasquez",
        technician_id=7,
        last_updated=later(ticket, 5),
    )
    changes = {
        change.field: (change.before, change.after, change.source) for change in ticket.changes.all()[:2]
    }
    assert changes == {
        "status_name": ("Pending Tech Assignment", "Tech Assigned", "poll"),
        "technician_name": ("", "Elena Vasquez", "poll"),
    }


def test_older_news_changes_nothing(ticket: Ticket) -> None:
    read(ticket, status_name="On Site", last_updated=later(ticket, 60))
    after = read(ticket, status_name="En Route", last_updated=later(ticket, 30))
    assert after.status_name == "On Site"
    assert ticket.changes.count() == 2


def test_a_slow_reading_does_not_undo_a_quick_one(ticket: Ticket) -> None:
    begun = mirror.database_now()
    read(ticket, status_name="On Site", last_updated=None)
    slow = TicketOnWire.from_wire({**ticket.raw, "last_updated": None}, operation=TICKET_DETAILS)
    assert mirror.save_read(ticket.pk, slow, asked_at=begun).status_name == "On Site"


def test_a_technician_may_be_taken_off_again_but_silence_wipes_nothing(ticket: Ticket) -> None:
    read(
        ticket,
        technician_name="Elena Vasquez",
        technician_phone_number="8005550142",
        last_updated=later(ticket, 1),
    )
    silent = {"status_name": "Tech Assigned", "last_updated": later(ticket, 2)}
    told = TicketOnWire.from_wire(silent, operation=TICKET_DETAILS)
    after = mirror.save_read(ticket.pk, told, asked_at=mirror.database_now())
    assert (after.technician_name, after.city) == ("Elena Vasquez", ticket.city)
    after = read(
        ticket, technician_name=None, technician_phone_number=None, city=None, last_updated=later(ticket, 3)
    )
    assert (after.technician_name, after.city) == ("", ticket.city)


def test_files_keep_their_status_and_gain_their_id(ticket: Ticket) -> None:
    after = read(ticket, attachments=[{"filename": "plan.pdf", "id": 77}], last_updated=later(ticket, 1))
    assert after.attachments == [{"filename": "plan.pdf", "status": "success", "id": 77}]
    assert read(ticket, attachments=[], last_updated=later(ticket, 2)).attachments == after.attachments


def test_what_does_not_fit_is_cut_and_kept_whole_beside(ticket: Ticket) -> None:
    endless = "Awaiting " * 100
    after = read(ticket, status_name=endless, last_updated=later(ticket, 1))
    assert after.status_name == endless[:100]
    assert after.raw["status_name"] == endless


@pytest.mark.parametrize(
    "told",
    [
        {"technician_id": "not a number", "date_resolved": "soon", "last_updated": "yesterday"},
        {"attachments": "none", "city": ["Boston"], "zip": 2210, "customer_ticket_number": ["DSP-1", "X"]},
        {"attachments": [{"name": "x"}, {"filename": None, "id": "abc"}]},
        {},
    ],
)
def test_nothing_a_vendor_says_is_an_error(ticket: Ticket, told: dict[str, Any]) -> None:
    read(ticket, **told)


def test_everything_one_may_look_for_is_in_the_search_text(ticket: Ticket) -> None:
    assert ticket.location is not None
    assert ticket.location.site is not None
    wanted = [
        str(ticket.ticket_id),
        ticket.dispatch.reference,
        ticket.message.reference,
        "PO-778",
        "INC-9",
        ticket.location.site.number,
        ticket.location.site.name.upper(),
        ticket.address_1.upper(),
        ticket.location.local_contact_number,
    ]
    assert [word for word in wanted if word not in ticket.search] == []


def test_how_soon_a_ticket_is_read_again(ticket: Ticket) -> None:
    location = ticket.location
    assert location is not None
    now = location.starts_at

    def minutes(moment: Any) -> float:
        due = urgency.next_reading(ticket, location, moment)
        assert due is not None
        return (due - moment).total_seconds() / 60

    assert minutes(now - timedelta(hours=3)) == 15
    assert minutes(now - timedelta(hours=1)) == 5
    assert minutes(location.ends_at + timedelta(hours=5)) == 5
    assert minutes(location.ends_at + timedelta(days=3)) == 60
    assert minutes(now - timedelta(days=3)) == 60
    ticket.status_name = "En Route"
    assert minutes(now - timedelta(days=3)) == 5
    ticket.date_resolved = now
    assert urgency.next_reading(ticket, location, now) == now + timedelta(hours=24)
    assert urgency.next_reading(ticket, location, now + timedelta(hours=25)) is None


def on_wire(
    ticket_id: int | None, name: str = "", number: str = "", reference: str = "DSP-000001-1"
) -> TicketOnWire:
    told = {
        "id": ticket_id,
        "location_name": name,
        "location_number": number,
        "customer_ticket_number": reference,
    }
    return TicketOnWire.from_wire(told)


def places(*names: str) -> list[Location]:
    return [
        Location(index=index, location_name=name, location_number=str(index))
        for index, name in enumerate(names)
    ]


class TestMatching:
    ref = "DSP-000001-1"

    def test_names_win_over_order(self) -> None:
        found = match(places("A", "B"), [on_wire(1, "b ", "1"), on_wire(2, "A", "0")], self.ref)
        assert [(location.location_name, ticket.id) for location, ticket in found.pairs] == [
            ("A", 2),
            ("B", 1),
        ]
        assert found.is_complete
        assert found.notes == []

    def test_order_serves_where_names_are_missing(self) -> None:
        found = match(places("A", "B"), [on_wire(1), on_wire(2)], self.ref)
        assert [ticket.id for _, ticket in found.pairs] == [1, 2]
        assert "by order alone" in found.notes[0]

    def test_order_does_not_serve_for_a_stranger(self) -> None:
        found = match(places("A", "B"), [on_wire(1, "A", "0"), on_wire(2, "Zed", "9", "")], self.ref)
        assert [str(location) for location in found.locations_left] == ["B (1)"]
        assert [ticket.id for ticket in found.tickets_left] == [2]

    def test_another_reference_is_anothers_ticket(self) -> None:
        found = match(places("A"), [on_wire(1, "A", "0", "DSP-000001-11")], self.ref)
        assert not found.pairs
        assert [ticket.id for ticket in found.tickets_left] == [1]

    def test_a_missing_reference_is_noted(self) -> None:
        found = match(places("A"), [on_wire(1, "A", "0", "")], self.ref)
        assert found.is_complete
        assert "did not repeat our reference" in found.notes[0]

    def test_one_id_twice_and_none_at_all(self) -> None:
        found = match(
            places("A", "B"), [on_wire(1, "A", "0"), on_wire(1, "B", "1"), on_wire(None, "B", "1")], self.ref
        )
        assert len(found.pairs) == 1
        assert [location.location_name for location in found.locations_left] == ["B"]
        assert len(found.notes) == 2


def test_the_next_look_after_a_problem_grows_with_the_silence(ticket: Ticket) -> None:
    now = timezone.now()
    for silence, wait in [(1, 2), (30, 30), (600, 60)]:
        ticket.read_at = now - timedelta(minutes=silence)
        assert urgency.after_problem(ticket, now) == now + timedelta(minutes=wait)
