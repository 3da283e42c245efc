from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import User, VendorAccount
from sites import zones
from tests.cast import Cast, client_of
from tests.dispatching import make_dispatch, make_draft
from tests.portal.outbox_parts import force, make_account
from tickets.models import Dispatch, Location, Ticket
from tickets.services import drafts

UNKNOWN = "We do not know whether Granite created these tickets. Do not submit again."


@pytest.fixture
def account(people: Cast) -> VendorAccount:
    return make_account()


def home(person: User) -> str:
    answer = client_of(person).get("/")
    assert answer.status_code == 200
    return answer.content.decode()


def settle(dispatch: Dispatch, state: str, **fields: object) -> None:
    for message in {location.message for location in dispatch.locations.select_related("message")}:
        force(message, state, **fields)


def give_ticket(location: Location, number: int, **fields: object) -> Ticket:
    return Ticket.objects.create(
        account=location.message.account,
        ticket_id=number,
        dispatch=location.dispatch,
        location=location,
        message=location.message,
        team=location.dispatch.team,
        status_name="Scheduled",
        read_at=timezone.now(),
        **fields,
    )


def start_at(location: Location, when: datetime) -> None:
    """A hard start, so that no window reaches into the next day."""
    Location.objects.filter(pk=location.pk).update(starts_at=when, ends_at=when)


def test_a_calm_day_says_so(people: Cast, account: VendorAccount):
    page = home(people.alice)
    assert "Nothing needs you now" in page
    assert "No draft is open" in page
    assert "nothing waits" in page


def test_without_an_account_the_page_still_opens(people: Cast):
    assert "No vendor account is set up yet" in home(people.alice)


def test_an_unknown_outcome_comes_first_and_counts_in_the_side_bar(people: Cast, account: VendorAccount):
    dispatch = make_dispatch(people.alice, people.east, 3)
    settle(dispatch, "unknown")
    for person in (people.alice, people.bob, people.mia):
        page = home(person)
        assert UNKNOWN in page
        assert f"{dispatch.reference}-1" in page
        assert "3 technicians in doubt" in page
        assert '1<span class="visually-hidden"> waiting</span>' in page
        assert page.index(UNKNOWN) < page.index("Today’s visits")
    other = home(people.carol)
    assert UNKNOWN not in other
    assert "nav-count" not in other


def test_held_says_why(people: Cast, account: VendorAccount):
    settle(make_dispatch(people.alice, people.east, 1), "held", held_reason="credential")
    page = home(people.alice)
    assert "Held, nothing was sent" in page
    assert "the vendor refuses our credentials" in page


def test_rejected_rows_stay_until_somebody_corrects_them(people: Cast, account: VendorAccount):
    dispatch = make_dispatch(people.alice, people.east, 2)
    settle(dispatch, "rejected", settled_at=timezone.now())
    assert "2 locations refused or not created by Granite" in home(people.bob)
    correction = drafts.draft_from_failed(dispatch, by=people.alice)
    assert "not created by Granite" not in home(people.bob)
    correction.discarded_at = timezone.now()
    correction.save()
    assert "2 locations refused or not created by Granite" in home(people.bob), (
        "a discarded correction corrects nothing"
    )


def test_a_near_visit_without_a_technician_is_told(people: Cast, account: VendorAccount):
    near, far = make_dispatch(people.alice, people.east, 2).locations.all()
    start_at(near, timezone.now() + timedelta(minutes=90))
    start_at(far, timezone.now() + timedelta(hours=5))
    give_ticket(near, 771001)
    give_ticket(far, 771002)
    page = home(people.alice)
    told = page[page.index("No technician") : page.index("Today’s visits")]
    assert "771001" in told
    assert "771002" not in told
    Ticket.objects.filter(ticket_id=771001).update(technician_name="Dana Cole")
    assert "No technician" not in home(people.alice)


def test_today_is_the_day_at_the_site(people: Cast, account: VendorAccount):
    dispatch = make_dispatch(people.alice, people.east, 2)
    here, there = dispatch.locations.all()
    for location, zone in ((here, "America/New_York"), (there, "Pacific/Honolulu")):
        Location.objects.filter(pk=location.pk).update(time_zone=zone)
        location.time_zone = zone
    noon = (
        timezone.now()
        .astimezone(zones.zone("Pacific/Honolulu"))
        .replace(hour=12, minute=5, second=0, microsecond=0)
    )
    start_at(there, noon)
    start_at(here, timezone.now() + timedelta(days=3))
    page = home(people.alice)
    assert "12:05 sharp" in page
    assert "HST" in page
    assert str(there) in page
    assert str(here) not in page


def test_drafts_and_dispatches_are_ones_own(people: Cast, account: VendorAccount):
    mine, others = make_draft(people.alice, people.east, 1), make_draft(people.carol, people.west, 1)
    sent = make_dispatch(people.alice, people.east, 2)
    page = home(people.alice)
    assert mine.reference in page
    assert others.reference not in page
    assert "0 of 2 settled" in page
    assert "2 waiting" in page
    assert sent.reference in home(people.bob), "who never submits sees what the team sent"
    assert sent.reference not in home(people.carol)


def test_a_paused_account_is_told_to_everybody(people: Cast, account: VendorAccount):
    account.paused_at, account.paused_reason = timezone.now(), "Granite maintains its servers until noon"
    account.save()
    page = home(people.bob)
    assert "Paused" in page
    assert "maintains its servers" in page


def test_many_rows_ask_no_more_questions_than_few(people: Cast, account: VendorAccount):
    def count() -> int:
        browser = client_of(people.alice)
        browser.get("/")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            browser.get("/")
        return len(asked)

    def add_a_row(number: int) -> None:
        settle(make_dispatch(people.alice, people.east, 1), "unknown")
        settle(make_dispatch(people.alice, people.east, 1), "held", held_reason="credential")
        settle(make_dispatch(people.alice, people.east, 1), "rejected", settled_at=timezone.now())
        make_draft(people.alice, people.east, 1)
        location = make_dispatch(people.alice, people.east, 1).locations.get()
        start_at(location, timezone.now() + timedelta(minutes=1))
        give_ticket(location, 880000 + number)

    add_a_row(0)
    few = count()
    for number in range(1, 7):
        add_a_row(number)
    assert count() == few
    assert few <= 22
