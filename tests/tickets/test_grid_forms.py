"""The table without scripts: a row as a form, the good rows ahead, the bad ones as a file."""

import io
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from portal import exports
from portal.models import AuditEntry, VendorAccount
from tests.cast import Cast, client_of
from tests.dispatching import typed_row
from tests.page_forms import controls_of
from tests.tickets.scene import PDF, upload
from tests.tickets.test_grid import make_sheet, texts
from tickets.models import Draft
from tickets.pasted import read_block
from tickets.sheets import read
from tickets.sheets.making import make_rows
from tickets.sheets.matching import match

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(people: Cast, account: VendorAccount) -> Client:
    return client_of(people.alice)


def form(client: Client, draft: Draft, at: int) -> tuple[str, dict[str, str]]:
    """The address of a row's form, and what a browser would send of it."""
    draft.refresh_from_db()
    url = f"/drafts/{draft.pk}/rows/{draft.locations[at]['row']}/"
    return url, controls_of(client.get(url).content.decode(), "row")


def test_a_row_is_corrected_without_scripts(people: Cast, alice: Client) -> None:
    rows = [typed_row(0, local_contact_number="12"), typed_row(1), typed_row(2, time_zone="Mars")]
    draft = make_sheet(people, *rows)
    url, typed = form(alice, draft, 0)
    answer = alice.post(url, typed | {"local_contact_number": "13", "go": "save"}, follow=True)
    # Still wrong: one stays, and what was typed is kept.
    assert "“13” has 2 digits" in answer.content.decode()
    url, typed = form(alice, draft, 0)
    answer = alice.post(url, typed | {"local_contact_number": "617-555-0134", "go": "wrong"})
    assert answer.headers["Location"] == f"/drafts/{draft.pk}/rows/{rows[2]['row']}/"
    url, typed = form(alice, draft, 2)
    assert typed["time_zone"] == "Mars"  # a list loses no choice
    answer = alice.post(
        url, typed | {"time_zone": "America/Denver", "hard_start": "yes", "go": "wrong"}, follow=True
    )
    assert "No other row has a problem" in answer.content.decode()
    assert texts(draft, "hard_start") == ["", "", "on"]
    assert texts(draft, "start_date") == [row["start_date"] for row in rows]


