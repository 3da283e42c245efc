"""Services from a sheet: everything wrong said at once, nothing written before a person says so, and there and back."""

import string
from datetime import date
from itertools import count
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.exports import FORMULA, write_csv, write_xlsx
from portal.models import AuditEntry
from portal.sheets import read
from sites import service_sheets
from sites.models import Service, ServiceChange, ServiceImport, Site
from sites.services import importing
from tests.cast import Cast, client_of
from tests.page_forms import controls_of
from tests.sheets.made import Rows, csv_of, text_of, xlsx_of
from tests.sites.registering import make_service
from tests.tickets.scene import make_site

pytestmark = pytest.mark.django_db
HEADER = ["Our ID", "Site #", "Kind", "GTT Service ID", "Validation", "Validated on", "Notes"]


@pytest.fixture
def alice(people: Cast) -> Client:
    return client_of(people.alice)


def paste(client: Client, rows: Rows) -> Any:
    return client.post("/services/import/", {"way": "paste", "pasted": text_of(rows, "\t")}, follow=True)


def confirm(client: Client, preview: Any) -> Any:
    sheet = ServiceImport.objects.latest("pk")
    form = controls_of(preview.content.decode(), "confirm")
    return client.post(f"/services/import/{sheet.pk}/", form, follow=True)


class TestPreview:
    def test_new_changed_same_and_wrong_then_the_good_ones_alone(self, alice: Client, people: Cast) -> None:
        site = make_site(0, number="0012")
        same = make_service(site, "0001", vendor_service_id="0A", kind="")
        other = make_service(site, "0002", vendor_service_id="0B", note="old")
        rows = [
            HEADER,
            ["0001", "0012", "", "0A", "Validated", "2026-03-04", ""],
            ["0002", "0012", "DIA", "0B", "Validated", "3/4/2026", "new"],
            ["0003", "0012", "DIA", "000C", "", "", ""],
            ["0004", "12", "DIA", "0D", "Maybe", "soon", ""],
        ]
        preview = paste(alice, rows)
        assert preview.context["counts"] == {"wrong": 1, "new": 1, "changed": 1, "same": 1}
        text = preview.content.decode()
        for told in (
            "None of our sites has the number 12. Is it 0012?",
            "“Maybe” is not one of Validated, Not validated, Wrong, Unmapped.",
            "“soon” is not a day.",
        ):
            assert told in text
        assert Service.objects.count() == 2  # nothing is written yet
        answer = confirm(alice, preview)
        assert "1 new, 1 changed, 1 the same. 1 were left out." in answer.content.decode()
        made = Service.objects.get(our_id="0003")
        assert (made.vendor_service_id, made.state, made.site) == ("000C", "mapped", site)
        other.refresh_from_db()
        same.refresh_from_db()
        assert (other.note, other.state, other.checked_on) == ("new", "validated", date(2026, 3, 4))
        assert [(one.field, one.before, one.after) for one in other.changes.all()] == [("Note", "old", "new")]
        assert not same.changes.exists()
        assert AuditEntry.objects.get(action="services.imported").details["new"] == 1
        again = confirm(alice, preview)
        assert again.status_code == 409
        assert "imported already" in again.content.decode()

    def test_all_that_is_wrong_with_every_row_is_said_at_once(self, alice: Client) -> None:
        site = make_site(0, number="0012")
        make_service(site, "taken", vendor_service_id="0T")
        make_service(site, "mine", vendor_service_id="0M")
        rows = [
            [*HEADER, "Vendor"],
            ["", "0012", "", "", "", "", "", ""],
            ["twin", "0012", "", "", "", "", "", ""],
            ["twin", "0012", "", "", "", "", "", "nobody"],
            ["a", "", "x" * 61, "0T", "Unmapped", "", "", ""],
            ["b", "0012", "", "", "Validated", "", "", ""],
            ["c", "0012", "", "0T", "", "2026-03-04", "", ""],
            ["d", "0012", "", "0Z", "Wrong", "9999-01-01", "", ""],
            ["mine", "0012", "", "new", "Validated", "2026-03-04", "", ""],
            ["e", "0012", "", "0T", "", "", "", "GTT"],
        ]
        text = paste(alice, rows).content.decode()
        for told in (
            "Every row needs the id",
            "The same stands in line 4.",
            "The same stands in line 3.",
            "“nobody” is no vendor of ours. Put Granite or GTT.",
            "Say at which site the service is.",
            "Use at most 60 characters; these are 61.",
            "It cannot be unmapped: the vendor service ID is 0T.",
            "“Validated” needs a vendor service ID.",
            "Only what is Validated or Wrong has a day",
            "9999-01-01 has not come yet.",
            "the row still holds the check of the old one",
            "The same stands in line 5, 7.",
        ):
            assert told in text, told
        assert "There is nothing to import." in text

    def test_an_id_of_another_service_unless_the_sheet_takes_it_from_there(self, alice: Client) -> None:
        site = make_site(0, number="0012")
        one, two = (
            make_service(site, "1", vendor_service_id="A"),
            make_service(site, "2", vendor_service_id="B"),
        )
        head = ["Our ID", "Site number", "Vendor service ID"]
        preview = paste(alice, [head, ["1", "0012", "B"]])
        assert "B is the id of our service 2." in preview.content.decode()
        preview = paste(alice, [head, ["1", "0012", "B"], ["2", "0012", "A"]])
        assert preview.context["counts"]["changed"] == 2
        confirm(alice, preview)
        one.refresh_from_db()
        two.refresh_from_db()
        assert (one.vendor_service_id, two.vendor_service_id) == ("B", "A")
        assert (one.state, two.state) == ("mapped", "mapped")

    def test_a_register_that_changed_after_the_look_is_looked_at_again(self, alice: Client) -> None:
        service = make_service(make_site(0, number="0012"), "0001")
        preview = paste(alice, [["Our ID", "Site number", "Note"], ["0001", "0012", "from the sheet"]])
        Service.objects.update(note="typed meanwhile")
        answer = confirm(alice, preview)
        assert answer.status_code == 409
        assert "The register changed after you looked" in answer.content.decode()
        service.refresh_from_db()
        assert service.note == "typed meanwhile"
        confirm(alice, answer)
        service.refresh_from_db()
        assert service.note == "from the sheet"

    def test_rows_with_mistakes_come_back_as_a_sheet(self, alice: Client) -> None:
        make_site(0, number="0012")
        paste(alice, [HEADER, ["1", "12", "", "", "", "", ""], ["2", "0012", "", "", "", "", ""]])
        sheet = ServiceImport.objects.get()
        for kind in ("csv", "xlsx"):
            file = alice.get(f"/services/import/{sheet.pk}/mistakes.{kind}")
            table = read(f"x.{kind}", file.content, service_sheets.recognised)
            assert [row[0] for row in table.rows] == ["1"]
            assert "Is it 0012?" in table.rows[0][-1]
            assert service_sheets.unused(table.header) == []
        assert alice.get(f"/services/import/{sheet.pk}/mistakes.pdf").status_code == 404


