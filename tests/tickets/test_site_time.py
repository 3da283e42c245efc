"""One window for many sites: each has it by its own clock, on both sides of a change of the clocks."""

import json
from datetime import UTC, datetime

import pytest
from django.test import Client

from portal.models import VendorAccount
from tests.cast import Cast, client_of
from tests.dispatching import make_draft, typed_row
from tests.portal.outbox_parts import make_account
from tests.tickets.scene import make_site
from tests.tickets.wizard_kit import Browser
from tickets.models import Draft, Location

pytestmark = pytest.mark.django_db
ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Phoenix")
# Clocks are put forward on 14 March 2027 and back on 7 November 2027, not in Phoenix.
HOURS = {
    "2027-03-13": (13, 14, 15, 15),
    "2027-03-15": (12, 13, 14, 15),
    "2027-11-06": (12, 13, 14, 15),
    "2027-11-08": (13, 14, 15, 15),
}


@pytest.fixture(autouse=True)
def account(people: Cast) -> VendorAccount:
    return make_account()


@pytest.fixture
def alice(people: Cast) -> Client:
    return client_of(people.alice)


def submit(alice: Client, draft: Draft) -> list[Location]:
    page = alice.get(f"/drafts/{draft.pk}/review/")
    answer = alice.post(f"/drafts/{draft.pk}/submit/", {"plan_hash": page.context["plan"].hash})
    assert answer["Location"] == f"/dispatches/{draft.pk}/"
    return list(Location.objects.filter(dispatch=draft.pk).select_related("message").order_by("position"))


def told(locations: list[Location]) -> list[tuple[str, str]]:
    """The windows as Granite gets them."""
    found = []
    for location in locations:
        payload = dict(location.message.payload["fields"])
        one = json.loads(payload["locations"])[location.index]
        found.append((one["start_date"], one["end_date"]))
    return found


@pytest.mark.parametrize("day", HOURS)
def test_one_entry_is_each_sites_own_morning(people: Cast, day: str) -> None:
    browser = Browser(people.alice)
    rows = [typed_row(index, time_zone=zone, start_date="", end_date="") for index, zone in enumerate(ZONES)]
    draft = make_draft(people.alice, people.east, rows)
    window = {"all-start_date": f"{day}T08:00", "all-end_date": f"{day}T12:00"}
    assert browser.press(draft, "when", same_for_all="on", **window, go="next").status_code == 302
    locations = submit(browser.client, draft)
    assert told(locations) == [(f"{day}T08:00:00", f"{day}T12:00:00")] * 4
    assert tuple(one.starts_at.astimezone(UTC).hour for one in locations) == HOURS[day]


@pytest.mark.parametrize("day", HOURS)
def test_rows_of_a_sheet_are_each_sites_own_morning(alice: Client, people: Cast, day: str) -> None:
    window = {"start_date": f"{day}T08:00", "end_date": f"{day}T12:00"}
    rows = [typed_row(index, time_zone=zone, **window) for index, zone in enumerate(ZONES)]
    draft = sheet(people, rows)
    locations = submit(alice, draft)
    assert told(locations) == [(f"{day}T08:00:00", f"{day}T12:00:00")] * 4
    assert tuple(one.starts_at.astimezone(UTC).hour for one in locations) == HOURS[day]


def sheet(people: Cast, rows: list[dict[str, str]]) -> Draft:
    draft = make_draft(people.alice, people.east, rows)
    draft.is_sheet = True
    draft.save()
    return draft


def test_the_hour_that_comes_twice_is_warned_of_where_it_does(alice: Client, people: Cast) -> None:
    night = {"start_date": "2027-11-07T01:30", "end_date": "2027-11-07T05:00"}
    draft = sheet(people, [typed_row(index, time_zone=zone, **night) for index, zone in enumerate(ZONES)])
    page = alice.get(f"/drafts/{draft.pk}/review/").content.decode()
    assert page.count("01:30 comes twice that night") == 3
    assert "Row 4: Start" not in page
    assert [one.starts_at for one in submit(alice, draft)][3] == datetime(2027, 11, 7, 8, 30, tzinfo=UTC)


def test_the_hour_that_is_left_out_forbids_sending_where_it_is(alice: Client, people: Cast) -> None:
    night = {"start_date": "2027-03-14T02:30", "end_date": "2027-03-14T05:00"}
    draft = sheet(people, [typed_row(index, time_zone=zone, **night) for index, zone in enumerate(ZONES)])
    page = alice.get(f"/drafts/{draft.pk}/review/")
    assert page.content.decode().count("the clocks are put forward that night") == 3
    assert not page.context["plan"].may_go


def test_over_midnight_names_the_two_ways_out(alice: Client, people: Cast) -> None:
    draft = sheet(people, [typed_row(0, start_date="2027-03-14T22:00", end_date="2027-03-15T02:00")])
    page = alice.get(f"/drafts/{draft.pk}/review/").content.decode()
    assert "make two dispatches, one per day, or set a hard start" in page
    draft.locations[0]["hard_start"] = "on"
    draft.save()
    (location,) = submit(alice, draft)
    assert told([location]) == [("2027-03-14T22:00:00", "2027-03-14T22:00:00")]


def test_a_zone_that_the_place_contradicts_is_warned_of(alice: Client, people: Cast) -> None:
    site = make_site(0)
    assert site.time_zone == "America/New_York"
    winter = {"start_date": "2027-01-11T09:00", "end_date": "2027-01-11T12:00"}
    summer = {"start_date": "2027-07-12T09:00", "end_date": "2027-07-12T12:00"}
    draft = sheet(
        people,
        [
            typed_row(0, site=str(site.pk), time_zone="America/Chicago", **winter),
            typed_row(1, zip="79901", state="TX", time_zone="America/Chicago", **winter),  # El Paso
            typed_row(2, state="CA", time_zone="America/New_York", **winter),
            typed_row(3, zip="85004", state="AZ", time_zone="America/Denver", **winter),  # alike in winter
            typed_row(4, zip="85004", state="AZ", time_zone="America/Denver", **summer),
            typed_row(5, zip="48201", state="MI", time_zone="America/New_York", **winter),  # Detroit
            typed_row(6, zip="garbage", state="??", time_zone="America/New_York", **winter),
        ],
    )
    page = alice.get(f"/drafts/{draft.pk}/review/")
    warned = {
        finding.label: finding.message
        for _, finding in page.context["warnings"]
        if "zone" in finding.label.lower()
    }
    assert warned == {
        "Row 1: Time zone": "America/Chicago is not the time zone of this site (America/New_York). "
        "The window counts in America/Chicago.",
        "Row 2: Time zone": "ZIP 79901 lies in America/Denver, this row says America/Chicago. "
        "The window counts in America/Chicago.",
        "Row 3: Time zone": "CA lies in America/Los_Angeles, this row says America/New_York. "
        "The window counts in America/New_York.",
        "Row 5: Time zone": "ZIP 85004 lies in America/Phoenix, this row says America/Denver. "
        "The window counts in America/Denver.",
    }
    key = draft.locations[1]["row"]
    assert f"?at={key}#cell-{key}-time_zone" in page.content.decode()
