"""Refused rows, and those alone, become a new draft with Granite's words at their fields."""

import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from portal.models import Attempt, Message
from portal.models.messages import State
from portal.problems import Problem
from tests.cast import Cast
from tests.portal.outbox_parts import force, make_account
from tests.tickets.wizard_kit import Browser, form_of, row
from tickets.models import Dispatch, Draft
from tickets.services.correcting import first_refused
from tickets.services.drafts import draft_from_failed

pytestmark = pytest.mark.django_db
SAID = [{"field": "account_macnum", "index": 1, "message": "There is no account 03526768."}]


@pytest.fixture
def alice(people: Cast) -> Browser:
    make_account(locations_per_message=2)
    return Browser(people.alice)


def end_as(
    message: Message, state: str, problems: list[dict[str, Any]] | None = None, detail: str = ""
) -> None:
    """Granite's answer as the outbox would have kept it."""
    Attempt.objects.create(
        message=message,
        number=1,
        lease_token=uuid.uuid4(),
        started_at=timezone.now(),
        finished_at=timezone.now(),
        outcome="rejected" if state == State.REJECTED else "done",
        problems=problems or [],
        detail=detail,
    )
    force(message, state, settled_at=timezone.now())


@pytest.fixture
def dispatch(alice: Browser) -> Dispatch:
    """Four locations in two messages: the first done, the second refused for its second row."""
    draft = alice.begin()
    alice.fill(draft, places=4, what={"po_number": "PO-9"})
    alice.client.post(alice.url(draft, "files/add/"), {"file": _csv()})
    alice.submit(draft)
    first, second = Message.objects.order_by("id")
    end_as(first, State.DONE)
    end_as(second, State.REJECTED, [*SAID, {"field": "po_number", "index": None, "message": "Unknown PO."}])
    return Dispatch.objects.get()


def _csv() -> SimpleUploadedFile:
    return SimpleUploadedFile("rooms.csv", b"a,b\n1,2\n")


def test_only_refused_rows_are_copied_with_what_and_files(alice: Browser, dispatch: Dispatch) -> None:
    draft = draft_from_failed(dispatch, by=alice.person)
    assert [row["location_name"] for row in draft.locations] == ["Store 14", "Store 15"]
    assert draft.locations[0]["start_date"] == "2027-02-03T09:00"
    assert draft.what["po_number"] == "PO-9"
    assert [file.name for file in draft.files.all()] == ["rooms.csv"]
    assert draft.corrects == dispatch


def test_granites_words_stand_at_the_field_until_it_changes(alice: Browser, dispatch: Dispatch) -> None:
    draft = draft_from_failed(dispatch, by=alice.person)
    page = alice.open(draft, "where")
    assert page.context["rows"][1].notes == {"account_macnum": ["There is no account 03526768."]}
    assert page.content.decode().count("Granite said: There is no account") == 1
    assert '<a href="#id_po_number">PO number</a>: Unknown PO.' in alice.open(draft, "what").content.decode()
    assert "Granite refused this value before: Location 2" in alice.open(draft, "review").content.decode()
    alice.press(draft, "where", **row(1, {"account_macnum": "0099"}), go="next")
    assert "Granite said:" not in alice.open(draft, "where").content.decode()


def test_a_refused_row_is_offered_once(alice: Browser, dispatch: Dispatch) -> None:
    draft = draft_from_failed(dispatch, by=alice.person)
    assert draft_from_failed(dispatch, by=alice.person) == draft
    alice.client.post(alice.url(draft, "discard/"))
    again = draft_from_failed(dispatch, by=alice.person)
    assert again != draft
    alice.submit(again)
    with pytest.raises(Problem, match="already corrected"):
        draft_from_failed(dispatch, by=alice.person)
    assert Message.objects.count() == 3


