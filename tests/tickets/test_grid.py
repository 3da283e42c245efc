"""The table of a sheet's rows, through its addresses: edited, pasted, filled, undone, by several people at once."""

import itertools
import json
from typing import Any

import pytest
from django.test import Client

from portal.models import VendorAccount
from tests.cast import Cast, client_of
from tests.dispatching import make_draft, typed_row
from tickets.forms import typed
from tickets.models import Draft, RowChange
from tickets.services.grid import MOST_KEPT

pytestmark = pytest.mark.django_db

COLUMNS = ["location_name", "location_number", "account_macnum", "time_zone", "start_date", "end_date"]


def make_sheet(people: Cast, *rows: dict[str, Any], **what: str) -> Draft:
    draft = make_draft(people.alice, people.east, list(rows), **what)
    draft.is_sheet = True
    draft.save()
    return draft


class Grid:
    """Somebody's open page: what it shows, and what it has seen."""

    def __init__(self, client: Client, draft: Draft, query: str = "") -> None:
        self.client, self.draft, self.look = client, draft, query
        page = client.get(f"/drafts/{draft.pk}/rows/?{query}")
        assert page.status_code == 200
        self.html = page.content.decode()
        self.page = page.context["page"]
        self.keys = [row.key for row in self.page.rows]
        self.columns = [column.name for column in self.page.columns]
        self.turn = page.context["turn"]

    def send(self, op: str, **more: Any) -> dict[str, Any]:
        edit = {
            "op": op,
            "columns": self.columns,
            "keys": self.keys,
            "look": self.look,
            "seen": self.turn,
            **more,
        }
        answer = self.client.post(f"/drafts/{self.draft.pk}/rows/edit/", {"edit": json.dumps(edit)})
        assert answer.status_code == 200, answer.content
        told: dict[str, Any] = answer.json()
        self.turn = told["turn"]
        return told

    def set(self, at: int, name: str, text: str, old: str, **more: Any) -> dict[str, Any]:
        return self.send("set", cells=[[self.keys[at], name, text, old]], **more)

    def change(self, do: str, **more: Any) -> str:
        answer = self.client.post(
            f"/drafts/{self.draft.pk}/rows/change/", {"do": do, "look": self.look, **more}, follow=True
        )
        return answer.content.decode()


def texts(draft: Draft, name: str) -> list[str]:
    draft.refresh_from_db()
    return [row.get(name, "") for row in draft.locations]


@pytest.fixture
def alice(people: Cast, account: VendorAccount) -> Client:
    return client_of(people.alice)


def test_every_problem_stands_at_its_cell(people: Cast, alice: Client) -> None:
    bad = typed_row(1, local_contact_number="12", time_zone="Mars/Olympus", po_number="7" * 60)
    draft = make_sheet(people, typed_row(0), bad, typed_row(2, site="99999"))
    grid = Grid(alice, draft)
    assert (grid.page.counts.rows, grid.page.counts.wrong) == (3, 2)
    assert grid.html.count('aria-invalid="true"') == 4
    at = grid.html.index(f'id="cell-{bad["row"]}-local_contact_number"')
    assert "“12” has 2 digits" in grid.html[at : at + 900]
    assert "po_number" in grid.columns  # shown, for something is wrong there
    only = Grid(alice, draft, "only=wrong")
    assert only.keys == [row["row"] for row in draft.locations[1:]]
    assert (
        Grid(alice, draft, f"q={draft.locations[0]['location_name'][:30]}").keys[0]
        == draft.locations[0]["row"]
    )


def test_an_edit_is_kept_judged_and_answered(people: Cast, alice: Client) -> None:
    draft = make_sheet(people, typed_row(0), typed_row(1, local_contact_number="12"))
    grid = Grid(alice, draft)
    told = grid.set(1, "local_contact_number", "(617) 555-0134", "12")
    assert texts(draft, "local_contact_number")[1].endswith("0134")
    assert 'aria-invalid="true"' not in told["rows"][grid.keys[1]]
    assert "0 with problems" in told["state"]
    told = grid.set(0, "account_macnum", "00012300", draft.locations[0]["account_macnum"])
    assert texts(draft, "account_macnum")[0] == "00012300"
    grid.set(0, "end_date", "13:30", draft.locations[0]["end_date"])
    assert texts(draft, "end_date")[0] == draft.locations[0]["start_date"][:11] + "13:30"


