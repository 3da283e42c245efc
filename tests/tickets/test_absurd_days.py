"""Days at the ends of the calendar, which break sums across time zones: said at the field, never an error of ours."""

import pytest

from tests.cast import Cast, client_of
from tests.portal.outbox_parts import make_account
from tests.tickets.wizard_kit import Browser, row


@pytest.mark.parametrize("day", ["0001-01-01", "0001-01-03", "1999-12-31", "2200-01-01", "9999-12-31"])
@pytest.mark.parametrize("name", ["since", "until"])
def test_a_list_is_asked_for_an_absurd_day(people: Cast, name: str, day: str):
    answer = client_of(people.alice).get(f"/tickets/?{name}={day}")
    assert answer.status_code == 200
    assert "Ensure this value is" in answer.content.decode()


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati", "Pacific/Honolulu"])
@pytest.mark.parametrize("year", ["0001", "1999", "2200", "9999"])
def test_a_visit_on_an_absurd_day_is_said_at_its_field(people: Cast, zone: str, year: str):
    make_account()
    alice = Browser(people.alice)
    draft = alice.begin()
    alice.fill(draft)
    alice.press(draft, "where", **row(0, {"time_zone": zone}), go="next")
    window = {"start_date": f"{year}-12-31T23:30", "end_date": f"{year}-12-31T23:59"}
    answer = alice.press(draft, "when", **row(0, window), go="next")
    assert answer.status_code == 200
    assert "is not a date and time" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.locations[0]["start_date"] == window["start_date"], "what was typed stays"
    shared = {
        "same_for_all": "on",
        "all-start_date": window["start_date"],
        "all-end_date": window["end_date"],
    }
    answer = alice.client.post(alice.url(draft, "save/when/"), shared | {"locations-TOTAL_FORMS": "0"})
    for page in ("when/?check=1", "review/"):
        assert alice.client.get(alice.url(draft, page)).status_code == 200
