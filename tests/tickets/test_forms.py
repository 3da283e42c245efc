"""Every rule of Granite's create ticket, at its field, through the steps of the wizard."""

import pytest

from tests.cast import Cast
from tests.portal.outbox_parts import make_account
from tests.tickets.wizard_kit import PLACE, WHAT, WINDOW, Browser, row
from tickets.models import Draft

pytestmark = pytest.mark.django_db
LONG = "x" * 300


@pytest.fixture
def alice(people: Cast) -> Browser:
    make_account()
    return Browser(people.alice)


@pytest.fixture
def draft(alice: Browser) -> Draft:
    draft = alice.begin()
    alice.fill(draft)
    return draft


WHAT_RULES = [
    ({"service_type": ""}, "service_type", "Choose the kind of work"),
    ({"service_type": "smart hands"}, "service_type", "is not a kind of work"),
    ({"initial_description": " "}, "initial_description", "Describe what is to be done"),
    ({"contact_name": ""}, "contact_name", "Enter who Granite should speak to"),
    ({"contact_name": LONG}, "contact_name", "at most 200 characters"),
    ({"contact_name": "Jane\tRoe"}, "contact_name", "not text"),
    ({"contact_email_address": ""}, "contact_email_address", "e-mail address"),
    ({"contact_email_address": "jane"}, "contact_email_address", "is not an e-mail address"),
    ({"contact_email_address": "jane@localhost"}, "contact_email_address", "is not an e-mail address"),
    (
        {"contact_email_address": "a@b.example,c@d.example"},
        "contact_email_address",
        "is not an e-mail address",
    ),
    ({"po_number": "P" * 26}, "po_number", "at most 25 characters"),
    ({"prior_ticket": "12a"}, "prior_ticket", "digits only"),
    ({"prior_ticket": "0"}, "prior_ticket", "greater than zero"),
    ({"prior_ticket": "-5"}, "prior_ticket", "greater than zero"),
    ({"prior_ticket": "9" * 40}, "prior_ticket", "not that long"),
    ({"automatic_email_cc": "on"}, "automatic_email_cc_address", "at least one address"),
    (
        {"automatic_email_cc": "on", "automatic_email_cc_address": "a@b.example, nobody"},
        "automatic_email_cc_address",
        "“nobody” is not an e-mail address",
    ),
]


@pytest.mark.parametrize(("typed", "field", "words"), WHAT_RULES)
def test_a_rule_of_what_is_told_at_its_field(
    alice: Browser, draft: Draft, typed: dict[str, str], field: str, words: str
) -> None:
    response = alice.press(draft, "what", **typed, go="next")
    assert response.status_code == 200
    assert [words in error for error in response.context["form"].errors[field]].count(True) == 1
    assert f'href="#id_{field}' in response.content.decode()
    draft.refresh_from_db()
    assert draft.what[field] == typed.get(field, "")
    assert not alice.open(draft, "review").context["plan"].may_go


@pytest.mark.parametrize(
    "typed",
    [
        {"po_number": "é" * 25},
        {"prior_ticket": "1234567"},
        {"prior_ticket": ""},
        {"automatic_email_cc": None, "automatic_email_cc_address": "not an address, and not sent"},
        {"automatic_email_contact": None},
        {"customer_preferred_tech": "on"},
        *({"service_type": kind} for kind in ("Equipment Install", "Customer Equipment (Customer Provided)")),
    ],
)
def test_what_granite_takes_is_taken(alice: Browser, draft: Draft, typed: dict[str, str]) -> None:
    assert alice.press(draft, "what", **typed, go="next").status_code == 302
    assert alice.open(draft, "review").context["plan"].may_go


