"""Columns are known by their names, by usual names, and by what stands in them; never two for one field."""

import pytest

from tests.sheets.made import FIRST, HEADER, csv_of, text_of
from tickets.forms import typed
from tickets.sheets import read, read_pasted
from tickets.sheets.blanks import COLUMNS, EXAMPLE_ROW, csv_template, xlsx_template
from tickets.sheets.columns import keys_of
from tickets.sheets.fields import BY_NAME
from tickets.sheets.matching import BY_CONTENT, match
from tickets.sheets.matching import BY_NAME as NAMED
from tickets.sheets.windows import PARTS


def fields_of(header: list[str], *rows: list[str]) -> dict[str, str]:
    table = read("a.csv", csv_of([header, *(rows or [["x"] * len(header)])]))
    return {table.header[index]: one.field for index, one in match(table).items()}


def test_every_field_of_a_row_can_be_a_column():
    known = {*typed.WHERE, *typed.WHEN, *typed.WHEN_TICKS, *typed.ROW_WHAT, *typed.AIDS} - {"site"}
    assert set(BY_NAME) == known | set(PARTS)


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Store #", "location_number"),
        ("Store No.", "location_number"),
        ("SITE NAME", "location_name"),
        ("locationName", "location_name"),
        ("location_name", "location_name"),
        ("Macnum", "account_macnum"),
        ("Acct", "account_macnum"),
        ("Granite acct. #", "account_macnum"),
        ("LCON", "local_contact_name"),
        ("Site contact", "local_contact_name"),
        ("LCON phone", "local_contact_number"),
        ("POC Tel.", "local_contact_number"),
        ("Contact phone no. (10 digits)", "local_contact_number"),
        ("2nd contact phone", "secondary_lcon_number"),
        ("Alt. LCON e-mail", "secondary_lcon_email"),
        ("Zip Code*", "zip"),
        ("ST", "state"),
        ("TZ", "time_zone"),
        ("SOW", "initial_description"),
        ("Special Instructions (optional)", "special_instructions"),
        ("PO #", "po_number"),
        ("WO#", "customer_ticket_number"),
        ("Dispatch Type", "service_type"),
        ("Hard Start (Y/N)", "hard_start"),
        ("Appt Window", "window"),
        ("Start date", "start_date"),
        ("End Time", "end_time"),
        ("contact_name", "contact_name"),
    ],
)
def test_a_heading(heading: str, field: str):
    assert fields_of([heading, "Foo"]) == {heading: field}


def test_the_cells_decide_where_a_name_has_two_meanings():
    assert fields_of(["ETA from", "ETA to"], ["8am", "12pm"]) == {
        "ETA from": "start_time",
        "ETA to": "end_time",
    }
    assert fields_of(["ETA from", "ETA to"], ["3/4/2026 8am", "3/4/2026 9am"]) == {
        "ETA from": "start_date",
        "ETA to": "end_date",
    }
    assert fields_of(["Date", "Time"], ["3/4/2026", "8am-12pm"])["Time"] == "window"


def test_the_same_heading_twice_is_the_second_contact():
    found = fields_of(["Site", "Contact", "Phone", "Contact", "Phone"])
    assert found["Contact (2)"] == "secondary_lcon_name"
    assert found["Phone (2)"] == "secondary_lcon_number"


def test_a_ticket_contact_beside_a_local_one():
    found = fields_of(["LCON", "LCON phone", "2nd contact", "Contact Name"])
    assert found["Contact Name"] == "contact_name"


def test_cells_alone_tell_phones_and_mail():
    table = read("a.csv", csv_of([["Foo", "Bar", "Baz"], ["617-555-0101", "sam@portal.example", "Pacific"]]))
    assert {index: (one.field, one.how) for index, one in match(table).items()} == {
        0: ("local_contact_number", BY_CONTENT),
        1: ("location_contact_email", BY_CONTENT),
        2: ("time_zone", BY_CONTENT),
    }


def test_without_a_header_the_cells_say_what_they_can():
    table = read_pasted(text_of([FIRST, [*FIRST[:1], "Oak", *FIRST[2:]]], "\t"))
    found = {one.field for one in match(table).values()}
    assert {"account_macnum", "local_contact_number", "zip", "state"} <= found


@pytest.mark.parametrize("make", [csv_template, xlsx_template])
def test_our_template_is_known_by_its_names(make):
    filled = make() + (",".join("x" for _ in COLUMNS) + "\r\n").encode() if make is csv_template else make()
    if make is csv_template:
        table = read("a.csv", filled)
        assert [one.field for one in match(table).values()] == list(COLUMNS)
        assert {one.how for one in match(table).values()} == {NAMED}
        assert len(table.rows) == 1
    else:
        with pytest.raises(Exception, match="no row below"):
            read("a.xlsx", filled)
    assert EXAMPLE_ROW.keys() <= set(COLUMNS)


def test_headings_that_compare_the_same_stay_two():
    assert keys_of(["Store #", "Store No"]) == ["store number", "store number [2]"]
    assert len(set(fields_of(HEADER).values())) == len(fields_of(HEADER))
