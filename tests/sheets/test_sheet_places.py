"""Rows and the places we know: filled where nothing speaks against it, and picked from the list of our sites."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import VendorAccount
from sites.models import Account, Site
from tests.cast import Cast, client_of
from tests.sheets.test_sheet_pages import SITES, draft_of
from tests.tickets.wizard_kit import make_site
from tickets.services.sheet_places import fill_places

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(plain_account: VendorAccount) -> Site:
    return make_site(plain_account)  # Store 77 (0077) in Lexington KY 40507, macnum 0077000, Kim Lee


def filled(account: VendorAccount, **row: Any) -> dict[str, Any]:
    fill_places(rows := [row], account)
    return rows[0]


@pytest.mark.parametrize(
    "row",
    [
        {"location_number": "0077"},
        {"account_macnum": "0077000"},
        {"location_name": "STORE 77", "zip": "40507-1234"},
    ],
)
def test_a_row_of_a_site_is_filled_from_it(site: Site, plain_account: VendorAccount, row: dict[str, str]):
    found = filled(plain_account, **row)
    assert found["site"] == str(site.pk)
    assert found["account_macnum"] == "0077000"
    assert found["time_zone"] == "America/New_York"
    assert (found["local_contact_name"], found["local_contact_number"]) == ("Kim Lee", "555-222-3333")
    assert {name: found[name] for name in row} == row


@pytest.mark.parametrize(
    "row",
    [
        {"location_number": "77"},  # zeros count
        {"location_number": "0077", "account_macnum": "9999"},
        {"location_number": "0077", "zip": "02101"},
        {"location_number": "0077", "state": "MA"},
        {"location_name": "Store 77"},
        {"location_name": "Store 77", "zip": "02101"},
    ],
)
def test_a_row_that_says_otherwise_is_another_place(
    site: Site, plain_account: VendorAccount, row: dict[str, str]
):
    assert "site" not in filled(plain_account, **row)


def test_a_phone_is_not_put_beside_somebody_else(site: Site, plain_account: VendorAccount):
    found = filled(plain_account, location_number="0077", local_contact_name="Bob Ray")
    assert "local_contact_number" not in found
    found = filled(plain_account, location_number="0077", local_contact_name="kim lee")
    assert found["local_contact_number"] == "555-222-3333"
    found = filled(plain_account, location_number="0077", local_contact_number="617-555-0101")
    assert "local_contact_name" not in found


def test_two_sites_with_one_account_prove_nothing(site: Site, plain_account: VendorAccount):
    other = make_site(number="0078", name="Store 78")
    Site.objects.filter(pk=other.pk).update(account=site.account)
    assert "site" not in filled(plain_account, account_macnum="0077000")


def test_a_number_that_lost_its_digits_is_not_replaced(site: Site, plain_account: VendorAccount):
    found = filled(plain_account, location_number="0077", repaired={"account_macnum": ["7.7E+04", "lost"]})
    assert "account_macnum" not in found


def test_the_time_zone_comes_from_the_zip_code_then_the_account(plain_account: VendorAccount):
    assert filled(plain_account, zip="79901", state="TX")["time_zone"] == "America/Denver"
    assert filled(plain_account, state="MA")["time_zone"] == "America/New_York"
    assert "time_zone" not in filled(plain_account, state="TX")  # has two
    Account.objects.create(
        vendor_account=plain_account, macnum="0042", state="CA", zip="90001", seen_at=timezone.now()
    )
    found = filled(plain_account, account_macnum="0042")
    assert found["time_zone"] == "America/Los_Angeles"
    assert found["repaired"]["time_zone"] == ["", "Found by the address of the Granite account."]
    assert filled(plain_account, zip="90001", time_zone="America/Denver")["time_zone"] == "America/Denver"


def test_the_questions_are_as_many_for_a_thousand_rows(site: Site, plain_account: VendorAccount):
    counts = []
    for count in (1, 1000):
        rows = [
            {"location_number": "0077" if n % 2 else f"x{n}", "account_macnum": f"m{n}" if n % 2 == 0 else ""}
            for n in range(count)
        ]
        with CaptureQueriesContext(
            connection,
        ) as asked:
            fill_places(rows, plain_account)
        counts.append(len(asked))
    assert counts[1] <= counts[0] + 3


# --- picking


@pytest.fixture
def alice(people: Cast, plain_account: VendorAccount) -> Client:
    return client_of(people.alice)


@pytest.fixture
def three(site: Site) -> list[Site]:
    return [
        site,
        make_site(number="0100", name="Elm", state="OH", zip="43004"),
        make_site(number="0101", name="Oak", state="OH", zip="43004"),
    ]


def test_sites_are_filtered_by_words_and_state(alice: Client, three: list[Site]):
    assert "3 sites match" in alice.get(SITES).content.decode()
    assert "2 sites match" in alice.get(SITES, {"state": "OH"}).content.decode()
    page = alice.get(SITES, {"q": "lexington elm"}).content.decode()
    assert "1 site matches" in page
    assert "Oak" not in page
    assert "None of our sites matches" in alice.get(SITES, {"q": "<b>nowhere</b>"}).content.decode()


def test_all_that_match_become_rows(alice: Client, three: list[Site]):
    answer = alice.post(SITES, {"q": "", "state": "OH", "go": "all"})
    draft = draft_of(answer)
    assert answer["Location"] == f"/drafts/{draft.pk}/rows/"
    assert [row["location_number"] for row in draft.locations] == ["0100", "0101"]
    assert draft.is_sheet
    draft = draft_of(alice.post(SITES, {"q": "oak", "go": "all", "pick": [str(three[0].pk)]}))
    assert [row["location_number"] for row in draft.locations] == ["0077", "0101"]


def test_ticks_survive_another_filter(alice: Client, three: list[Site]):
    page = alice.post(SITES, {"q": "oak", "go": "filter", "pick": [str(three[0].pk)]}).content.decode()
    assert "Ticked before" in page
    assert f'value="{three[0].pk}" checked' in page
    draft = draft_of(alice.post(SITES, {"go": "ticked", "pick": [str(three[2].pk), str(three[0].pk)]}))
    assert [row["location_number"] for row in draft.locations] == ["0101", "0077"]


def test_a_filter_as_one_types_answers_with_the_list_alone(alice: Client, three: list[Site]):
    page = alice.post(SITES, {"q": "oak"}, headers={"HX-Request": "true"}).content.decode()
    assert page.lstrip().startswith('<div id="sheet-sites"')


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"go": "ticked"}, "Tick the sites"),
        ({"go": "ticked", "pick": ["999999"]}, "not known any more"),
        ({"go": "ticked", "pick": ["x", "1" * 40]}, "Tick the sites"),
        ({"go": "ticked", "pick": [str(n) for n in range(600)]}, "at most 500"),
        ({"go": "all", "q": "nowhere"}, "Tick the sites"),
    ],
)
def test_what_cannot_be_picked_is_said(alice: Client, site: Site, data: dict[str, Any], sentence: str):
    answer = alice.post(SITES, data)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
