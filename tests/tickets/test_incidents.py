"""One incident, two vendors: a case at GTT, a technician of Granite's for it, and each side told of the other."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portal import outbox
from portal.models import VendorAccount
from portal.vendors.sandbox import Sandbox
from portal.vendors.sandbox.granite.accounts import ACCOUNTS
from sites.models import Account, Contact
from tests.casework import gtt_account, make_case, send
from tests.cast import Cast, client_of
from tests.dispatching import make_draft, refill, sandbox_account, typed_row
from tests.page_forms import controls_of
from tests.tickets.scene import make_site
from tickets.models import Case, CaseComment, Draft, Incident, Ticket
from tickets.services import incidents
from tickets.services.cases import following

pytestmark = pytest.mark.django_db


@pytest.fixture
def granite(box: Sandbox) -> VendorAccount:
    return sandbox_account(box)


@pytest.fixture
def gtt(box: Sandbox) -> VendorAccount:
    return gtt_account(box)


@pytest.fixture
def alice(people: Cast) -> Client:
    return client_of(people.alice)


@pytest.fixture
def case(box: Sandbox, granite: VendorAccount, gtt: VendorAccount, people: Cast) -> Case:
    place = ACCOUNTS[0]
    account = Account.objects.create(
        vendor_account=granite, macnum=place.macnum, name=place.site_name, seen_at=timezone.now()
    )
    site = make_site(0)
    site.account = account
    site.save()
    Contact.objects.create(site=site, name="Denise Callahan", phone="617-555-0101")
    made = make_case(people.alice, people.east, gtt, site=site)
    send(gtt)
    made.refresh_from_db()
    return made


def page(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def window() -> dict[str, str]:
    day = (timezone.now() + timedelta(days=2)).date().isoformat()
    return {"service_type": "Smart Hands", "start_date": f"{day}T09:00", "end_date": f"{day}T12:00"}


def order_technician(alice: Client, case: Case, granite: VendorAccount) -> Ticket:
    """From the case's page to Granite's ticket: three presses."""
    answer = alice.post(f"/cases/{case.pk}/technician/", window())
    review = page(alice, answer.headers["Location"])
    alice.post(answer.headers["Location"].replace("review", "submit"), controls_of(review, action="/submit/"))
    refill(granite)
    outbox.deliver_due()
    return Ticket.objects.get()


def test_a_technician_for_a_case_is_filled_in_from_it(
    box: Sandbox, granite: VendorAccount, case: Case, alice: Client
) -> None:
    assert f"/cases/{case.pk}/technician/" in page(alice, f"/cases/{case.pk}/")
    ticket = order_technician(alice, case, granite)
    (told,) = box.tickets.values()
    assert told["customer_ticket_number"].split(",")[1:] == [case.number, case.reference]
    assert told["initial_description"].startswith("Both tunnels are down\n\nSince 09:10. Rebooted twice.")
    assert f"GTT case {case.number}." in told["initial_description"]
    assert "Our reference" not in told["initial_description"]
    incident = Incident.objects.get()
    assert f'Part of <a href="{incident.get_absolute_url()}"' in page(
        alice, ticket.dispatch.get_absolute_url()
    )
    assert str(incident) in page(alice, f"/cases/{case.pk}/")
    assert str(incident) in page(alice, "/incidents/")


def test_gtt_is_told_of_the_ticket_once(
    box: Sandbox, granite: VendorAccount, gtt: VendorAccount, case: Case, alice: Client
) -> None:
    ticket = order_technician(alice, case, granite)
    assert incidents.tell_cases() == 1
    assert incidents.tell_cases() == 0
    send(gtt)
    (comment,) = CaseComment.objects.all()
    assert f"A Granite technician is ordered: ticket {ticket.ticket_id} for" in comment.text
    assert "9:00" in comment.text
    assert [one["text"] for one in box.gtt.book._cases[case.number].comments] == [comment.text]


def test_where_commenting_is_off_nothing_is_told(granite: VendorAccount, case: Case, alice: Client) -> None:
    VendorAccount.objects.filter(vendor="gtt").update(operations=["get", "list"])
    order_technician(alice, case, granite)
    assert incidents.tell_cases() == 0


def test_pressing_twice_begins_one_draft(granite: VendorAccount, case: Case, alice: Client) -> None:
    first, again = (alice.post(f"/cases/{case.pk}/technician/", window()) for _ in range(2))
    assert first.headers["Location"] == again.headers["Location"]
    assert (Draft.objects.count(), Incident.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"start_date": ""}, "Enter the start."),
        ({"end_date": ""}, "Enter the end, or set a hard start."),
        ({"start_date": "soon"}, "is not a date and time"),
        ({"end_date": "2020-01-01T00:00"}, "The end must be after the start"),
        ({"service_type": "Juggling"}, "Juggling is not one of the available choices"),
    ],
)
def test_a_wrong_window_is_said_at_its_field(
    case: Case, alice: Client, wrong: dict[str, str], sentence: str
) -> None:
    answer = alice.post(f"/cases/{case.pk}/technician/", {**window(), **wrong})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Draft.objects.exists()


def test_a_case_without_a_site_sends_nobody(gtt: VendorAccount, people: Cast, alice: Client) -> None:
    case = make_case(people.alice, people.east, gtt)
    answer = alice.get(f"/cases/{case.pk}/technician/", follow=True)
    assert "The case names no site of ours" in answer.content.decode()


def test_one_time_line_and_a_question_when_one_side_ends(
    box: Sandbox, granite: VendorAccount, gtt: VendorAccount, case: Case, alice: Client
) -> None:
    ticket = order_technician(alice, case, granite)
    incident = Incident.objects.get()
    box.gtt.comment(case.number, "Line is clean up to the building.")
    box.gtt.move(case.number, "Resolved")
    Case.objects.update(next_read_at=timezone.now())
    refill(gtt)
    following.follow_due()
    text = page(alice, f"/incidents/{incident.pk}/")
    for words in (
        "Line is clean up to the building.",
        "Open → Resolved",
        "Ticket created",
        "raised the case",
    ):
        assert words in text
    assert f"Case {case.number} ended; ticket {ticket.ticket_id}" in text.replace("Ticket", "ticket")
    refused = alice.post(f"/incidents/{incident.pk}/close/", {"note": ""})
    assert "Something of it is still open." in refused.content.decode()
    alice.post(f"/incidents/{incident.pk}/close/", {"note": "The technician stays on to tidy up"})
    incident.refresh_from_db()
    assert not incident.is_open
    assert "The technician stays on" in page(alice, f"/incidents/{incident.pk}/")
    assert str(incident) not in page(alice, "/incidents/")
    assert str(incident) in page(alice, "/incidents/?closed=1")


def test_a_case_open_at_the_site_is_asked_about_unless_it_is_the_reason(
    granite: VendorAccount, case: Case, people: Cast, alice: Client
) -> None:
    assert case.site is not None
    draft = make_draft(people.alice, people.east, [typed_row(0, site=str(case.site.pk))])
    text = page(alice, f"/drafts/{draft.pk}/review/")
    assert "has an open case at GTT" in text
    assert f'href="{case.get_absolute_url()}"' in text
    assert "Submit: send" not in text
    answer = alice.post(f"/cases/{case.pk}/technician/", window())
    assert "has an open case at GTT" not in page(alice, answer.headers["Location"])