def test_what_somebody_else_changed_is_told_and_not_overwritten(people: Cast, alice: Client) -> None:
    draft = make_sheet(people, typed_row(0), typed_row(1))
    mine, theirs = Grid(alice, draft), Grid(client_of(people.root), draft)
    theirs.set(0, "location_name", "Theirs", draft.locations[0]["location_name"])
    told = mine.set(0, "location_name", "Mine", draft.locations[0]["location_name"])
    assert told["conflicts"][0]["said"] == (
        "Robin Ortiz changed this cell meanwhile to “Theirs”. Yours was “Mine”."
    )
    assert texts(draft, "location_name")[0] == "Theirs"
    assert "Theirs" in told["rows"][mine.keys[0]]
    mine.set(0, "location_name", "Mine", "", force=True)
    assert texts(draft, "location_name")[0] == "Mine"


def test_a_paste_passes_over_what_changed_meanwhile(people: Cast, alice: Client) -> None:
    draft = make_sheet(people, typed_row(0), typed_row(1))
    mine, theirs = Grid(alice, draft), Grid(client_of(people.root), draft)
    theirs.set(1, "location_number", "0999", draft.locations[1]["location_number"])
    told = mine.send("paste", key=mine.keys[0], field="location_number", text="0001\n0002\n")
    assert [one["mine"] for one in told["conflicts"]] == ["0002"]
    assert texts(draft, "location_number") == ["0001", "0999"]


def test_a_block_from_excel_lands_and_grows(people: Cast, alice: Client) -> None:
    draft = make_sheet(people, typed_row(0), typed_row(1))
    grid = Grid(alice, draft)
    block = '0007\t00450001\r\n0008\t00450002\r\n"00""09"\t"0045\n0003"\r\n0010\t\r\n'
    told = grid.send("paste", key=grid.keys[1], field="location_number", text=block)
    assert told["moved"] is True
    assert told["told"] == "4 rows pasted."
    assert texts(draft, "location_number") == [
        draft.locations[0]["location_number"],
        "0007",
        "0008",
        '00"09',
        "0010",
    ]
    assert texts(draft, "account_macnum")[1:] == ["00450001", "00450002", "0045\n0003", ""]
    told = Grid(alice, draft).send("undo")
    assert told["told"] == "Undone: 4 rows pasted."
    assert len(texts(draft, "location_number")) == 2
    Grid(alice, draft).send("redo")
    assert texts(draft, "location_number")[3] == '00"09'


def test_a_block_that_does_not_fit_changes_nothing(people: Cast, alice: Client) -> None:
    rows = [typed_row(0), typed_row(1, local_contact_number="1"), typed_row(2, local_contact_number="2")]
    draft = make_sheet(people, *rows)
    wide = Grid(alice, draft)
    told = wide.send("paste", key=wide.keys[0], field=wide.columns[-1], text="a\tb\tc")
    assert "3 columns wide" in told["problem"]
    narrow = Grid(alice, draft, "only=wrong")
    told = narrow.send("paste", key=narrow.keys[1], field="location_name", text="a\nb\n")
    assert "this filter shows 1 from here on" in told["problem"]
    narrow.send("paste", key=narrow.keys[0], field="location_name", text="a\nb\n")
    assert texts(draft, "location_name")[1:] == ["a", "b"]
    assert RowChange.objects.count() == 1


