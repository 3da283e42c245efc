"""A draft whose rows say things for themselves: judged, planned, shown and sent as what they say."""

import json

import pytest
from django.test import Client

from portal import outbox
from portal.models import Message, VendorAccount
from portal.models.messages import State
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast, client_of
from tests.dispatching import make_draft, refill, typed_row
from tests.tickets.scene import PDF, upload
from tests.tickets.test_correcting import end_as
from tickets.forms.checking import Checked
from tickets.models import Draft, Location
from tickets.services import submitting

pytestmark = pytest.mark.django_db


def make_sheet(people: Cast, *rows: dict[str, str], **what: str) -> Draft:
    draft = make_draft(people.alice, people.east, list(rows), **what)
    draft.is_sheet = True
    draft.save()
    return draft


def problems(draft: Draft, people: Cast) -> list[tuple[str, str, str]]:
    return [(found.step, found.label, found.message) for found in Checked(draft, people.alice).problems()]


@pytest.fixture
def alice(people: Cast) -> Client:
    return client_of(people.alice)


def test_rows_that_differ_are_sent_in_messages_of_their_own(
    box: Sandbox, account: VendorAccount, people: Cast, alice: Client
) -> None:
    draft = make_sheet(
        people,
        typed_row(0),
        typed_row(1, service_type="Site Audit", po_number="PO 77"),
        typed_row(2, service_type="Smart Hands"),  # as in What
        typed_row(3, po_number="PO 77", service_type="Site Audit"),
    )
    page = alice.get(f"/drafts/{draft.pk}/review/").content.decode()
    assert "4 locations → 2 messages → 4 tickets" in page
    assert "Kind of work and PO number differ from the message before it" in page
    planned = submitting.plan(draft, by=people.alice)
    answer = alice.post(f"/drafts/{draft.pk}/submit/", {"plan_hash": planned.hash})
    assert answer.status_code == 302
    for _ in range(3):
        refill(account)
        outbox.deliver_due()
    told = {
        (ticket["location_number"], ticket["service_type"], ticket["po_number"] or "")
        for ticket in box.tickets.values()
    }
    assert told == {
        ("0001", "Smart Hands", ""),
        ("0002", "Site Audit", "PO 77"),
        ("0003", "Smart Hands", ""),
        ("0004", "Site Audit", "PO 77"),
    }
    owns = list(Location.objects.order_by("position").values_list("own", flat=True))
    assert owns == [{}, {"service_type": "Site Audit", "po_number": "PO 77"}] * 2


def test_what_every_row_says_need_not_be_said_for_all(account: VendorAccount, people: Cast) -> None:
    rows = [typed_row(0, initial_description="Dig"), typed_row(1, initial_description="Fill")]
    draft = make_sheet(people, *rows, initial_description="")
    assert problems(draft, people) == []
    dispatch = submitting.submit_draft(
        draft, by=people.alice, plan_hash=submitting.plan(draft, by=people.alice).hash
    )
    assert dispatch.initial_description == "Dig"
    said = [dict(message.payload["fields"])["initial_description"] for message in _messages(dispatch.pk)]
    assert said == ["Dig", "Fill"]
    assert list(Location.objects.order_by("position").values_list("own", flat=True)) == [
        {},
        {"initial_description": "Fill"},
    ]


def _messages(dispatch: int) -> list[Message]:
    return [location.message for location in Location.objects.filter(dispatch=dispatch).order_by("position")]


def test_a_row_may_have_some_of_the_files(account: VendorAccount, people: Cast) -> None:
    draft = make_sheet(
        people, typed_row(0), typed_row(1, files="Plan.PDF"), typed_row(2, files="plan.pdf; map.pdf")
    )
    for name in ("map.pdf", "plan.pdf"):
        draft.files.add(upload(name, PDF + name.encode(), people.alice))
    planned = submitting.plan(draft, by=people.alice)
    assert [[file.name for file in message.files] for message in planned.messages] == [
        ["map.pdf", "plan.pdf"],
        ["plan.pdf"],
    ]
    frozen = [[file["filename"] for file in message.payload["files"]] for message in planned.messages]
    assert frozen == [["map.pdf", "plan.pdf"], ["plan.pdf"]]
    dispatch = submitting.submit_draft(draft, by=people.alice, plan_hash=planned.hash)
    assert [message.files.count() for message in _messages(dispatch.pk)] == [2, 1, 2]


def test_every_problem_is_found_at_once_at_its_cell(
    account: VendorAccount, people: Cast, alice: Client
) -> None:
    day = typed_row()["start_date"][:10]
    draft = make_sheet(
        people,
        typed_row(0, local_contact_number="617 555"),
        typed_row(1, account_macnum="", time_zone="Mars/Olympus"),
        typed_row(2, end_date=f"{day}T08:00"),
        typed_row(3, service_type="Juggling", files="gone.pdf", site="99999"),
        typed_row(4, start_date="soon", end_date="later"),
        typed_row(5, hard_start="on", end_date=""),
    )
    found = problems(draft, people)
    assert [(label, message[:24]) for _, label, message in found] == [
        ("Row 1: Local contact's phone", "“617 555” has 6 digits. "),
        ("Row 2: Granite account", "Enter the Granite accoun"),
        ("Row 2: Time zone", "“Mars/Olympus” is not a "),
        ("Row 3: End", "The end must be after th"),
        ("Row 4: Site", "The site this location w"),
        ("Row 4: Kind of work", "“Juggling” is not a kind"),
        ("Row 4: Files", "“gone.pdf” is not among "),
        ("Row 5: Start", "“soon” is not a date and"),
        ("Row 5: End", "“later” is not a date an"),
    ]
    page = alice.get(f"/drafts/{draft.pk}/review/").content.decode()
    key = draft.locations[0]["row"]
    assert f"/drafts/{draft.pk}/rows/?at={key}#cell-{key}-local_contact_number" in page


