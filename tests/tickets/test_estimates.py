"""Look-ups of the wizard, answered by the vendor sandbox over a real socket."""

from decimal import Decimal
from typing import Any

import pytest

from portal import lookups
from portal.models import Lookup, VendorAccount
from portal.vendors.sandbox import Sandbox
from portal.vendors.sandbox.granite.accounts import ACCOUNTS
from sites.models import Account
from tests.cast import Cast
from tests.dispatching import refill
from tests.tickets.wizard_kit import WHAT, WINDOW, Browser, row
from tickets.models import Draft

pytestmark = pytest.mark.django_db
SEARCHED = ACCOUNTS[0]


@pytest.fixture
def alice(people: Cast, account: VendorAccount) -> Browser:
    return Browser(people.alice)


@pytest.fixture
def draft(alice: Browser, account: VendorAccount) -> Draft:
    """A draft whose place was found at Granite: searched, answered, added, filled in."""
    draft = alice.begin()
    alice.press(draft, "what", **WHAT, go="next")
    found = alice.press(draft, "where", to="where/search/", q=SEARCHED.macnum)
    answer(account)
    shown = alice.client.get(found["Location"].split("#")[0])
    assert SEARCHED.macnum in shown.content.decode()
    hit = Account.objects.get(macnum=SEARCHED.macnum)
    alice.press(draft, "where", to="where/add/", page=shown, add=f"account:{hit.pk}")
    by_hand = {"local_contact_name": "Sam Poe", "local_contact_number": "555-123-4567"}
    alice.press(draft, "where", **row(0, by_hand | {"time_zone": SEARCHED.time_zone}), go="next")
    alice.press(draft, "when", **row(0, WINDOW), go="next")
    return draft


def answer(account: VendorAccount) -> None:
    refill(account)
    lookups.answer_due()


def test_a_place_known_to_granite_alone_becomes_a_location(draft: Draft) -> None:
    draft.refresh_from_db()
    assert draft.locations[0]["account_macnum"] == SEARCHED.macnum
    assert draft.locations[0]["location_name"]


def test_the_estimate_is_granites_own(
    alice: Browser, draft: Draft, account: VendorAccount, box: Sandbox
) -> None:
    alice.client.post(alice.url(draft, "estimates/"))
    assert alice.open(draft, "review").context["estimates"].is_waiting
    answer(account)
    estimates = alice.open(draft, "review").context["estimates"]
    total = Decimal(Lookup.objects.get(kind="granite.cost").answer["total"])
    assert estimates.total == total > 0
    assert f"${total:,.2f}" in alice.open(draft, "review").content.decode()
    alice.client.post(alice.url(draft, "estimates/"))
    assert (
        Lookup.objects.filter(kind="granite.cost", due_at=None).count() == 1
    )  # fresh enough: not asked again


def test_a_changed_window_is_another_question(alice: Browser, draft: Draft, account: VendorAccount) -> None:
    alice.client.post(alice.url(draft, "estimates/"))
    answer(account)
    changed: dict[str, Any] = row(0, {"end_date": "2027-02-03T17:00"})
    alice.press(draft, "when", **changed, go="next")
    assert alice.open(draft, "review").context["estimates"].total is None
