"""What recurs is made once for each day, in good time, and never late into the past."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from portal import arming
from portal.models import AuditEntry, Message
from tests.cast import Cast, client_of
from tests.dispatching import make_dispatch, make_draft, typed_row
from tests.portal.outbox_parts import make_account
from tests.tickets.repeating import at, make_recurrence
from tickets.models import Dispatch, Draft, Occurrence, Recurrence
from tickets.services import recurring
from tickets.services.recurring import make_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(people: Cast) -> Draft:
    make_account()
    row = typed_row(0, time_zone="America/New_York")
    return make_draft(people.alice, people.east, [row], po_number="PO-9")


@pytest.fixture
def reviewed(people: Cast, draft: Draft) -> Recurrence:
    return make_recurrence(people.alice, draft)


@pytest.fixture
def by_itself(people: Cast, draft: Draft) -> Recurrence:
    return make_recurrence(people.alice, draft, mode="submit")


def told(recurrence: Recurrence) -> list[tuple[date, str]]:
    return list(recurrence.occurrences.order_by("day").values_list("day", "outcome"))


def test_nothing_is_made_before_its_time_and_one_draft_when_it_comes(reviewed: Recurrence) -> None:
    assert make_due(at(1, 23)) == 0  # the visit is on Monday the 4th, two days of lead begin at midnight
    assert make_due(at(2, 0)) == 1
    assert make_due(at(2, 0)) == make_due(at(3)) == 0
    (one,) = reviewed.occurrences.all()
    made = one.draft
    assert made is not None
    assert (one.day, one.outcome) == (date(2027, 1, 4), "review")
    assert (made.created_by, made.team, made.what["po_number"]) == (reviewed.made_by, reviewed.team, "PO-9")
    (row,) = made.locations
    assert (row["start_date"], row["end_date"]) == ("2027-01-04T08:00", "2027-01-04T12:00")
    assert not made.is_submitted
    assert AuditEntry.objects.filter(action="recurrence.review", by=None).count() == 1


def test_it_submits_itself_as_its_owner(by_itself: Recurrence) -> None:
    make_due(at(2))
    dispatch = Dispatch.objects.get()
    assert told(by_itself) == [(date(2027, 1, 4), "submitted")]
    assert dispatch.submitted_by == by_itself.made_by
    assert f"{dispatch.locations.get().local_start:%Y-%m-%d %H:%M}" == "2027-01-04 08:00"
    assert Message.objects.get().reference == f"{dispatch.reference}-1"
    make_due(at(9))
    assert Dispatch.objects.count() == 2


def test_the_database_takes_one_occurrence_for_a_day(reviewed: Recurrence) -> None:
    make_due(at(2))
    with pytest.raises(IntegrityError), transaction.atomic():
        Occurrence.objects.create(recurrence=reviewed, day=date(2027, 1, 4), outcome="missed")


def test_what_went_by_while_everything_was_down_is_missed_and_what_is_ahead_is_made(
    by_itself: Recurrence,
) -> None:
    make_due(at(23))  # Saturday; the 4th and the 11th went by, the 18th is a holiday, the 25th is due
    assert told(by_itself) == [
        (date(2027, 1, 4), "missed"),
        (date(2027, 1, 11), "missed"),
        (date(2027, 1, 18), "skipped"),
        (date(2027, 1, 25), "submitted"),
    ]
    assert Dispatch.objects.get().locations.get().local_start.day == 25
    assert "Nobody was sent" in by_itself.occurrences.get(day="2027-01-04").why
    assert "Martin Luther King" in by_itself.occurrences.get(day="2027-01-18").why


def test_a_visit_of_which_the_window_has_begun_is_missed(by_itself: Recurrence) -> None:
    make_due(at(4, 8))
    assert told(by_itself) == [(date(2027, 1, 4), "missed")]
    assert not Dispatch.objects.exists()


def test_a_holiday_moves_the_visit_to_the_next_working_day(people: Cast, draft: Draft) -> None:
    moved = make_recurrence(
        people.alice, draft, mode="submit", on_holidays="next working day", starts_on=date(2027, 1, 18)
    )
    assert make_due(at(16, 12)) == 0  # two days before the 18th: it is the 19th that counts
    make_due(at(17))
    one = moved.occurrences.get()
    assert (one.day, one.moved_to, one.outcome) == (date(2027, 1, 18), date(2027, 1, 19), "submitted")
    assert Dispatch.objects.get().locations.get().local_start.day == 19


def test_every_place_has_the_window_on_its_own_clock(people: Cast) -> None:
    make_account()
    rows = [typed_row(0, time_zone="America/New_York"), typed_row(1, time_zone="Pacific/Honolulu")]
    make_recurrence(people.alice, make_draft(people.alice, people.east, rows), mode="submit")
    make_due(at(2))
    assert [f"{one.local_start:%H:%M %Z}" for one in Dispatch.objects.get().locations.all()] == [
        "08:00 EST",
        "08:00 HST",
    ]


def spoil(recurrence: Recurrence, **values: str) -> None:
    recurrence.locations = [{**row, **values} for row in recurrence.locations]
    recurrence.save()


def break_phone(recurrence: Recurrence) -> None:
    spoil(recurrence, local_contact_number="12")


def send_somebody_there(recurrence: Recurrence) -> None:
    row = {**recurrence.locations[0], "start_date": "2027-01-04T09:00", "end_date": "2027-01-04T10:00"}
    make_dispatch(recurrence.made_by, recurrence.team, [row])


def shut_out(recurrence: Recurrence) -> None:
    recurrence.made_by.is_active = False
    recurrence.made_by.save()


def leave_the_team(recurrence: Recurrence) -> None:
    recurrence.made_by.teams.clear()


def lose_the_role(recurrence: Recurrence) -> None:
    recurrence.made_by.groups.clear()


@pytest.mark.parametrize(
    ("spoiled", "words"),
    [
        (break_phone, "phone"),
        (send_somebody_there, "Possible duplicate."),
        (shut_out, "has no access any more"),
        (leave_the_team, "may no longer dispatch for Field East"),
        (lose_the_role, "may no longer dispatch for Field East"),
    ],
)
def test_what_should_not_go_by_itself_becomes_a_draft_that_says_why(
    people: Cast, by_itself: Recurrence, spoiled: Any, words: str
) -> None:
    spoiled(by_itself)
    before = Dispatch.objects.count()
    make_due(at(2))
    one = by_itself.occurrences.get()
    assert (one.outcome, Dispatch.objects.count()) == ("review", before)
    assert words in one.why
    assert one.draft is not None
    # Root sees every team, whoever left it.
    home = client_of(people.root).get("/").content.decode()
    assert "Recurring, to be reviewed" in home
    assert f"/drafts/{one.draft.pk}/review/" in home
    assert (
        "It did not submit itself"
        in client_of(people.root).get(f"/drafts/{one.draft.pk}/review/").content.decode()
    )


def test_a_reviewed_draft_leaves_home(people: Cast, reviewed: Recurrence) -> None:
    make_due(at(2))
    alice = client_of(people.alice)
    assert "Recurring, to be reviewed" in alice.get("/").content.decode()
    alice.post(f"/drafts/{reviewed.occurrences.get().draft_id}/discard/")
    assert "Recurring, to be reviewed" not in alice.get("/").content.decode()
    assert "Discarded" in alice.get(f"/recurring/{reviewed.pk}/").content.decode()


def test_paused_nothing_is_made_and_resumed_only_what_is_ahead(people: Cast, by_itself: Recurrence) -> None:
    alice = client_of(people.alice)
    assert alice.post(f"/recurring/{by_itself.pk}/pause/", {"reason": " "}).status_code == 400
    alice.post(f"/recurring/{by_itself.pk}/pause/", {"reason": "The store is closed."})
    assert make_due(at(30)) == 0
    assert "The store is closed." in alice.get(f"/recurring/{by_itself.pk}/").content.decode()
    alice.post(f"/recurring/{by_itself.pk}/resume/")
    make_due(at(30))
    assert told(by_itself)[-1] == (date(2027, 2, 1), "submitted")
    assert Dispatch.objects.count() == 1
    actions = AuditEntry.objects.filter(about_type="tickets.recurrence", by=people.alice).values_list(
        "action", flat=True
    )
    assert set(actions) == {"recurrence.set up", "recurrence.paused", "recurrence.resumed"}


def test_what_went_by_in_a_pause_says_so(people: Cast, draft: Draft) -> None:
    yesterday = date.today() - timedelta(days=1)
    paused = make_recurrence(
        people.alice, draft, starts_on=yesterday, weekdays=[yesterday.weekday()], on_holidays="as usual"
    )
    recurring.pause(paused, "The store is closed.", by=people.alice)
    recurring.resume(paused, by=people.alice)
    one = paused.occurrences.get()
    assert (one.day, one.outcome) == (yesterday, "missed")
    assert one.why == "It was paused then: The store is closed."


def test_ended_it_makes_nothing_any_more(people: Cast, by_itself: Recurrence) -> None:
    alice = client_of(people.alice)
    alice.post(f"/recurring/{by_itself.pk}/end/", {"reason": "Contract over."})
    assert make_due(at(30)) == 0
    page = alice.post(f"/recurring/{by_itself.pk}/resume/", follow=True).content.decode()
    assert "This recurring dispatch was ended" in page
    assert "Contract over." in page


def test_a_copy_that_may_not_send_makes_nothing_and_leaves_it_due(
    people: Cast, by_itself: Recurrence
) -> None:
    arming.disarm(by=people.root, reason="a copy for training")
    assert make_due(at(2)) == 0
    assert told(by_itself) == []
    assert not Dispatch.objects.exists()
    arming.arm(by=people.root, reason="it is the real one")
    make_due(at(3))
    assert told(by_itself) == [(date(2027, 1, 4), "submitted")]


def test_one_that_breaks_does_not_stop_the_others(people: Cast, draft: Draft, by_itself: Recurrence) -> None:
    broken = make_recurrence(people.alice, draft)
    Recurrence.objects.filter(pk=broken.pk).update(pattern="weekly", weekdays=[99])
    first = Recurrence.objects.create(
        **{
            field.attname: getattr(broken, field.attname)
            for field in Recurrence._meta.concrete_fields
            if field.attname not in ("id", "form_key", "weekdays")
        },
        form_key="00000000-0000-0000-0000-000000000001",
        weekdays=[0],
    )
    make_due(at(2))
    assert (len(told(by_itself)), len(told(first)), len(told(broken))) == (1, 1, 0)


def test_a_window_that_had_begun_when_it_was_set_up_was_nobodys_fault(people: Cast, draft: Draft) -> None:
    late = make_recurrence(people.alice, draft)
    Recurrence.objects.filter(pk=late.pk).update(made_at=at(4, 10))
    make_due(at(4, 11))
    assert "It was set up when this window had already begun" in late.occurrences.get().why


def test_an_hour_that_comes_twice_is_looked_at_by_a_person(people: Cast, draft: Draft) -> None:
    night = {"window_start": time(1, 30), "window_end": time(3), "weekdays": [6]}
    twice = make_recurrence(people.alice, draft, mode="submit", starts_on=date(2027, 11, 7), **night)
    make_due(at(6, month=11))
    one = twice.occurrences.get()
    assert one.outcome == "review"
    assert "comes twice that night" in one.why