def test_fill_down_and_many_rows_at_once(people: Cast, alice: Client) -> None:
    draft = make_sheet(people, *(typed_row(index, po_number=f"P{index}") for index in range(4)))
    grid = Grid(alice, draft)
    grid.send("fill", key=grid.keys[1], field="po_number")
    assert texts(draft, "po_number") == ["P0", "P1", "P1", "P1"]
    assert "PO number set for 2 ticked rows." in grid.change(
        "set", column="po_number", value="T", scope="ticked", row=[grid.keys[0], grid.keys[3]]
    )
    assert texts(draft, "po_number") == ["T", "P1", "P1", "T"]
    filtered = Grid(alice, draft, "q=P1")
    filtered.change("set", column="po_number", value="F", scope="filter")
    assert texts(draft, "po_number") == ["T", "F", "F", "T"]
    grid.change("set", column="hard_start", value="yes", scope="all")
    assert texts(draft, "hard_start") == ["on"] * 4
    assert "Choose the column to change." in grid.change("set", column="site", value="1", scope="all")
    assert "There is no such row" in grid.change("set", column="po_number", value="T", scope="ticked")


def test_undo_goes_back_step_by_step_and_says_whose(people: Cast, alice: Client) -> None:
    draft = make_sheet(people, typed_row(0))
    start = draft.locations[0]["location_name"]
    grid = Grid(alice, draft)
    names = [start, *(f"Name {index}" for index in range(60))]
    for old, new in itertools.pairwise(names):
        grid.set(0, "location_name", new, old)
    for name in reversed(names[:-1]):
        grid.send("undo")
        assert texts(draft, "location_name") == [name]
    assert grid.send("undo")["problem"] == "There is nothing to undo."
    other = Grid(client_of(people.root), draft)
    assert other.send("redo")["told"] == "Done again: Location name changed (Alice Warren’s)."
    other.set(0, "location_number", "9", draft.locations[0]["location_number"])
    assert grid.send("redo")["problem"] == "There is nothing to do again."


def test_undo_leaves_alone_what_was_changed_since(people: Cast, alice: Client) -> None:
    draft = make_sheet(people, typed_row(0), typed_row(1))
    grid = Grid(alice, draft)
    grid.send("paste", key=grid.keys[0], field="location_name", text="A\nB\n")
    draft.refresh_from_db()
    draft.locations[0]["location_name"] = "By a machine"
    draft.save()
    told = grid.send("undo")
    assert told["told"] == "Undone: 2 rows pasted. 1 cell was changed since and left as it is."
    assert texts(draft, "location_name")[0] == "By a machine"


def test_rows_come_and_go_and_come_back_to_their_places(people: Cast, alice: Client) -> None:
    draft = make_sheet(people, *(typed_row(index) for index in range(4)))
    names = texts(draft, "location_name")
    grid = Grid(alice, draft)
    assert "2 rows removed." in grid.change("remove", row=[grid.keys[0], grid.keys[2]])
    assert texts(draft, "location_name") == [names[1], names[3]]
    grid.change("undo")
    assert texts(draft, "location_name") == names
    grid.change("redo")
    grid.change("undo")
    grid.change("copy", row=grid.keys[1])
    assert texts(draft, "location_name") == [*names, names[1]]
    assert len({row[typed.KEY] for row in draft.locations}) == 5
    grid.change("add")
    assert texts(draft, "location_name")[-1] == ""
    assert "Tick the rows to remove first." in grid.change("remove")


def test_a_repair_is_shown_and_taken_back_by_one_click(people: Cast, alice: Client) -> None:
    row = typed_row(0, zip="02116")
    row["repaired"] = {"zip": ["2116", "Its state proves the zero."]}  # type: ignore[assignment]
    draft = make_sheet(people, row, typed_row(1))
    grid = Grid(alice, draft)
    assert (grid.page.counts.repaired, "was “2116”" in grid.html) == (1, True)
    assert Grid(alice, draft, "only=repaired").keys == [row["row"]]
    told = grid.send("back", key=row["row"], field="zip")
    assert texts(draft, "zip")[0] == "2116"
    assert "was “2116”" not in told["rows"][row["row"]]
    grid.send("undo")
    assert texts(draft, "zip")[0] == "02116"
    assert draft.locations[0]["repaired"]["zip"][0] == "2116"
    grid.change(f"back {row['row']} zip")
    assert texts(draft, "zip")[0] == "2116"
    assert "nothing to take back" in grid.change(f"back {row['row']} zip")
    grid.set(0, "zip", "02117", "2116")
    assert "repaired" not in Draft.objects.get(pk=draft.pk).locations[0]


