"""Visits that may be meant only once: found, decided on the review page, and refused by the service while undecided."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import AuditEntry, VendorAccount
from portal.vendors.sandbox import Sandbox
from portal.vendors.sandbox.granite.accounts import ACCOUNTS
from tests.cast import Cast, client_of
from tests.dispatching import make_dispatch, make_draft, typed_row
from tests.page_forms import controls_of
from tests.tickets.scene import make_site, send
from tickets.models import Dispatch, Draft, Ticket
from tickets.services import repeat_choices, repeats, submitting
from tickets.services.repeat_choices import Undecided

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(people: Cast, account: VendorAccount) -> Client:
    return client_of(people.alice)


def sheet(people: Cast, *rows: dict[str, str]) -> Draft:
    draft = make_draft(people.alice, people.east, list(rows))
    draft.is_sheet = True
    draft.save()
    return draft


def on(days: int, start: str = "09:00", end: str = "12:00") -> dict[str, str]:
    day = (timezone.now() + timedelta(days=days)).date()
    return {"start_date": f"{day}T{start}", "end_date": f"{day}T{end}"}


def review(alice: Client, draft: Draft) -> Any:
    return alice.get(f"/drafts/{draft.pk}/review/")


def found(people: Cast, draft: Draft) -> list[repeats.Repeat]:
    planned = submitting.plan(draft, by=people.alice)
    assert planned.may_go, planned.checked.problems()
    return repeats.find_repeats(draft, planned.locations, by=people.alice)


def decide(alice: Client, draft: Draft, choice: str, **typed: str) -> str:
    page = review(alice, draft).content.decode()
    asked = controls_of(page, action="/repeats/")
    typed.setdefault("only", asked["only"])
    answer = alice.post(f"/drafts/{draft.pk}/repeats/", {"choice": choice, **typed}, follow=True)
    draft.refresh_from_db()
    return answer.content.decode()


def submit(alice: Client, draft: Draft) -> Any:
    page = review(alice, draft).content.decode()
    form = controls_of(page, action="/submit/")
    plan_hash = form.get("plan_hash") or re.findall(r"whole plan: <span class=\"mono\">(\w+)<", page)[0]
    return alice.post(f"/drafts/{draft.pk}/submit/", {"plan_hash": plan_hash})


def ticketed(people: Cast, *rows: dict[str, str]) -> Ticket:
    dispatch = make_dispatch(people.alice, people.east, list(rows))
    send(dispatch)
    return Ticket.objects.get(dispatch=dispatch)


# --- what is found ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 1),
        (on(1, "13:00", "15:00"), 1),  # the same day
        (on(2), 0),
        ({"location_name": "ANOTHER"}, 0),
        ({"location_number": "9"}, 0),
        ({"location_name": ACCOUNTS[0].site_name.upper()}, 1),
        ({"account_macnum": ACCOUNTS[1].macnum}, 0),
    ],
)
def test_the_same_place_on_the_same_day(
    alice: Client, people: Cast, changes: dict[str, str], count: int
) -> None:
    make_dispatch(people.alice, people.east, [typed_row(0)])
    draft = sheet(people, typed_row(0, **changes))
    assert len(found(people, draft)) == count


def test_a_site_of_ours_is_known_under_another_name(alice: Client, people: Cast) -> None:
    site = str(make_site(0).pk)
    make_dispatch(people.alice, people.east, [typed_row(0, site=site)])
    renamed = {"location_name": "The corner shop", "location_number": "77"}
    assert len(found(people, sheet(people, typed_row(0, site=site, **renamed)))) == 1
    typed_over = renamed | {"account_macnum": ACCOUNTS[1].macnum}
    assert found(people, sheet(people, typed_row(0, site=site, **typed_over))) == []


def test_a_window_may_overlap_from_the_day_before_in_another_zone(alice: Client, people: Cast) -> None:
    late = {**on(3, "22:00", "23:30"), "time_zone": "Pacific/Honolulu"}
    make_dispatch(people.alice, people.east, [typed_row(0, **late)])
    later = {**on(4, "06:30", "07:30"), "time_zone": "America/New_York"}
    assert found(people, sheet(people, typed_row(0, **later))) == []
    overlapping = {**on(4, "03:00", "05:00"), "time_zone": "America/New_York"}
    assert len(found(people, sheet(people, typed_row(0, **overlapping)))) == 1


def test_what_is_over_or_was_cancelled_repeats_nothing(alice: Client, people: Cast, box: Sandbox) -> None:
    ticket = ticketed(people, typed_row(0))
    cancelled = make_dispatch(people.alice, people.east, [typed_row(1)])
    message = cancelled.locations.get().message
    alice.post(f"/dispatches/{cancelled.pk}/messages/{message.pk}/cancel/")
    draft = sheet(people, typed_row(0), typed_row(1))
    assert [one.ticket_id for one in found(people, draft)] == [ticket.ticket_id]
    ticket.date_resolved = timezone.now()
    ticket.save()
    assert found(people, draft) == []


def test_other_teams_visits_are_not_told(alice: Client, people: Cast) -> None:
    make_dispatch(people.carol, people.west, [typed_row(0)])
    assert found(people, sheet(people, typed_row(0))) == []


def test_a_third_visit_within_thirty_days_is_a_warning_only(alice: Client, people: Cast) -> None:
    for days in (2, 9):
        make_dispatch(people.alice, people.east, [typed_row(0, **on(days))])
    far = sheet(people, typed_row(0, **on(40)))
    assert "visits within 30 days" not in review(alice, far).content.decode()
    draft = sheet(people, typed_row(0, **on(30)))
    page = review(alice, draft).content.decode()
    assert "gets 3 visits within 30 days with this one" in page
    assert f"/tickets/?q={ACCOUNTS[0].store_number}" in page
    assert submit(alice, draft).status_code == 302
    assert Dispatch.objects.filter(pk=draft.pk).exists()


# --- what is decided --------------------------------------------------------------------------------------------


def test_nothing_is_sent_while_a_visit_is_undecided(alice: Client, people: Cast) -> None:
    make_dispatch(people.alice, people.east, [typed_row(0)])
    draft = sheet(people, typed_row(0))
    page = review(alice, draft).content.decode()
    assert "submit-button" not in page
    refused = submit(alice, draft)
    assert refused.status_code == 409
    assert "nobody said whether that is meant. Nothing was sent." in refused.content.decode()
    with pytest.raises(Undecided):
        submitting.submit_draft(
            draft, by=people.alice, plan_hash=submitting.plan(draft, by=people.alice).hash
        )
    assert not Dispatch.objects.filter(pk=draft.pk).exists()


def test_sent_anyway_with_a_reason_that_is_kept(alice: Client, people: Cast) -> None:
    first = make_dispatch(people.alice, people.east, [typed_row(0)])
    draft = sheet(people, typed_row(0))
    assert "Say why a technician is meant to come" in decide(alice, draft, "send", reason="  \n ")
    page = decide(alice, draft, "send", reason="Two <b>racks</b>")
    assert "Sent anyway: “Two &lt;b&gt;racks&lt;/b&gt;” (Alice Warren)" in page
    assert submit(alice, draft)["Location"] == f"/dispatches/{draft.pk}/"
    entry = AuditEntry.objects.get(action="dispatch.repeats")
    (visit,) = entry.details["visits"]
    assert (visit["choice"], visit["reason"], visit["dispatch"]) == ("send", "Two <b>racks</b>", first.pk)
    page = alice.get(f"/dispatches/{draft.pk}/").content.decode()
    assert "Sent anyway: “Two &lt;b&gt;racks&lt;/b&gt;” (Alice Warren)" in page
    assert f'href="/dispatches/{first.pk}/"' in page


def test_a_decision_holds_for_its_two_visits_only(alice: Client, people: Cast) -> None:
    make_dispatch(people.alice, people.east, [typed_row(0)])
    make_dispatch(people.alice, people.east, [typed_row(0, **on(5))])
    draft = sheet(people, typed_row(0))
    decide(alice, draft, "send", reason="Two racks")
    assert "submit-button" in review(alice, draft).content.decode()
    draft.locations[0] |= on(5)
    draft.save()
    assert submit(alice, draft).status_code == 409


@pytest.mark.parametrize("is_sheet", [True, False])
def test_chained_to_the_ticket_before(alice: Client, people: Cast, box: Sandbox, is_sheet: bool) -> None:
    ticket = ticketed(people, typed_row(0))
    draft = sheet(people, typed_row(0), typed_row(1))
    Draft.objects.filter(pk=draft.pk).update(is_sheet=is_sheet)
    page = decide(alice, draft, "chain")
    assert "1 visit chained to the ticket before." in page
    assert "Chained: that ticket is its prior one." in page
    assert submit(alice, draft).status_code == 302
    dispatch = Dispatch.objects.get(pk=draft.pk)
    send(dispatch)
    messages = {location.message for location in dispatch.locations.select_related("message")}
    told = {dict(message.payload["fields"]).get("prior_ticket") for message in messages}
    assert told == {str(ticket.ticket_id), None}
    assert f"Chained to ticket {ticket.ticket_id}" in alice.get(f"/dispatches/{draft.pk}/").content.decode()


def test_a_chain_may_become_a_reason(alice: Client, people: Cast, box: Sandbox) -> None:
    ticketed(people, typed_row(0))
    draft = sheet(people, typed_row(0))
    decide(alice, draft, "chain")
    assert draft.locations[0]["prior_ticket"]
    decide(alice, draft, "send", reason="Other work")
    assert draft.locations[0]["prior_ticket"] == ""
    assert submit(alice, draft).status_code == 302


def test_left_out_can_be_taken_back(alice: Client, people: Cast) -> None:
    make_dispatch(people.alice, people.east, [typed_row(0)])
    draft = sheet(people, typed_row(0), typed_row(1))
    assert "1 row removed." in decide(alice, draft, "leave")
    assert [row["location_number"] for row in draft.locations] == [ACCOUNTS[1].store_number]
    assert draft.row_changes.get().done == "1 row removed"
    assert submit(alice, draft).status_code == 302


def test_the_same_for_all(alice: Client, people: Cast) -> None:
    make_dispatch(people.alice, people.east, 3)
    draft = sheet(people, *(typed_row(index) for index in range(4)), typed_row(3))
    asked = controls_of(review(alice, draft).content.decode(), action="/repeats/")
    seen = asked["all_of"]
    make_dispatch(people.alice, people.east, [typed_row(3)])  # meanwhile
    page = decide(alice, draft, "send", only="", all_of=seen, reason="Two shifts")
    assert "These visits changed meanwhile" in page
    now = controls_of(page, action="/repeats/")["all_of"]
    page = decide(alice, draft, "send", only="", all_of=now, reason="Two shifts")
    assert "6 visits will be sent anyway." in page
    assert "All is decided" in page
    assert submit(alice, draft).status_code == 302


def test_all_that_have_a_ticket_are_chained(alice: Client, people: Cast, box: Sandbox) -> None:
    send(make_dispatch(people.alice, people.east, 2))
    make_dispatch(people.alice, people.east, [typed_row(2)])
    draft = sheet(people, *(typed_row(index) for index in range(3)))
    seen = controls_of(review(alice, draft).content.decode(), action="/repeats/")["all_of"]
    page = decide(alice, draft, "chain", only="", all_of=seen)
    assert "2 visits chained to the ticket before. 1 could not be" in page
    assert submit(alice, draft).status_code == 409


@pytest.mark.parametrize(
    "typed",
    [
        {"choice": ""},
        {"choice": "burn", "only": "x"},
        {"choice": "send", "reason": "a", "only": "x"},
        {"choice": "send", "reason": "a"},
        {"choice": "leave", "all_of": "\x00"},
        {"choice": "chain", "only": "x" * 100_000},
    ],
)
def test_what_no_page_of_ours_sends(alice: Client, people: Cast, typed: dict[str, str]) -> None:
    make_dispatch(people.alice, people.east, [typed_row(0)])
    draft = sheet(people, typed_row(0))
    answer = alice.post(f"/drafts/{draft.pk}/repeats/", typed, follow=True)
    assert answer.status_code == 200
    draft.refresh_from_db()
    assert len(draft.locations) == 1
    assert "repeats" not in draft.locations[0]


def test_many_rows_cost_no_more_questions(alice: Client, people: Cast) -> None:
    counted = []
    for size in (3, 300):
        rows = [
            typed_row(index % 50, location_name=f"Store {size} {index}", location_number=f"{size}-{index}")
            for index in range(size)
        ]
        make_dispatch(people.alice, people.east, [dict(row) for row in rows])
        draft = sheet(people, *rows)
        planned = submitting.plan(draft, by=people.alice)
        with CaptureQueriesContext(connection) as asked:
            assert len(repeats.find_repeats(draft, planned.locations, by=people.alice)) == size
        counted.append(len(asked))
    assert counted == [2, 2]
    page = review(alice, draft).content.decode()
    assert "300 visits repeat another one" in page
    assert "And 250 more, which follow when these are decided." in page


def test_two_who_submit_at_once_wait_for_each_other(alice: Client, people: Cast) -> None:
    draft = sheet(people, typed_row(0))
    planned = submitting.plan(draft, by=people.alice)
    with CaptureQueriesContext(connection) as asked:
        submitting.submit_draft(draft, by=people.alice, plan_hash=planned.hash)
    said = [query["sql"] for query in asked]
    lock = next(index for index, sql in enumerate(said) if "pg_advisory_xact_lock" in sql)
    look = next(index for index, sql in enumerate(said) if "date_resolved" in sql)
    assert lock < look
    assert not AuditEntry.objects.filter(action=repeat_choices.DEED).exists()
