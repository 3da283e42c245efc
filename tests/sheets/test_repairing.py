"""What is provable is put right, what is not stays; and zeros in front are never lost, whichever way they come."""

import string
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sheets.tables import BLANKS
from tests.sheets.made import csv_of, text_of, xlsx_of
from tickets.sheets import Unreadable, read, read_pasted
from tickets.sheets.clocks import clock_of, window_of
from tickets.sheets.days import ASK, DMY, MDY, MIXED, day_of, order_of
from tickets.sheets.fields import FIELDS
from tickets.sheets.making import make_rows
from tickets.sheets.matching import match, order_in
from tickets.sheets.repairing import RULES, repair, repair_row
from tickets.sheets.windows import window_from

NAMES = [field.name for field in FIELDS]
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    [
        "EST",
        "mst",
        "1852",
        "Massachusetts",
        "555.123.4567 x9",
        "tel: 6175550101",
        "6175550101.0",
        "smart hands",
        "x12",
        "mailto:<a@b.co>",
    ]
)
digits = st.text("0123456789", min_size=1, max_size=14)


@given(st.sampled_from(NAMES), words, words)
def test_what_was_repaired_is_not_repaired_again(name: str, text: str, state: str):
    row = {"state": state, "start_date": "2026-03-04"}
    value, _ = repair(name, text, row)
    again, why = repair(name, value, row)
    assert (again, why) == (value, "")


@given(st.sampled_from([name for name in NAMES if name not in RULES and "date" not in name]), words)
def test_texts_lose_nothing_but_blanks_around_them(name: str, text: str):
    value, why = repair(name, text, {})
    if value == "" and text.strip(BLANKS):
        assert "Excel had kept only the first digits" in why
    else:
        assert value == text.strip(BLANKS)


@given(st.lists(st.tuples(digits, digits, digits), min_size=1, max_size=5))
def test_zeros_in_front_survive_file_workbook_and_paste(cells: list[tuple[str, str, str]]):
    header = ["Store #", "Macnum", "PO"]
    rows = [header, *map(list, cells)]
    for table in (
        read("a.csv", csv_of(rows)),
        read("a.csv", csv_of(rows, ";", "utf-16")),
        read("a.xlsx", xlsx_of(rows)),
        read_pasted(text_of(rows, "\t")),
    ):
        made = make_rows(table, {index: one.field for index, one in match(table).items()})
        assert [
            tuple(row.get(name, "") for name in ("location_number", "account_macnum", "po_number"))
            for row in made
        ] == cells


@pytest.mark.parametrize(
    ("field", "text", "state", "value"),
    [
        ("zip", "1852", "MA", "01852"),
        ("zip", "1852", "Massachusetts", "01852"),
        ("zip", "1852.0", "MA", "01852"),
        ("zip", "18521234", "MA", "01852-1234"),
        ("zip", "901", "PR", "00901"),
        ("zip", "1852", "", "1852"),  # nothing proves it
        ("zip", "1852", "TX", "1852"),  # no code of Texas begins with 0
        ("zip", "9021", "MA", "9021"),
        ("state", "massachusetts", "", "MA"),
        ("state", "ma", "", "MA"),
        ("state", "Mass of things", "", "Mass of things"),
        ("time_zone", "EST", "", "America/New_York"),
        ("time_zone", "(UTC-05:00) Eastern Time (US & Canada)", "", "America/New_York"),
        ("time_zone", "Central", "", "America/Chicago"),
        ("time_zone", "america/new york", "", "America/New_York"),
        ("time_zone", "MST", "AZ", "America/Phoenix"),
        ("time_zone", "MST", "UT", "America/Denver"),
        ("time_zone", "MST", "", "MST"),  # Denver's or Arizona's
        ("time_zone", "UTC-5", "", "UTC-5"),
        ("service_type", "smarthands", "", "Smart Hands"),
        ("service_type", "Site survey", "", "Site Audit"),
        ("service_type", "POTS ext.", "", "POTS Extension"),
        ("service_type", "Broadband (Granite provided)", "", "Broadband Circuit (GRT Provided)"),
        ("service_type", "Customer provided POTS", "", "POTS (Customer Provided)"),
        ("service_type", "Repair", "", "Repair"),
        ("local_contact_number", "tel: 617-555-0101", "", "617-555-0101"),
        ("local_contact_number", "6175550101.0", "", "6175550101"),
        ("local_contact_number", "(617) 555.0101", "", "(617) 555.0101"),  # is taken as it stands
        ("local_contact_number", "555-0101", "", "555-0101"),
        ("local_contact_number", "6.17555E+09", "", ""),  # digits are lost: must be entered again
        ("account_macnum", "3.52677E+07", "", ""),
        ("account_macnum", "3526768", "", "3526768"),  # a zero may be missing, nothing proves it
        ("hard_start", "Yes", "", "on"),
        ("hard_start", "N", "", ""),
        ("hard_start", "maybe", "", ""),
        ("prior_ticket", "#123456.0", "", "123456"),
        ("location_contact_ext", "x12", "", "12"),
        ("location_contact_email", "mailto:sam@portal.example", "", "sam@portal.example"),
        ("start_date", "3/14/2026 8:00 AM", "", "2026-03-14T08:00"),
        ("start_date", "3/4/2026 8:00 AM", "", "3/4/2026 8:00 AM"),
        ("end_date", "4pm", "", "2026-03-04T16:00"),
    ],
)
def test_one_cell(field: str, text: str, state: str, value: str):
    assert repair(field, text, {"state": state, "start_date": "2026-03-04T08:00"})[0] == value