def test_rows_are_judged_as_the_forms_judge_them(account: VendorAccount, people: Cast) -> None:
    """The same rows as a sheet and as forms: the same complaints of the same fields, and the same cleaned values."""
    day = typed_row()["start_date"][:10]
    rows = [
        typed_row(0),
        typed_row(1, local_contact_number="1 (617) 555-0101", location_contact_email="nobody"),
        typed_row(2, location_name="", end_date=f"{day}T08:00", time_zone=""),
        typed_row(
            3, start_date="2027-03-14T02:30", end_date="2027-03-14T05:00", time_zone="America/New_York"
        ),
        typed_row(4, start_date="", hard_start="on"),
        typed_row(5, end_date="x", hard_start="on"),
        typed_row(6, location_name="a\tb", secondary_lcon_number="12"),
    ]
    as_forms = make_draft(people.alice, people.east, [dict(row) for row in rows])
    as_sheet = make_sheet(people, *rows)
    told = {
        name: {
            (finding.label.split(" ", 1)[1], finding.message)
            for finding in Checked(draft, people.alice).problems()
        }
        for name, draft in (("forms", as_forms), ("sheet", as_sheet))
    }
    assert told["forms"] == told["sheet"]
    good = [dict(rows[0]), dict(rows[5])]
    forms, sheet = make_draft(people.alice, people.east, good), make_sheet(people, *good)
    assert Checked(forms, people.alice).locations() == Checked(sheet, people.alice).locations()


@pytest.mark.parametrize("page", ["where", "when", "where/search"])
def test_a_sheet_is_not_opened_as_forms(
    account: VendorAccount, people: Cast, alice: Client, page: str
) -> None:
    draft = make_sheet(people, typed_row(0, po_number="7"))
    assert alice.get(f"/drafts/{draft.pk}/{page}/").headers["Location"] == f"/drafts/{draft.pk}/rows/"
    alice.post(f"/drafts/{draft.pk}/{page}/", {"locations-TOTAL_FORMS": "0"})
    alice.post(f"/drafts/{draft.pk}/save/where/", {"locations-TOTAL_FORMS": "0"})
    draft.refresh_from_db()
    assert json.dumps(draft.locations).count("po_number") == 1


def test_refused_rows_come_back_with_their_own_words_and_what_granite_said(
    box: Sandbox, account: VendorAccount, people: Cast, alice: Client
) -> None:
    rows = [
        typed_row(0, po_number="7"),
        typed_row(1, po_number="8", special_instructions="Ring twice"),
        typed_row(2, local_contact_name="Nobody"),
    ]
    draft = make_sheet(people, *rows, initial_description="")
    for row in draft.locations:
        row["initial_description"] = "Dig"
    draft.save()
    dispatch = submitting.submit_draft(
        draft, by=people.alice, plan_hash=submitting.plan(draft, by=people.alice).hash
    )
    _, second, third = _messages(dispatch.pk)
    said = {"field": "po_number", "index": None, "message": "PO 8 is closed"}
    end_as(second, State.REJECTED, [said])
    end_as(third, State.REJECTED, [{"field": "local_contact_name", "index": 0, "message": "Who?"}])
    page = alice.get(f"/dispatches/{dispatch.pk}/").content.decode()
    assert "PO number: 8" in page
    assert "Special instructions: Ring twice" in page
    answer = alice.post(f"/dispatches/{dispatch.pk}/correct/")
    made = Draft.objects.latest("pk")
    one, two = made.locations
    assert (
        answer.headers["Location"] == f"/drafts/{made.pk}/rows/?at={one['row']}#cell-{one['row']}-po_number"
    )
    assert made.is_sheet
    assert "refused" not in made.what
    assert (one["po_number"], one["special_instructions"], one["initial_description"]) == (
        "8",
        "Ring twice",
        "Dig",
    )
    assert [mark["message"] for mark in one["refused"]] == ["PO 8 is closed"]
    assert [mark["message"] for mark in two["refused"]] == ["Who?"]
    assert problems(made, people) == []


def test_tickets_are_found_by_what_was_asked_for_at_their_site(
    box: Sandbox, account: VendorAccount, people: Cast, alice: Client
) -> None:
    draft = make_sheet(people, typed_row(0), typed_row(1, service_type="Site Audit"))
    submitting.submit_draft(draft, by=people.alice, plan_hash=submitting.plan(draft, by=people.alice).hash)
    for _ in range(2):
        refill(account)
        outbox.deliver_due()
    by_id = {ticket["location_number"]: str(key) for key, ticket in box.tickets.items()}
    for kind, number, other in (("Site Audit", "0002", "0001"), ("Smart Hands", "0001", "0002")):
        page = alice.get("/tickets/", {"service_type": kind}).content.decode()
        assert by_id[number] in page
        assert by_id[other] not in page