def test_a_row_taken_out_of_the_correction_is_offered_again(alice: Browser, dispatch: Dispatch) -> None:
    draft = draft_from_failed(dispatch, by=alice.person)
    alice.press(draft, "where", to="where/0/remove/")
    other = draft_from_failed(dispatch, by=alice.person)
    assert [row["location_name"] for row in other.locations] == ["Store 14"]


def test_what_was_sent_again_elsewhere_cannot_be_sent_twice(alice: Browser, dispatch: Dispatch) -> None:
    first = draft_from_failed(dispatch, by=alice.person)
    twin = Draft.objects.create(
        team=first.team,
        account=first.account,
        what=first.what,
        locations=first.locations,
        corrects=dispatch,
        created_by=alice.person,
        saved_by=alice.person,
    )
    seen = alice.open(twin, "review").context["plan"].hash
    assert seen
    alice.submit(first)
    assert alice.client.post(alice.url(twin, "submit/"), {"plan_hash": seen}).status_code == 409
    page = alice.open(twin, "review").content.decode()
    assert "a technician must not go twice" in page
    assert Message.objects.count() == 3


def test_a_copy_of_a_corrected_row_is_a_place_of_its_own(alice: Browser, dispatch: Dispatch) -> None:
    draft = draft_from_failed(dispatch, by=alice.person)
    alice.press(draft, "where", to="where/1/copy/")
    draft.refresh_from_db()
    assert "corrects" not in draft.locations[2]
    assert "refused" not in draft.locations[2]
    assert form_of(alice.open(draft, "where"))["locations-2-location_name"] == "Store 15"


def test_the_button_on_the_dispatch_leads_to_the_draft(
    alice: Browser, dispatch: Dispatch, people: Cast
) -> None:
    for person, status in ((people.bob, 403), (people.carol, 404)):
        assert Browser(person).client.post(f"/dispatches/{dispatch.pk}/correct/").status_code == status
    response = alice.client.post(f"/dispatches/{dispatch.pk}/correct/")
    draft = Draft.objects.get(corrects=dispatch)
    assert response["Location"].startswith(f"/drafts/{draft.pk}/")


def test_words_about_no_field_are_shown_on_top(alice: Browser) -> None:
    draft = alice.begin()
    alice.fill(draft)
    alice.submit(draft)
    end_as(Message.objects.get(), State.REJECTED, [], "Granite refused it: closed for inventory.")
    corrected = draft_from_failed(Dispatch.objects.get(), by=alice.person)
    assert "closed for inventory" in alice.open(corrected, "what").content.decode()


def test_what_was_corrected_and_sent_again_is_offered_no_more(dispatch: Dispatch, alice: Browser) -> None:
    url = f"/dispatches/{dispatch.pk}/"
    assert "Makes a new draft of 2 locations" in alice.client.get(url).content.decode()
    draft = draft_from_failed(dispatch, by=alice.person)
    assert f"In the draft {draft.reference}" in alice.client.get(url).content.decode()
    alice.submit(draft)
    page = alice.client.get(url).content.decode()
    assert "correct-rejected" not in page
    assert "Corrected in" in page


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        ({"field": "po_number", "index": None}, ("what", "#id_po_number")),
        ({"field": "", "index": None}, ("what", "")),
        ({"field": "local_contact_number", "index": 1}, ("where", "#id_locations-1-local_contact_number")),
        ({"field": "start_date", "index": 0}, ("when", "#id_locations-0-start_date")),
        ({"field": "unheard_of", "index": 1}, ("where", "")),
    ],
)
def test_correcting_begins_where_granite_refused_first(
    alice: Browser, problem: dict[str, Any], expected: tuple[str, str]
) -> None:
    draft = alice.begin()
    alice.fill(draft, places=2, what={"po_number": "PO-9"})
    alice.submit(draft)
    end_as(Message.objects.get(), State.REJECTED, [{**problem, "message": "Not accepted."}])
    assert first_refused(draft_from_failed(Dispatch.objects.get(), by=alice.person)) == expected
