"""From pasted cells or a file to the rows of a draft, as somebody does it in a browser."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.models import AuditEntry, VendorAccount
from portal.problems import Problem
from tests.cast import Cast, client_of
from tests.page_forms import controls_of
from tests.sheets.made import FIRST, HEADER, PLAIN, SECOND, csv_of, text_of, xlsx_of
from tickets.forms import typed
from tickets.models import ColumnMapping, Draft
from tickets.services import sheets
from tickets.sheets import read

pytestmark = pytest.mark.django_db

NEW, SITES = "/drafts/sheet/", "/drafts/sheet/sites/"


@pytest.fixture
def alice(people: Cast, plain_account: VendorAccount) -> Client:
    return client_of(people.alice)


def paste(client: Client, rows: Any) -> Any:
    return client.post(
        NEW, {"way": "paste", "pasted": rows if isinstance(rows, str) else text_of(rows, "\t")}
    )


def upload(client: Client, name: str, content: bytes) -> Any:
    return client.post(NEW, {"way": "file", "file": SimpleUploadedFile(name, content)})


def draft_of(answer: Any) -> Draft:
    assert answer.status_code == 302, answer.content.decode()
    return Draft.objects.get(pk=int(answer["Location"].split("/")[2]))


def columns_url(draft: Draft) -> str:
    return f"/drafts/{draft.pk}/sheet/columns/"


def confirm(client: Client, draft: Draft, **changes: str) -> Any:
    """Press the button of the columns' page as it stands, but for these changes."""
    page = client.get(columns_url(draft))
    assert page.status_code == 200
    data = controls_of(page.content.decode(), action=columns_url(draft))
    return client.post(
        columns_url(draft), data | {name.replace("__", "-"): text for name, text in changes.items()}
    )


def test_pasted_cells_become_rows_with_their_zeros(alice: Client):
    answer = paste(alice, PLAIN)
    draft = draft_of(answer)
    assert draft.is_sheet
    assert answer["Location"] == columns_url(draft)
    page = alice.get(columns_url(draft)).content.decode()
    assert "0012" in page
    assert "Recognised by a usual name" in page
    assert "No column for: Start" in page
    answer = confirm(alice, draft)
    assert answer["Location"] == f"/drafts/{draft.pk}/rows/"
    draft.refresh_from_db()
    first, second = draft.locations
    assert first["location_number"] == "0012"
    assert first["account_macnum"] == "03526768"
    assert first["zip"] == "01852"
    assert first["local_contact_number"] == "617-555-0101"
    assert first["time_zone"] == "America/New_York"
    assert first["repaired"]["time_zone"][0] == ""
    assert first[typed.KEY] != second[typed.KEY]


def test_a_file_and_a_paste_come_to_the_same(alice: Client):
    rows = []
    for begin in (
        lambda: paste(alice, PLAIN),
        lambda: upload(alice, "a.csv", csv_of(PLAIN, ";", "utf-16")),
        lambda: upload(alice, "a.xlsx", xlsx_of(PLAIN)),
    ):
        answer = begin()
        draft = draft_of(answer)
        if answer["Location"] == columns_url(draft):
            confirm(alice, draft)
        draft.refresh_from_db()
        rows.append(
            [{name: text for name, text in row.items() if name != typed.KEY} for row in draft.locations]
        )
    assert rows[0] == rows[1] == rows[2]


def test_the_same_header_asks_nothing_the_next_time(alice: Client, people: Cast):
    confirm(alice, draft_of(paste(alice, PLAIN)), column__1="")  # the names are not wanted
    turned = [list(reversed(row)) for row in PLAIN]
    answer = paste(alice, turned)
    draft = draft_of(answer)
    assert answer["Location"] == f"/drafts/{draft.pk}/rows/"
    assert draft.locations[0]["location_number"] == "0012"
    assert "location_name" not in draft.locations[0]
    assert (
        "Recognised as the last time" not in alice.get(columns_url(draft)).content.decode()
    )  # chosen by now
    # Another team has its own.
    carol = client_of(people.carol)
    answer = paste(carol, PLAIN)
    assert answer["Location"] == columns_url(draft_of(answer))
    assert ColumnMapping.objects.count() == 1


def test_our_template_asks_nothing_at_all(alice: Client):
    content = alice.get("/drafts/sheet/template.csv").content
    answer = upload(alice, "dispatch-rows.csv", content + b"Elm Street,0012,03526768\r\n")
    draft = draft_of(answer)
    assert answer["Location"] == f"/drafts/{draft.pk}/rows/" or "Nothing stands below" in str(
        draft.sheet.notes
    )
    assert len(draft.sheet.rows) == 1


