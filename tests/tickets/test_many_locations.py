"""Five hundred locations cost no more questions to the database than a few."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.models import VendorAccount
from portal.models.messages import State
from portal.vendors.sandbox.granite.accounts import ACCOUNTS
from tests.cast import Cast, client_of
from tests.dispatching import make_dispatch, make_draft, typed_row
from tests.portal.outbox_parts import make_account
from tests.tickets.wizard_kit import form_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def account(people: Cast) -> VendorAccount:
    return make_account()


def rows(count: int) -> list[dict[str, str]]:
    return [
        typed_row(
            number % len(ACCOUNTS), location_name=f"Store {number:03d}", location_number=f"{number:04d}"
        )
        for number in range(count)
    ]


def questions(people: Cast, url: str, post: dict[str, str] | None = None) -> int:
    browser = client_of(people.alice)
    browser.get("/unknown/")
    with CaptureQueriesContext(connection) as asked:
        answer = browser.get(url) if post is None else browser.post(url, post)
    assert answer.status_code in (200, 302), url
    return len(asked)


@pytest.mark.parametrize("step", ["what", "where", "when", "files", "review"])
def test_each_step(people: Cast, step: str) -> None:
    few, many = (make_draft(people.alice, people.east, rows(count)) for count in (3, 500))
    assert questions(people, f"/drafts/{few.pk}/{step}/") == questions(people, f"/drafts/{many.pk}/{step}/")


def test_a_save_as_one_types(people: Cast) -> None:
    counted = []
    for count in (3, 500):
        draft = make_draft(people.alice, people.east, rows(count))
        typed = form_of(client_of(people.alice).get(f"/drafts/{draft.pk}/where/"))
        typed["locations-2-local_contact_name"] = "Ann Smith"
        counted.append(questions(people, f"/drafts/{draft.pk}/save/where/", typed))
        draft.refresh_from_db()
        assert len(draft.locations) == count
        assert draft.locations[2]["local_contact_name"] == "Ann Smith"
    assert counted[0] == counted[1]


def test_the_page_of_a_dispatch(people: Cast) -> None:
    few, many = (make_dispatch(people.alice, people.east, rows(count)) for count in (3, 500))
    assert many.locations.count() == 500
    assert many.locations.filter(message__state=State.QUEUED).values("message").distinct().count() == 50
    for piece in ("", "status/"):
        counted = [questions(people, f"{found.get_absolute_url()}{piece}") for found in (few, many)]
        assert counted[0] == counted[1] <= 16


def test_a_heavy_piece_is_asked_for_less_often(people: Cast) -> None:
    for count, every in ((3, "every 3s"), (101, "every 10s")):
        dispatch = make_dispatch(people.alice, people.east, rows(count))
        assert every in client_of(people.alice).get(dispatch.get_absolute_url()).content.decode()