def test_every_repair_says_what_stood_there_and_why():
    row, marks = repair_row(
        {
            "location_name": "Elm\u00a0",
            "zip": "1852",
            "state": "MA",
            "local_contact_number": "617-555-0101 ext. 12",
        }
    )
    assert row == {
        "location_name": "Elm",
        "zip": "01852",
        "state": "MA",
        "local_contact_number": "617-555-0101",
        "location_contact_ext": "12",
    }
    assert marks["location_name"] == ["Elm\u00a0", "Blanks around it were taken away."]
    assert marks["zip"] == ["1852", "The lost zero is proven by the state MA."]
    assert marks["local_contact_number"][0] == "617-555-0101 ext. 12"
    assert "location_contact_ext" in marks


def test_an_extension_of_its_own_is_not_overwritten():
    row, _ = repair_row({"local_contact_number": "617-555-0101 x12", "location_contact_ext": "7"})
    assert row == {"local_contact_number": "617-555-0101 x12", "location_contact_ext": "7"}


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-14",
        "2026/3/14",
        "20260314",
        "3/14/2026",
        "03-14-26",
        "14.3.2026",
        "Mar 14 2026",
        "March 14th, 2026",
        "14 Mar 2026",
        "14-Mar-26",
        "Sat, Mar 14, 2026",
        "Saturday 14 March 2026",
        "46095",
        "46095.0",
    ],
)
def test_a_day_that_can_be_read_in_one_way(text: str):
    assert day_of(text) == date(2026, 3, 14)


@pytest.mark.parametrize(
    "text",
    [
        "3/4/2026",
        "Mar 4",
        "32/1/2026",
        "2026-02-30",
        "13/13/2026",
        "3/14/1926",
        "soon",
        "",
        "12345",
        "Ma 4 2026",
    ],
)
def test_a_day_that_cannot(text: str):
    assert day_of(text) is None


@given(st.dates(date(2020, 1, 1), date(2069, 12, 31)))
def test_a_day_survives_every_way_of_writing_it(day: date):
    assert day_of(day.isoformat()) == day
    assert day_of(f"{day:%b} {day.day}, {day.year}") == day
    assert day_of(f"{day.month}/{day.day}/{day.year}", MDY) == day
    assert day_of(f"{day.day}.{day.month}.{day.year}", DMY) == day


