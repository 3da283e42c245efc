"""Setting up what recurs, through its pages: everything wrong said at its place, the next five shown before and after."""

import uuid
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.cast import Cast, client_of
from tests.dispatching import make_draft, typed_row
from tests.portal.outbox_parts import make_account
from tests.tickets.repeating import at, make_recurrence
from tests.tickets.wizard_kit import form_of
from tickets.models import Draft, Recurrence
from tickets.recurrence import day_words
from tickets.services.recurring import make_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(people: Cast) -> Draft:
    make_account()
    return make_draft(people.alice, people.east, [typed_row(0, time_zone="America/New_York")])


def page_of(client: Any, draft: Draft) -> dict[str, str]:
    return form_of(client.get(f"/drafts/{draft.pk}/repeat/"), "recurring")


def test_from_a_draft_with_its_window(people: Cast, draft: Draft) -> None:
    alice = client_of(people.alice)
    page = page_of(alice, draft)
    assert (page["window_start"], page["window_end"], page["on_holidays"]) == ("09:00", "12:00", "skip")
    answer = alice.post(f"/drafts/{draft.pk}/repeat/", page | {"weekdays": "1", "every": "2"})
    made = Recurrence.objects.get()
    assert answer["Location"] == made.get_absolute_url()
    shown = alice.get(made.get_absolute_url()).content.decode()
    assert "Every second Tuesday, 09:00–12:00 at each site, not on holidays" in shown
    assert (shown.count("09:00–12:00 EST") + shown.count("09:00–12:00 EDT")) == 5
    again = alice.post(f"/drafts/{draft.pk}/repeat/", page | {"weekdays": "1"})
    assert again["Location"] == made.get_absolute_url()
    assert Recurrence.objects.count() == 1
    assert "Every second Tuesday" in alice.get("/recurring/").content.decode()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"weekdays": []}, "Tick at least one weekday."),
        ({"every": "0"}, "Enter a number from 1 to 52."),
        ({"every": "often"}, "This is not a whole number."),
        ({"pattern": "month day", "day_of_month": ""}, "Enter a number."),
        ({"pattern": "month day", "day_of_month": "32"}, "Enter a number from 1 to 31."),
        ({"pattern": "hourly"}, "Select a valid choice"),
        ({"starts_on": "2001-01-01"}, "is past"),
        ({"starts_on": "9999-12-31"}, "more than two years ahead"),
        ({"starts_on": "31.12.2027"}, "is not a day"),
        ({"ends": "day", "ends_on": "2026-01-01"}, "This is before it begins."),
        ({"ends": "times", "count": ""}, "Enter a number."),
        ({"window_start": ""}, "Enter the time."),
        ({"window_end": "07:00"}, "The end must be after the start"),
        ({"lead_days": "61"}, "Enter a number from 0 to 60."),
        ({"name": ""}, "Enter the name."),
        ({"name": "x\x00y"}, "Null characters are not allowed"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    people: Cast, draft: Draft, typed: dict[str, Any], words: str
) -> None:
    alice = client_of(people.alice)
    page: dict[str, Any] = page_of(alice, draft) | {"weekdays": ["1"], "lead_days": "3"}
    answer = alice.post(f"/drafts/{draft.pk}/repeat/", page | typed)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Recurrence.objects.exists()
    kept = form_of(answer, "recurring")
    assert kept["form_key"] == page["form_key"]
    if "lead_days" not in typed:
        assert kept["lead_days"] == "3"


def test_what_a_pattern_does_not_ask_for_is_not_judged(people: Cast, draft: Draft) -> None:
    alice = client_of(people.alice)
    page = page_of(alice, draft) | {
        "pattern": "month weekday",
        "nth": "-1",
        "weekday": "4",
        "day_of_month": "99",
        "count": "many",
        "ends_on": "soon",
        "hard_start": "on",
        "window_end": "06:00",
    }
    alice.post(f"/drafts/{draft.pk}/repeat/", page)
    made = Recurrence.objects.get()
    assert made.words.startswith("on the last Friday of every month, 09:00 sharp at each site")


def test_the_next_visits_are_shown_before_it_is_set_up(people: Cast, draft: Draft) -> None:
    alice = client_of(people.alice)
    page = page_of(alice, draft) | {"weekdays": "1"}
    piece = alice.post(f"/drafts/{draft.pk}/repeat/?preview=1", page, HTTP_HX_REQUEST="true").content.decode()
    assert "<html" not in piece
    assert piece.count('class="run-day"') >= 5
    whole = alice.post(f"/drafts/{draft.pk}/repeat/?preview=1", page).content.decode()
    assert "<html" in whole
    assert not Recurrence.objects.exists()