def test_addresses_and_numbers_are_sent_once_each_with_commas(alice: Browser, draft: Draft) -> None:
    cc = "a@b.example; A@B.example,\n c@d.example"
    alice.press(
        draft,
        "what",
        automatic_email_cc="on",
        automatic_email_cc_address=cc,
        customer_ticket_number=" INC1 ,INC2,,INC1",
        go="next",
    )
    fields = dict(alice.open(draft, "review").context["plan"].messages[0].payload["fields"])
    assert fields["automatic_email_cc_address"] == "a@b.example,c@d.example"
    assert fields["customer_ticket_number"] == f"DSP-{draft.pk:06d}-1,INC1,INC2"
    assert (fields["automatic_email_cc"], fields["customer_preferred_tech"]) == ("true", "false")
    assert "po_number" not in fields


WHERE_RULES = [
    ("location_name", "", "Enter the location name"),
    ("location_name", LONG, "at most 200"),
    ("location_number", "1" * 61, "at most 60"),
    ("account_macnum", "", "Enter the Granite account"),
    ("account_macnum", "1" * 41, "at most 40"),
    ("local_contact_name", "", "Enter who meets the technician"),
    ("local_contact_number", "", "Enter the local contact"),
    ("local_contact_number", "555-1234", "has 7 digits"),
    ("local_contact_number", "555-123-4567 x12", "An extension goes into its own field"),
    ("local_contact_number", "+44 20 7946 0000", "is not a US number"),
    ("local_contact_number", "055-123-4567", "no area code"),
    ("location_contact_ext", "1" * 21, "at most 20"),
    ("location_contact_email", "sam@", "is not an e-mail address"),
    ("secondary_lcon_number", "12", "has 2 digits"),
    ("secondary_lcon_email", "x", "is not an e-mail address"),
    ("secondary_lcon_name", LONG, "at most 200"),
    ("secondary_lcon_ext", "1" * 21, "at most 20"),
    ("time_zone", "", "Choose the time zone"),
    ("time_zone", "Mars/Base", "is not a time zone"),
    ("site", "999999", "is not known"),
    ("site", "1; DROP TABLE", "is not known"),
]


@pytest.mark.parametrize(("field", "text", "words"), WHERE_RULES)
def test_a_rule_of_where_is_told_at_its_field(
    alice: Browser, draft: Draft, field: str, text: str, words: str
) -> None:
    response = alice.press(draft, "where", **row(0, {field: text}), go="next")
    assert response.status_code == 200
    errors = response.context["rows"][0].errors[field]
    assert [words in error for error in errors].count(True) == 1
    assert words.replace("’", "&#x27;") in response.content.decode()
    draft.refresh_from_db()
    assert draft.locations[0][field] == text
    assert not alice.open(draft, "review").context["plan"].may_go


@pytest.mark.parametrize(
    ("text", "sent"),
    [("+1 (555) 123-4567", 5551234567), ("1.555.123.4567", 5551234567), ("5551234567", 5551234567)],
)
def test_phones_are_cleaned_to_ten_digits(alice: Browser, draft: Draft, text: str, sent: int) -> None:
    alice.press(
        draft, "where", **row(0, {"local_contact_number": text, "secondary_lcon_number": text}), go="next"
    )
    location = alice.open(draft, "review").context["plan"].messages[0].pretty_locations
    assert f'"local_contact_number": {sent}' in location
    assert f'"secondary_lcon_number": "{sent}"' in location


def test_all_errors_of_all_rows_stand_on_one_page(alice: Browser, draft: Draft) -> None:
    alice.press(draft, "where", to="where/add/", add="blank")
    response = alice.press(
        draft, "where", **row(0, {"local_contact_number": "1", "location_name": ""}), go="next"
    )
    assert {(row.index, name) for row in response.context["rows"] for name in row.errors} == {
        (0, "local_contact_number"),
        (0, "location_name"),
        *((1, name) for name in PLACE if name != "location_number"),
    }
    assert "7 things need your attention" in response.content.decode()