def test_the_column_decides_the_order_of_its_dates():
    assert order_of(["3/4/2026", "3/14/2026"]) == MDY
    assert order_of(["3/4/2026", "14/3/2026"]) == DMY
    assert order_of(["3/4/2026", "5/6/2026"]) == ASK
    assert order_of(["14/3/2026", "3/14/2026", "3/4/2026"]) == MIXED
    assert order_of(["2026-03-04", "3/3/2026", "Mar 4 2026", "soon", ""]) == ""


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("8am", time(8)),
        ("8 AM", time(8)),
        ("8:30 p.m.", time(20, 30)),
        ("12am", time(0)),
        ("12 pm", time(12)),
        ("0800", time(8)),
        ("08:00", time(8)),
        ("8:00", time(8)),
        ("13:05:30", time(13, 5, 30)),
        ("noon", time(12)),
        ("0.333333333", time(8)),
        ("8a", time(8)),
        ("1:00", None),
        ("5:30", None),
        ("01:00", time(1)),
        ("8", None),
        ("25:00", None),
        ("13pm", None),
        ("0860", None),
        ("", None),
    ],
)
def test_a_time_of_the_day(text: str, clock: time | None):
    assert clock_of(text) == clock


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("8am-12pm", (8, 12)),
        ("08:00–17:00", (8, 17)),
        ("8:00 AM to 5:00 PM", (8, 17)),
        ("between 8am and noon", (8, 12)),
        ("0800-1200 local", (8, 12)),
        ("8-12", None),
        ("8-12pm", None),
        ("8am", None),
        ("8am-12pm-3pm", None),
    ],
)
def test_a_window(text: str, ends: tuple[int, int] | None):
    assert window_of(text) == (ends and (time(ends[0]), time(ends[1])))


@pytest.mark.parametrize(
    ("cells", "start", "end"),
    [
        (
            {"start_date": "2026-03-04", "start_time": "8am", "end_time": "12pm"},
            "2026-03-04T08:00",
            "2026-03-04T12:00",
        ),
        ({"start_date": "3/4/2026", "window": "8am-12pm"}, "2026-03-04T08:00", "2026-03-04T12:00"),
        (
            {"start_date": "3/4/2026 8:00 AM", "end_date": "3/4/2026 12:00 PM"},
            "2026-03-04T08:00",
            "2026-03-04T12:00",
        ),
        ({"start_date": "3/4/2026 8:00 AM", "end_date": "12:00 PM"}, "2026-03-04T08:00", "2026-03-04T12:00"),
        ({"start_date": "2026-03-04 08:00", "end_date": ""}, "2026-03-04T08:00", ""),
        (
            {"start_date": "2026-03-04T08:00:30", "end_date": "2026-03-04T09:00"},
            "2026-03-04T08:00:30",
            "2026-03-04T09:00",
        ),
        ({"start_date": "tomorrow", "start_time": "8am"}, "tomorrow 8am", ""),
        ({"start_date": "2026-03-04", "window": "8-12"}, "2026-03-04 8-12", ""),
        ({"start_date": "2026-03-04", "start_time": "8am", "end_date": "late"}, "2026-03-04T08:00", "late"),
        (
            {
                "start_date": "2026-03-04",
                "start_time": "22:00",
                "end_date": "2026-03-05",
                "end_time": "02:00",
            },
            "2026-03-04T22:00",
            "2026-03-05T02:00",
        ),
        ({"start_date": "2026-03-04T08:00Z", "end_date": ""}, "2026-03-04T08:00Z", ""),
    ],
)
def test_start_and_end_of_a_row(cells: dict[str, str], start: str, end: str):
    window = window_from(cells, MDY)
    assert (window.start_date, window.end_date) == (start, end)


def test_an_open_date_stays_as_it_was_written():
    window = window_from({"start_date": "3/4/2026", "start_time": "8am"}, "")
    assert window.start_date == "3/4/2026 8am"
    assert window.marks == {}


def test_the_order_is_proven_by_all_columns_of_dates_together():
    rows = [["Site", "Start", "End"], ["Elm", "3/4/2026 8:00", "3/14/2026 9:00"]]
    table = read("a.csv", csv_of(rows))
    assert order_in(table, {1: "start_date", 2: "end_date"}) == MDY
    assert order_in(table, {1: "start_date"}) == ASK


@given(
    st.lists(st.lists(st.text(string.printable, max_size=12), min_size=1, max_size=6), min_size=1, max_size=8)
)
def test_any_cells_give_rows_or_a_sentence(rows: list[list[str]]):
    try:
        table = read_pasted(text_of(rows, "\t"))
    except Unreadable:
        return
    matched = {index: one.field for index, one in match(table).items()}
    assert len(set(matched.values())) == len(matched)
    assert len(make_rows(table, matched, order_in(table, matched))) == len(table.rows)