def test_holidays_and_clocks_are_named_among_the_next_visits(people: Cast, draft: Draft) -> None:
    # Sundays at half past two; on the second one that time does not exist.
    Draft.objects.filter(pk=draft.pk).update(
        locations=[draft.locations[0] | {"start_date": "2040-03-04T02:30", "end_date": "2040-03-04T04:00"}]
    )
    draft.refresh_from_db()
    values = {"weekdays": [6], "starts_on": date(2040, 3, 4)}
    made = make_recurrence(people.alice, draft, **values, window_start=time(2, 30), window_end=time(4))
    page = client_of(people.alice).get(made.get_absolute_url()).content.decode()
    assert "02:30 does not exist in America/New York that night" in page
    assert "EDT instead of EST from here on" in page
    skipped = make_recurrence(people.alice, draft, starts_on=date(2040, 5, 21))
    page = client_of(people.alice).get(skipped.get_absolute_url()).content.decode()
    assert "Memorial Day: no visit." in page


def test_by_itself_only_what_could_go(people: Cast, draft: Draft) -> None:
    Draft.objects.filter(pk=draft.pk).update(locations=[draft.locations[0] | {"local_contact_number": "12"}])
    alice = client_of(people.alice)
    page = page_of(alice, draft) | {"weekdays": "1", "mode": "submit"}
    answer = alice.post(f"/drafts/{draft.pk}/repeat/", page)
    assert answer.status_code == 400
    assert "It cannot submit itself" in answer.content.decode()
    assert alice.post(f"/drafts/{draft.pk}/repeat/", page | {"mode": "review"}).status_code == 302


def test_a_sheet_is_judged_row_by_row(people: Cast, draft: Draft) -> None:
    rows = [
        draft.locations[0],
        draft.locations[0] | {"row": "b", "location_name": "Two", "local_contact_number": "1"},
    ]
    Draft.objects.filter(pk=draft.pk).update(is_sheet=True, locations=rows)
    tomorrow = timezone.localdate() + timedelta(days=1)
    alice = client_of(people.alice)
    page = page_of(alice, draft) | {
        "weekdays": str(tomorrow.weekday()),
        "mode": "submit",
        "on_holidays": "as usual",
    }
    assert "Row 2" in alice.post(f"/drafts/{draft.pk}/repeat/", page).content.decode()
    Draft.objects.filter(pk=draft.pk).update(locations=rows[:1])
    alice.post(f"/drafts/{draft.pk}/repeat/", page)
    made = Recurrence.objects.get()
    assert made.is_sheet
    make_due()
    assert made.occurrences.get().outcome == "submitted"


def test_nowhere_to_go(people: Cast, draft: Draft) -> None:
    Draft.objects.filter(pk=draft.pk).update(locations=[])
    alice = client_of(people.alice)
    tomorrow = date.today() + timedelta(days=1)
    page = page_of(alice, draft) | {
        "weekdays": str(tomorrow.weekday()),
        "window_start": "09:00",
        "window_end": "10:00",
    }
    answer = alice.post(f"/drafts/{draft.pk}/repeat/", page)
    assert "There is no location to come back to" in answer.content.decode()


def test_another_persons_page_makes_nothing(people: Cast, draft: Draft) -> None:
    made = make_recurrence(people.alice, draft)
    people.carol.teams.add(people.east)
    carol = client_of(people.carol)
    page = page_of(carol, draft) | {"weekdays": "1", "form_key": str(made.form_key)}
    assert "somebody else" in carol.post(f"/drafts/{draft.pk}/repeat/", page).content.decode()
    page["form_key"] = "no key"
    assert carol.post(f"/drafts/{draft.pk}/repeat/", page).status_code == 400
    assert (
        carol.post(f"/drafts/{draft.pk}/repeat/", page | {"form_key": str(uuid.uuid4())}).status_code == 302
    )


def test_past_occurrences_lead_to_what_they_made(people: Cast, draft: Draft) -> None:
    made = make_recurrence(people.alice, draft, mode="submit", starts_on=date(2040, 1, 2))
    make_due(at(14, 12, year=2040))  # the 9th went by; the 2nd and the 16th are holidays
    page = client_of(people.alice).get(made.get_absolute_url()).content.decode()
    assert (page.count("<span>Missed</span>"), page.count("<span>No visit</span>")) == (1, 2)
    assert day_words(date(2040, 1, 23)) in page
    make_due(at(21, year=2040))
    page = client_of(people.alice).get(made.get_absolute_url()).content.decode()
    one = made.occurrences.get(day=date(2040, 1, 23))
    assert f"/dispatches/{one.draft_id}/" in page