def test_a_form_undoes_nobodys_work(people: Cast, alice: Client) -> None:
    draft = make_sheet(people, typed_row(0))
    url, mine = form(alice, draft, 0)
    mia = client_of(people.root)
    _, theirs = form(mia, draft, 0)
    mia.post(url, theirs | {"location_name": "Theirs", "location_number": "0042"})
    answer = alice.post(url, mine | {"location_name": "Mine"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Robin Ortiz changed this meanwhile to “Theirs”" in page
    assert texts(draft, "location_name") == ["Theirs"]
    again = controls_of(page, "row")
    assert again["location_name"] == "Mine"
    alice.post(url, again)
    assert texts(draft, "location_name") == ["Mine"]
    assert texts(draft, "location_number") == ["0042"]


def test_a_row_of_a_site_that_is_gone_can_be_set_free(people: Cast, alice: Client) -> None:
    draft = make_sheet(people, typed_row(0, site="99999"))
    url, typed = form(alice, draft, 0)
    alice.post(url, typed | {"unlink": "on"})
    assert texts(draft, "site") == [""]


def test_rows_of_others_and_rows_that_are_not_there(people: Cast, alice: Client) -> None:
    draft = make_sheet(people, typed_row(0))
    assert alice.get(f"/drafts/{draft.pk}/rows/ffffffff/").status_code == 404
    assert alice.get(f"/drafts/{draft.pk}/rows/problems.pdf").status_code == 404
    answer = alice.get(f"/drafts/{draft.pk}/rows/?number=7")
    assert answer.headers["Location"].endswith(f"#row-{draft.locations[0]['row']}")
    for number in ("0", "x", "99999999999", "²"):
        assert alice.get(
            f"/drafts/{draft.pk}/rows/?number={number}&page=9999&only=x&column=y"
        ).status_code in (200, 302)


def test_the_good_rows_go_ahead(people: Cast, alice: Client) -> None:
    rows = [typed_row(0), typed_row(1, time_zone="Mars"), typed_row(2)]
    draft = make_sheet(people, *rows)
    draft.files.add(upload("plan.pdf", PDF, people.alice))
    assert "Send the 2 good rows, keep 1 here" in alice.get(f"/drafts/{draft.pk}/rows/").content.decode()
    answer = alice.post(f"/drafts/{draft.pk}/rows/part/", follow=True)
    aside = Draft.objects.latest("pk")
    page = answer.content.decode()
    assert answer.redirect_chain[-1][0] == f"/drafts/{draft.pk}/review/"
    assert "2 locations → " in page
    assert "1 row with problems waits" in page
    assert aside.reference in page
    assert [row["row"] for row in aside.locations] == [rows[1]["row"]]
    assert (aside.is_sheet, aside.what, aside.files.count()) == (True, draft.what, 1)
    assert len(texts(draft, "row")) == 2
    assert AuditEntry.objects.get(action="draft.parted").details["aside"] == aside.reference
    assert (
        "nothing to set aside" in alice.post(f"/drafts/{draft.pk}/rows/part/", follow=True).content.decode()
    )
    assert "none can go ahead" in alice.post(f"/drafts/{aside.pk}/rows/part/", follow=True).content.decode()


def test_bad_rows_as_a_file_with_what_is_wrong(people: Cast, alice: Client) -> None:
    bad = typed_row(1, account_macnum="00123000", time_zone="Mars", location_name='=HYPERLINK("http://x")')
    draft = make_sheet(people, typed_row(0), bad)
    answer = alice.get(f"/drafts/{draft.pk}/rows/problems.xlsx")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    lines = list(sheet.iter_rows())
    told = dict(zip([cell.value for cell in lines[0]], lines[1], strict=True))
    assert len(lines) == 2
    assert "Row 2 · Time zone: “Mars” is not a time zone." in told["What is wrong"].value
    assert (told["Granite account"].value, told["Granite account"].data_type) == ("00123000", "s")
    assert (told["Location name"].value, told["Location name"].data_type) == (bad["location_name"], "s")
    csv = alice.get(f"/drafts/{draft.pk}/rows/problems.csv").content.decode("utf-8-sig")
    assert "'=HYPERLINK(" in csv
    assert ",00123000," in csv


def test_a_table_never_holds_a_formula() -> None:
    csv = exports.write_csv(["a"], [["=1+1"], ["+1"], ["-1"], ["@x"], ["\tx"], ["1-1"]]).decode("utf-8-sig")
    assert csv.split("\r\n")[1:6] == ["'=1+1", "'+1", "'-1", "'@x", "'\tx"]
    assert csv.split("\r\n")[6] == "1-1"
    book = load_workbook(io.BytesIO(exports.write_xlsx(["a"], [["=1+1"], ["x" * 40_000]])))
    assert book.active is not None
    assert [cell.data_type for cell in book.active["A"]] == ["s", "s", "s"]
    assert str(book.active["A3"].value).endswith(exports.CUT)


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("a\tb\r\nc\td\r\n", [["a", "b"], ["c", "d"]]),
        ("007", [["007"]]),
        ('"a\tb"\t"c\nd"\n', [["a\tb", "c\nd"]]),
        ('5" pipe\t"open', [['5" pipe', '"open']]),
        ("a\t\t\nb\tc\t \n", [["a", ""], ["b", "c"]]),
        ("a\n\nb\n", [["a"], [], ["b"]]),
        ("a\x00b", [["ab"]]),
        ("x" * 200_000, [["x" * 100_000]]),
    ],
)
def test_a_block_is_read_as_excel_meant_it(text: str, block: list[list[str]]) -> None:
    assert read_block(text) == block


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_bad_rows_come_back_as_a_sheet(people: Cast, alice: Client, kind: str) -> None:
    """Mended or not, the file is read as it went out, and the column of reasons is left out."""
    bad = typed_row(1, account_macnum="00123000", time_zone="Mars", location_contact_ext="-7", zip="00501")
    bad |= {"hard_start": "on", "initial_description": "One\nand two", "po_number": "+1"}
    draft = make_sheet(people, typed_row(0), bad)
    content = alice.get(f"/drafts/{draft.pk}/rows/problems.{kind}").content
    table = read(f"problems.{kind}", content)
    found = {one.field: index for index, one in match(table).items()}
    assert [table.rows[0][found[name]] for name in ("account_macnum", "time_zone", "zip")] == [
        "00123000",
        "Mars",
        "00501",
    ]
    assert set(found) - {""} == {column.name for column in columns_shown(alice, draft)}
    made = make_rows(table, {index: name for name, index in found.items()}, "")
    names = (
        "start_date",
        "end_date",
        "hard_start",
        "initial_description",
        "po_number",
        "location_contact_ext",
    )
    assert {name: made[0][name] for name in names} == {name: bad[name] for name in names}


def columns_shown(client: Client, draft: Draft) -> list[Any]:
    columns: list[Any] = client.get(f"/drafts/{draft.pk}/rows/").context["page"].columns
    return columns