def test_what_granite_said_stands_at_its_cell(people: Cast, alice: Client) -> None:
    row = typed_row(0, po_number="7")
    row["refused"] = [  # type: ignore[assignment]
        {"field": "account_macnum", "value": row["account_macnum"], "message": "Unknown macnum"},
        {"field": "", "value": "", "message": "Try later"},
    ]
    grid = Grid(alice, make_sheet(people, row))
    at = grid.html.index(f'id="cell-{row["row"]}-account_macnum"')
    assert "Granite said: Unknown macnum" in grid.html[at : at + 1200]
    head = grid.html.index(f'id="row-{row["row"]}"')
    assert "Granite said: Try later" in grid.html[head:at]


@pytest.mark.parametrize(
    "edit",
    [
        "",
        "nonsense",
        "[]",
        '{"op": "set"}',
        '{"op": "set", "columns": [], "keys": [], "seen": 0, "cells": [["a", "site", "1", ""]]}',
        '{"op": "set", "columns": [], "keys": [], "seen": 0, "cells": [["a", "zip", 1, ""]]}',
        '{"op": "paste", "columns": ["zip"], "keys": ["a"], "seen": 0, "key": "a", "field": "row", "text": "x"}',
        '{"op": "away", "columns": [], "keys": [], "seen": 0}',
        '{"op": "undo", "columns": ["row"], "keys": [], "seen": "0"}',
        '{"op": "set", "columns": [], "keys": [], "seen": 0, "cells": []}',
    ],
)
def test_what_our_page_would_not_send_is_refused(people: Cast, alice: Client, edit: str) -> None:
    draft = make_sheet(people, typed_row(0))
    answer = alice.post(f"/drafts/{draft.pk}/rows/edit/", {"edit": edit})
    assert answer.status_code == 400
    assert not RowChange.objects.exists()


def test_a_row_that_went_is_told(people: Cast, alice: Client) -> None:
    draft = make_sheet(people, typed_row(0), typed_row(1))
    grid = Grid(alice, draft)
    grid.change("remove", row=grid.keys[0])
    told = grid.set(0, "zip", "02116", "")
    assert told["told"] == "Nothing was changed. One of the rows is no longer in this sheet."
    assert "was removed meanwhile" in grid.send("fill", key=grid.keys[0], field="time_zone")["problem"]


def test_no_more_rows_than_a_dispatch_may_have(
    people: Cast, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tickets.services.grid.MOST_SHEET_ROWS", 3)
    draft = make_sheet(people, typed_row(0), typed_row(1))
    grid = Grid(alice, draft)
    told = grid.send("paste", key=grid.keys[1], field="location_name", text="a\nb\nc\n")
    assert told["problem"] == "A dispatch has at most 3 rows. Nothing was changed."
    assert len(texts(draft, "location_name")) == 2


def test_only_so_many_steps_are_kept(people: Cast, alice: Client) -> None:
    draft = make_sheet(people, typed_row(0))
    RowChange.objects.bulk_create(
        RowChange(draft=draft, by=people.alice, done="x", turn=1) for _ in range(MOST_KEPT + 20)
    )
    Grid(alice, draft).set(0, "zip", "02116", "")
    assert RowChange.objects.filter(draft=draft).count() == MOST_KEPT


def test_only_what_was_put_right_counts_as_repaired(people: Cast, alice: Client) -> None:
    draft = make_sheet(people, typed_row(0), typed_row(1))
    grid = Grid(alice, draft)
    grid.set(0, "hard_start", "yes", "")
    grid.set(0, "location_name", " Store 1 ", draft.locations[0]["location_name"])
    assert (texts(draft, "hard_start")[0], texts(draft, "location_name")[0]) == ("on", "Store 1")
    assert Grid(alice, draft).page.counts.repaired == 0
    grid.set(0, "hard_start", "", "yes")
    grid.set(1, "hard_start", "perhaps", "")
    again = Grid(alice, draft)
    assert again.page.counts.repaired == 1
    assert "was “perhaps”" in again.html
    assert "neither yes nor no" in again.html