def test_the_template_is_text_all_over(alice: Client):
    answer = alice.get("/drafts/sheet/template.xlsx")
    assert "attachment" in answer["Content-Disposition"]
    import io
    from zipfile import ZipFile

    with ZipFile(io.BytesIO(answer.content)) as book:
        assert b'numFmtId="49"' in book.read("xl/styles.xml")
        assert b"Kinds of work" in book.read("xl/workbook.xml")


OPEN_DATES = [
    [*HEADER, "Date", "Window"],
    [*FIRST, "3/4/2026", "8am-12pm"],
    [*SECOND, "5/6/2026", "8am-12pm"],
]


def test_dates_that_prove_no_order_are_asked_once(alice: Client):
    draft = draft_of(paste(alice, OPEN_DATES))
    page = alice.get(columns_url(draft)).content.decode()
    assert "Month or day first?" in page
    assert "3/4/2026" in page
    answer = confirm(alice, draft)
    assert answer.status_code == 400
    assert "Say whether the month or the day comes first." in answer.content.decode()
    draft.refresh_from_db()
    assert draft.locations == []
    confirm(alice, draft, order="dmy")
    draft.refresh_from_db()
    assert draft.locations[0]["start_date"] == "2026-04-03T08:00"
    assert draft.locations[0]["repaired"]["start_date"] == [
        "3/4/2026 8am-12pm",
        "Read as Fri 3 Apr 2026, 08:00.",
    ]
    again = draft_of(paste(alice, [*OPEN_DATES, [*FIRST, "7/8/2026", "8am-9am"]]))
    assert again.locations[2]["end_date"] == "2026-08-07T09:00"


def test_no_order_is_guessed_behind_the_page(alice: Client, people: Cast):
    draft = draft_of(paste(alice, OPEN_DATES))
    with pytest.raises(Problem, match="month or the day"):
        sheets.map_columns(draft, sheets.suggest(draft).columns, "", by=people.alice)


def test_dates_that_prove_their_order_ask_nothing(alice: Client):
    draft = draft_of(paste(alice, [*OPEN_DATES, [*FIRST, "3/14/2026", "8am-9am"]]))
    assert "Month or day first?" not in alice.get(columns_url(draft)).content.decode()
    confirm(alice, draft)
    draft.refresh_from_db()
    assert draft.locations[0]["start_date"] == "2026-03-04T08:00"


def test_two_columns_for_one_field_are_said_at_their_place(alice: Client):
    draft = draft_of(paste(alice, PLAIN))
    answer = confirm(alice, draft, column__0="location_name", column__5="nonsense")
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "“Store #” is the Location name already." in page
    assert "This is not a field we know." in page
    kept = controls_of(page, action=columns_url(draft))
    assert kept["column-0"] == "location_name"


def test_columns_can_be_matched_anew(alice: Client):
    draft = draft_of(paste(alice, PLAIN))
    confirm(alice, draft)
    assert "are then made anew" in alice.get(columns_url(draft)).content.decode()
    confirm(alice, draft, column__1="special_instructions")
    draft.refresh_from_db()
    assert draft.locations[0]["special_instructions"] == "Elm Street"
    assert "location_name" not in draft.locations[0]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"<html></html>", "“a.csv” cannot be read. It holds a web page or XML"),
        ("a.xlsx", xlsx_of(PLAIN)[:-300], "is a damaged XLSX sheet"),
        ("a.csv", csv_of([HEADER, *([FIRST] * 5001)]), "more than 5,000 rows"),
        ("a.csv", b"Site,SOW\r\n" + b"Elm,x\r\n" * 1_500_000, "a sheet may have 10 MB"),
        ("a.csv", b"", "is empty"),
    ],
)
def test_what_cannot_be_read_is_said(alice: Client, name: str, content: bytes, sentence: str):
    answer = upload(alice, name, content)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not Draft.objects.exists()


def test_a_paste_that_cannot_be_read_is_not_lost(alice: Client):
    answer = paste(alice, "Store #\tMacnum\n")
    assert answer.status_code == 400
    assert "no row below it" in answer.content.decode()
    assert controls_of(answer.content.decode(), action=NEW)["pasted"].startswith("Store #")
    assert paste(alice, "  ").status_code == 400
    assert alice.post(NEW, {"way": "file"}).status_code == 400
    assert alice.post(NEW, {"way": "paste", "pasted": "Site\tSOW\nEl\x00m\tx\n"}).status_code == 302