class TestReading:
    @pytest.mark.parametrize(
        ("way", "told"),
        [
            ({"way": "file"}, "Choose the file to upload."),
            ({"way": "paste", "pasted": " "}, "Paste the cells"),
            ({"way": "paste", "pasted": "Name\tSite number\nx\t12"}, "No column holds our ids."),
            ({"way": "paste", "pasted": "Our ID\tNote\nx\t12"}, "No column says at which site"),
            ({"way": "paste", "pasted": "Our ID\tSite #\tStore #\nx\t1\t2"}, "both mean Site number"),
            ({"way": "paste", "pasted": "a\x00b"}, "No column holds our ids."),
        ],
    )
    def test_what_cannot_be_read_is_said_and_what_was_pasted_stays(
        self, alice: Client, way: dict[str, str], told: str
    ) -> None:
        answer = alice.post("/services/import/", way)
        assert answer.status_code == 400
        assert told in answer.content.decode()
        assert not ServiceImport.objects.exists()

    def test_files_under_names_of_their_own_with_columns_we_do_not_know(self, alice: Client) -> None:
        make_site(0, number="0012", name="Elm")
        rows = [["GTT ID", "Region", "Site name", "Our service ID"], ["0077", "North", "ELM", "0001"]]
        for name, content in (("a.csv", csv_of(rows, ";")), ("a.xlsx", xlsx_of(rows))):
            file = SimpleUploadedFile(name, content)
            answer = alice.post("/services/import/", {"way": "file", "file": file}, follow=True)
            assert answer.context["counts"]["new"] == 1
            assert "Not used: “Region”." in answer.content.decode()

    def test_a_sheet_is_its_readers_alone(self, alice: Client, people: Cast) -> None:
        make_site(0, number="0012")
        paste(alice, [["Our ID", "Site number"], ["1", "0012"]])
        sheet = ServiceImport.objects.get()
        assert client_of(people.carol).get(f"/services/import/{sheet.pk}/").status_code == 404
        assert client_of(people.carol).post(f"/services/import/{sheet.pk}/").status_code == 404
        assert client_of(people.bob).get(f"/services/import/{sheet.pk}/").status_code == 403