WHEN_RULES = [
    ({"start_date": ""}, "start_date", "Enter the start"),
    ({"start_date": "tomorrow"}, "start_date", "is not a date and time"),
    ({"start_date": "2027-02-30T09:00"}, "start_date", "is not a date and time"),
    ({"start_date": "2027-02-03T09:00Z"}, "start_date", "is not a date and time"),
    ({"end_date": ""}, "end_date", "Enter the end"),
    ({"end_date": "2027-02-03T08:00"}, "end_date", "must be after the start"),
    ({"end_date": "2027-02-03T09:00"}, "end_date", "set a hard start"),
    ({"end_date": "2027-02-04T02:00"}, "end_date", "make two dispatches"),
    ({"start_date": "2027-03-14T02:30", "end_date": "2027-03-14T04:00"}, "start_date", "does not exist"),
    ({"start_date": "2027-03-14T01:30", "end_date": "2027-03-14T02:30"}, "end_date", "does not exist"),
]


@pytest.mark.parametrize(("typed", "field", "words"), WHEN_RULES)
def test_a_rule_of_when_is_told_at_its_field(
    alice: Browser, draft: Draft, typed: dict[str, str], field: str, words: str
) -> None:
    response = alice.press(draft, "when", **row(0, typed), go="next")
    assert response.status_code == 200
    assert [words in error for error in response.context["rows"][0].errors[field]].count(True) == 1
    assert all(text in response.content.decode() for text in typed.values())
    assert not alice.open(draft, "review").context["plan"].may_go


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"start_date": "2020-02-03T09:00", "end_date": "2020-02-03T10:00"}, "already over"),
        ({"start_date": "2035-02-03T09:00", "end_date": "2035-02-03T10:00"}, "more than a year ahead"),
        ({"start_date": "2027-11-07T01:30", "end_date": "2027-11-07T05:00"}, "01:30 comes twice that night"),
    ],
)
def test_odd_times_are_warned_of_and_may_be_sent(
    alice: Browser, draft: Draft, typed: dict[str, str], words: str
) -> None:
    assert alice.press(draft, "when", **row(0, typed), go="next").status_code == 302
    review = alice.open(draft, "review")
    assert words in review.content.decode()
    assert review.context["plan"].may_go


def test_a_time_that_only_some_clocks_skip_is_told_at_those_rows(alice: Browser, draft: Draft) -> None:
    alice.press(draft, "where", to="where/0/copy/")
    alice.press(draft, "where", **row(1, {"time_zone": "America/Phoenix"}), go="next")
    shared = {"same_for_all": "on", "all-start_date": "2027-03-14T02:30", "all-end_date": "2027-03-14T04:00"}
    response = alice.press(draft, "when", **shared, go="next")
    assert [bool(row.errors) for row in response.context["rows"]] == [True, False]
    assert "does not exist in America/New York" in response.content.decode()


def test_a_wrong_window_for_all_is_told_once(alice: Browser, draft: Draft) -> None:
    alice.press(draft, "where", to="where/0/copy/")
    shared = {"same_for_all": "on", "all-start_date": "2027-02-03T12:00", "all-end_date": "2027-02-03T09:00"}
    response = alice.press(draft, "when", **shared, go="next")
    assert [finding.field_id for finding in response.context["findings"]] == ["id_all-end_date"]
    assert not any(row.errors for row in response.context["rows"])


def test_the_zone_is_named_as_it_is_on_the_day(alice: Browser, draft: Draft) -> None:
    assert "America/New York (EST, UTC−5)" in alice.open(draft, "when").content.decode()
    alice.press(draft, "when", **row(0, WINDOW | {"start_date": "2027-07-01T09:00"}), go="back")
    assert "America/New York (EDT, UTC−4)" in alice.open(draft, "when").content.decode()


def test_an_empty_draft_says_everything_that_is_missing(alice: Browser) -> None:
    draft = alice.begin()
    page = alice.open(draft, "review").content.decode()
    for words in (
        "This cannot be sent yet",
        "Choose the kind of work",
        "Describe what",
        "Add at least one location",
    ):
        assert words in page
    assert f"/drafts/{draft.pk}/what/?check=1#id_initial_description" in page
    checked = alice.client.get(alice.url(draft, "what/?check=1"))
    assert "initial_description" in checked.context["form"].errors
    assert not WHAT.keys() - checked.context["form"].fields.keys()