def test_hostile_cells_are_text(alice: Client):
    rows = [
        ["Store name", "SOW", "<script>alert(1)</script>"],
        ["<img src=x onerror=alert(1)>", "=cmd|'/C calc'!A0", "{{ 7|add:7 }}"],
    ]
    draft = draft_of(paste(alice, rows))
    page = alice.get(columns_url(draft)).content.decode()
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page
    confirm(alice, draft)
    draft.refresh_from_db()
    assert draft.locations[0]["initial_description"] == "=cmd|'/C calc'!A0"
    assert alice.get(f"/drafts/{draft.pk}/rows/").status_code == 200


def test_notes_of_reading_are_told(alice: Client):
    rows = [["Wave 2"], *PLAIN[:2], [*SECOND[:2], "#REF!", *SECOND[3:]]]
    draft = draft_of(paste(alice, rows))
    page = alice.get(columns_url(draft)).content.decode()
    assert "Cell C4: Excel shows an error there" in page
    answer = confirm(alice, draft)
    page = alice.get(answer["Location"]).content.decode()
    assert "2 rows were read from “Pasted cells”." in page
    assert columns_url(draft) in page
    assert "Cell C4: Excel shows an error there" in page


def test_pressing_twice_begins_one(alice: Client):
    assert draft_of(paste(alice, PLAIN)).pk == draft_of(paste(alice, PLAIN)).pk
    assert draft_of(paste(alice, PLAIN[:2])).pk != draft_of(paste(alice, PLAIN)).pk
    draft = draft_of(paste(alice, PLAIN))
    confirm(alice, draft)
    assert paste(alice, PLAIN)["Location"] == f"/drafts/{draft.pk}/rows/"


def test_a_sheet_waiting_for_its_columns_is_nobodys_new_draft(alice: Client):
    draft = draft_of(paste(alice, PLAIN))
    assert draft_of(alice.post("/drafts/new/")).pk != draft.pk
    assert AuditEntry.objects.filter(action="draft.begun").count() == 2


def test_a_draft_without_a_sheet_has_no_columns(alice: Client, people: Cast):
    draft = draft_of(alice.post("/drafts/new/"))
    assert alice.get(columns_url(draft)).status_code == 404
    sheet = draft_of(paste(alice, PLAIN))
    assert client_of(people.carol).get(columns_url(sheet)).status_code == 404
    alice.post(f"/drafts/{sheet.pk}/discard/")
    assert alice.post(columns_url(sheet)).status_code == 302


def test_somebody_without_a_team_is_told(people: Cast, plain_account: VendorAccount):
    people.alice.teams.clear()
    client = client_of(people.alice)
    for answer in (paste(client, PLAIN), client.post(SITES, {"go": "all"})):
        assert answer.status_code == 400
        assert "You belong to no team yet" in answer.content.decode()


def test_the_ways_in_are_on_the_lists(alice: Client):
    for page in ("/", "/drafts/"):
        assert NEW in alice.get(page).content.decode()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_rows_with_problems_come_back_without_a_question(alice: Client, kind: str):
    rows = [
        [*HEADER, "Start", "End", "PM"],
        [*FIRST, "2026-03-04 08:00", "2026-03-04 07:00", "Pat Moe"],
        [*SECOND[:4], "+1 61", *SECOND[5:]],
    ]
    draft = draft_of(paste(alice, rows))
    confirm(alice, draft)
    draft.refresh_from_db()
    answer = alice.get(f"/drafts/{draft.pk}/rows/problems.{kind}")
    assert answer.status_code == 200
    answer = upload(alice, f"problems.{kind}", answer.content)
    back = draft_of(answer)
    assert answer["Location"] == f"/drafts/{back.pk}/rows/"
    alone = (typed.KEY, "repaired")
    assert [{name: text for name, text in row.items() if name not in alone} for row in back.locations] == [
        {name: text for name, text in row.items() if name not in alone} for row in draft.locations
    ]


def test_the_file_name_is_kept_as_a_name(alice: Client):
    draft = draft_of(upload(alice, "x" * 300 + ".csv", csv_of(PLAIN)))
    assert len(draft.sheet.name) <= 200
    assert read("a.csv", csv_of(PLAIN)).rows == draft.sheet.rows