LETTERS = string.ascii_letters + string.digits + "=+-@'\"#,;|\t_<>%& éß漢0"
IDS = st.text(LETTERS.replace("\t", ""), min_size=1, max_size=12)
NOTES = st.text(LETTERS + "\n", max_size=30) | st.sampled_from([*FORMULA, "'=1", '="01"', "_x0041_", "''"])
NUMBERS = count(1)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    rows=st.lists(st.tuples(IDS, IDS, NOTES, st.sampled_from(Service.State.values)), min_size=1, max_size=6)
)
def test_an_export_imports_again_unchanged(people: Cast, rows: list[tuple[str, str, str, str]]) -> None:
    """Whatever a person may enter: what looks like a formula, quoted, with zeros, at sites of the same name."""
    ServiceChange.objects.all().delete()
    Service.objects.all().delete()
    Site.objects.all().delete()
    sites = [make_site(0, number="", name="Twin"), make_site(0, number="", name="Twin"), make_site(1)]
    client = client_of(people.alice)
    for index, (our_id, vendor_id, note, state) in enumerate(rows):
        said = {"our_id": our_id, "site": sites[2].number, "vendor": "gtt", "note": note}
        said["vendor_service_id"] = "" if state == "unmapped" else f"{vendor_id}{next(NUMBERS)}"
        client.post("/services/new/", said)  # refused where it may not be entered
        service = Service.objects.order_by("-pk").first()
        if service and service.vendor_service_id and state in ("validated", "wrong"):
            form = {"vendor_service_id": service.vendor_service_id, "state": state}
            client.post(f"/services/{service.pk}/check/", form)
        if service:
            Service.objects.filter(pk=service.pk).update(site=sites[index % 3])
    if not Service.objects.exists():
        return
    for kind in ("csv", "xlsx"):
        file = client.get(f"/services/export.{kind}")
        table = read(f"x.{kind}", file.content, service_sheets.recognised)
        sheet = importing.keep_sheet(table, "x", by=people.alice)
        plan = importing.preview(sheet)
        assert [(row.outcome, row.errors, row.changes) for row in plan.rows] == [
            ("same", [], [])
        ] * Service.objects.count()


def test_an_export_holds_the_rows_of_the_list_and_no_formula(alice: Client) -> None:
    site = make_site(0, number="0012")
    make_service(site, "=1+1", note="@SUM(A1)")
    make_service(site, "0002", state="mapped")
    text = alice.get("/services/export.csv?state=validated").content.decode("utf-8-sig")
    assert "'=1+1" in text
    assert "'@SUM(A1)" in text
    assert "0002" not in text
    assert alice.get("/services/export.pdf").status_code == 404


def test_no_row_is_read_as_a_header(people: Cast) -> None:
    """Services called like our columns."""
    site = make_site(0, number="0012", name="Site name")
    make_service(site, "Our ID", kind="Kind", name="Name", note="Note", vendor_service_id="Vendor service ID")
    rows = list(service_sheets.rows_of(Service.objects.select_related("site")))
    header = list(service_sheets.COLUMNS.values())
    for name, content in (("a.csv", write_csv(header, rows)), ("a.xlsx", write_xlsx(header, rows))):
        sheet = importing.keep_sheet(read(name, content, service_sheets.recognised), name, by=people.alice)
        assert [row.outcome for row in importing.preview(sheet).rows] == ["same"]
