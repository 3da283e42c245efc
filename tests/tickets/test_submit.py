"""From a filled draft to promises in the outbox: once, whole, and exactly what was reviewed."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections

from portal import outbox
from portal.models import AuditEntry, Message, Team
from tests.cast import Cast, make_people, make_person
from tests.portal.outbox_parts import make_account
from tests.tickets.wizard_kit import PLACE, WINDOW, Browser, make_site, row
from tickets import payloads
from tickets.models import Dispatch, Draft, Location
from tickets.services.submitting import plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(people: Cast) -> Browser:
    make_account()
    return Browser(people.alice)


@pytest.fixture
def draft(alice: Browser) -> Draft:
    draft = alice.begin()
    alice.fill(draft)
    return draft


def test_a_dispatch_is_promised_with_its_messages_locations_and_audit(alice: Browser) -> None:
    draft = alice.begin()
    alice.fill(draft, places=12)
    response = alice.submit(draft)
    dispatch = Dispatch.objects.get()
    assert response["Location"] == f"/dispatches/{draft.pk}/"
    assert [m.reference for m in Message.objects.order_by("id")] == [
        f"DSP-{draft.pk:06d}-1",
        f"DSP-{draft.pk:06d}-2",
    ]
    assert [m.weight for m in Message.objects.order_by("id")] == [10, 2]
    assert {m.priority for m in Message.objects.all()} == {Message.BULK}
    assert [m.chunk for m in Message.objects.order_by("id")] == [
        f"dispatch:{draft.pk}:1",
        f"dispatch:{draft.pk}:2",
    ]
    assert list(Location.objects.values_list("position", "index")[9:12]) == [(9, 9), (10, 0), (11, 1)]
    entry = AuditEntry.objects.get(action="dispatch.submitted")
    assert (entry.by, entry.about_id) == (alice.person, str(dispatch.pk))
    assert entry.details["locations"] == 12


def test_a_single_message_goes_before_the_bulk(alice: Browser, draft: Draft) -> None:
    alice.submit(draft)
    assert Message.objects.get().priority == Message.INTERACTIVE


def test_what_is_promised_is_what_was_shown(alice: Browser, draft: Draft) -> None:
    review = alice.open(draft, "review")
    shown = review.context["plan"].messages[0]
    alice.submit(draft)
    message = Message.objects.get()
    assert message.payload == shown.payload
    assert message.payload_hash == shown.payload_hash == outbox.payload_hash(message.payload)
    fields = dict(message.payload["fields"])
    assert fields["customer_ticket_number"] == f"DSP-{draft.pk:06d}-1"
    assert json.loads(fields["locations"]) == [
        {
            "location_name": "Store 12",
            "location_number": "0012",
            "local_contact_name": "Sam Poe",
            "local_contact_number": 5551234567,
            "account_macnum": "03526768",
            "start_date": "2027-02-03T09:00:00",
            "end_date": "2027-02-03T12:00:00",
        }
    ]
    for value in (fields["locations"], shown.payload_hash, shown.payload["boundary"]):
        assert value.replace('"', "&quot;") in review.content.decode()


def test_a_draft_changed_since_the_review_is_not_sent(alice: Browser, draft: Draft) -> None:
    seen = alice.open(draft, "review").context["plan"].hash
    alice.press(draft, "what", initial_description="Something else.", go="next")
    response = alice.client.post(alice.url(draft, "submit/"), {"plan_hash": seen})
    assert response.status_code == 409
    assert "The draft changed since you reviewed it" in response.content.decode()
    assert not Dispatch.objects.exists()
    again = alice.client.post(alice.url(draft, "submit/"), {"plan_hash": response.context["plan"].hash})
    assert again["Location"] == f"/dispatches/{draft.pk}/"


def test_a_smaller_message_size_also_needs_a_new_look(alice: Browser) -> None:
    draft = alice.begin()
    alice.fill(draft, places=2)
    seen = alice.open(draft, "review").context["plan"].hash
    draft.account.__class__.objects.update(locations_per_message=1)
    assert alice.client.post(alice.url(draft, "submit/"), {"plan_hash": seen}).status_code == 409
    assert not Message.objects.exists()


def test_pressing_twice_leads_to_the_same_dispatch(alice: Browser, draft: Draft) -> None:
    seen = alice.open(draft, "review").context["plan"].hash
    first, second = (alice.client.post(alice.url(draft, "submit/"), {"plan_hash": seen}) for _ in range(2))
    assert first["Location"] == second["Location"] == f"/dispatches/{draft.pk}/"
    assert Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_fifty_submits_at_once_make_one_dispatch() -> None:
    people = make_people()
    make_account()
    browsers = [Browser(people.alice) for _ in range(50)]
    draft = browsers[0].begin()
    browsers[0].fill(draft)
    seen = browsers[0].open(draft, "review").context["plan"].hash

    def submit(browser: Browser) -> str:
        try:
            return browser.client.post(browser.url(draft, "submit/"), {"plan_hash": seen})["Location"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        answers = set(pool.map(submit, browsers))
    assert answers == {f"/dispatches/{draft.pk}/"}
    assert (Dispatch.objects.count(), Message.objects.count(), Location.objects.count()) == (1, 1, 1)
    assert AuditEntry.objects.filter(action="dispatch.submitted").count() == 1


def test_wrong_drafts_are_not_sent_even_with_a_hash(alice: Browser) -> None:
    draft = alice.begin()
    for given in ("", "0" * 64):
        assert alice.client.post(alice.url(draft, "submit/"), {"plan_hash": given}).status_code == 409
    assert not Dispatch.objects.exists()


def test_others_may_not_submit(alice: Browser, draft: Draft, people: Cast) -> None:
    seen = alice.open(draft, "review").context["plan"].hash
    for person, status in ((people.carol, 404), (people.bob, 403), (people.mia, 403)):
        response = Browser(person).client.post(alice.url(draft, "submit/"), {"plan_hash": seen})
        assert response.status_code == status
    assert not Dispatch.objects.exists()


def test_a_colleague_of_the_team_may_submit(alice: Browser, draft: Draft, people: Cast) -> None:
    dora = make_person("dora", "Dora Hall", "dispatcher", people.east)
    Browser(dora).submit(draft)
    assert Dispatch.objects.get().submitted_by == dora


def test_a_discarded_draft_is_not_sent(alice: Browser, draft: Draft) -> None:
    seen = alice.open(draft, "review").context["plan"].hash
    alice.client.post(alice.url(draft, "discard/"))
    response = alice.client.post(alice.url(draft, "submit/"), {"plan_hash": seen}, follow=True)
    assert "was discarded. Nothing of it will be sent." in response.content.decode()
    assert not Dispatch.objects.exists()


def test_a_failure_on_the_way_leaves_nothing(alice: Browser, draft: Draft) -> None:
    with connection.cursor() as cursor:  # the last thing a submit writes is refused by the database
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "ALTER TABLE portal_auditentry ADD CONSTRAINT refuse CHECK (action <> 'dispatch.submitted') NOT VALID"
        )
    alice.client.raise_request_exception = False
    assert alice.submit(draft).status_code == 500
    assert not Dispatch.objects.exists()
    assert not Message.objects.exists()


def test_the_team_chosen_is_the_team_of_the_dispatch(alice: Browser, people: Cast) -> None:
    people.alice.teams.add(south := Team.objects.create(name="Field South"))
    draft = alice.begin()
    alice.fill(draft, what={"team": str(south.pk)})
    alice.submit(draft)
    assert Dispatch.objects.get().team == south


def test_a_team_one_is_not_in_cannot_be_chosen(alice: Browser, people: Cast) -> None:
    people.alice.teams.add(Team.objects.create(name="Field South"))
    draft = alice.begin()
    response = alice.press(draft, "what", team=str(people.west.pk), go="next")
    assert "team" in response.context["form"].errors
    draft.refresh_from_db()
    assert draft.team == people.east


def test_a_hard_start_sends_the_start_as_its_end(alice: Browser, draft: Draft) -> None:
    alice.press(draft, "when", **row(0, WINDOW | {"hard_start": "on", "end_date": "nonsense"}), go="next")
    alice.submit(draft)
    location = Location.objects.get()
    assert location.is_hard_start
    sent = json.loads(dict(Message.objects.get().payload["fields"])["locations"])[0]
    assert sent["end_date"] == sent["start_date"] == "2027-02-03T09:00:00"


def test_one_time_at_four_zones_is_each_sites_own_morning(alice: Browser) -> None:
    draft = alice.begin()
    alice.fill(draft, places=4)
    zones = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")
    typed = {}
    for index, zone in enumerate(zones):
        typed |= row(index, {"time_zone": zone})
    alice.press(draft, "where", **typed, go="next")
    shared = {"same_for_all": "on", "all-start_date": "2027-03-15T08:00", "all-end_date": "2027-03-15T12:00"}
    assert alice.press(draft, "when", **shared, go="next").status_code == 302
    alice.submit(draft)
    assert [location.local_start.strftime("%H:%M") for location in Location.objects.all()] == ["08:00"] * 4
    assert [location.starts_at.hour for location in Location.objects.all()] == [
        12,
        13,
        14,
        15,
    ]  # a day after DST


def test_the_site_a_location_came_from_stays_with_it(alice: Browser) -> None:
    draft = alice.begin()
    alice.fill(draft)
    site = make_site()
    alice.press(draft, "where", to="where/add/", add=f"site:{site.pk}")
    alice.press(draft, "where", **{"locations-1-account_macnum": "0077"}, go="next")
    alice.press(draft, "when", **row(1, WINDOW), go="next")
    alice.submit(draft)
    assert list(Location.objects.values_list("site", flat=True)) == [None, site.pk]


def test_the_plan_is_rebuilt_from_what_was_typed(alice: Browser, draft: Draft) -> None:
    draft.refresh_from_db()
    planned = plan(draft, by=alice.person)
    again = plan(Draft.objects.get(pk=draft.pk), by=alice.person)
    assert planned.hash == again.hash
    assert planned.hash == payloads.plan_hash(draft.account, planned.messages)
    assert PLACE["local_contact_number"] in draft.locations[0]["local_contact_number"]
