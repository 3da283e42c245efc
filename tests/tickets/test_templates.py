"""Templates: kept from a draft or a dispatch, begun from in one press, and never a day in them."""

from typing import Any

import pytest

from portal.models import AuditEntry
from tests.cast import Cast, client_of
from tests.dispatching import make_dispatch, make_draft, typed_row
from tests.portal.outbox_parts import make_account
from tests.tickets.scene import PDF, upload
from tests.tickets.wizard_kit import form_of
from tickets.models import DispatchTemplate, Draft
from tickets.services.attaching import files_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(people: Cast) -> Draft:
    make_account()
    draft = make_draft(people.alice, people.east, 2, po_number="PO-9", prior_ticket="771001")
    draft.files.add(upload("Site survey.pdf", PDF, people.alice))
    draft.files.add(upload("Plan.pdf", PDF + b"%", people.alice))
    return draft


def keep(person: Any, draft: Draft, **typed: str) -> DispatchTemplate:
    answer = client_of(person).post(
        f"/drafts/{draft.pk}/template/",
        {"name": "Router swap", "with_sites": "on", "with_files": "on"} | typed,
    )
    assert answer.status_code == 302, answer.content.decode()
    return DispatchTemplate.objects.latest("pk")


def start(person: Any, template: DispatchTemplate) -> Draft:
    answer = client_of(person).post(f"/templates/{template.pk}/start/")
    assert answer.status_code == 302
    assert answer["Location"].endswith("/day/")
    return Draft.objects.latest("pk")


def test_a_template_keeps_the_clock_and_never_the_day(people: Cast, draft: Draft) -> None:
    template = keep(people.alice, draft)
    kept = str((template.what, template.locations))
    assert draft.locations[0]["start_date"][:10] not in kept
    assert [row["start_clock"] for row in template.locations] == ["09:00", "09:00"]
    assert "prior_ticket" not in template.what  # that was earlier work of one visit
    assert (template.team, template.made_by) == (people.east, people.alice)
    assert AuditEntry.objects.filter(action="template.saved", by=people.alice).exists()


def test_begun_with_it_the_day_is_all_that_is_missing(people: Cast, draft: Draft) -> None:
    begun = start(people.alice, keep(people.alice, draft))
    assert begun.pk != draft.pk
    assert (begun.created_by, begun.corrects, begun.what["po_number"]) == (people.alice, None, "PO-9")
    assert {row["row"] for row in begun.locations}.isdisjoint(row["row"] for row in draft.locations)
    assert [file.name for file in files_of(begun)] == ["Site survey.pdf", "Plan.pdf"]
    alice = client_of(people.alice)
    page = form_of(alice.get(f"/drafts/{begun.pk}/day/"), "day")
    assert page["window_start"] == "09:00"
    answer = alice.post(f"/drafts/{begun.pk}/day/", page | {"day": "2027-02-03"})
    assert answer["Location"] == f"/drafts/{begun.pk}/review/"
    begun.refresh_from_db()
    assert [row["start_date"] for row in begun.locations] == ["2027-02-03T09:00"] * 2
    assert alice.get(answer["Location"]).context["plan"].may_go


def test_whoever_begins_is_the_contact_unless_another_one_is_named(people: Cast, draft: Draft) -> None:
    own = keep(people.alice, draft)
    draft.what = {**draft.what, "contact_name": "The desk", "contact_email_address": "desk@portal.example"}
    draft.save()
    named = keep(people.alice, draft, name="Named")
    people.carol.teams.add(people.east)
    assert start(people.carol, own).what["contact_email_address"] == "carol@portal.example"
    assert start(people.carol, named).what["contact_name"] == "The desk"


def test_without_sites_and_files_it_keeps_the_window_for_those_that_are_added(
    people: Cast, draft: Draft
) -> None:
    template = keep(people.alice, draft, with_sites="", with_files="")
    begun = start(people.alice, template)
    assert (begun.locations, files_of(begun)) == ([], [])
    alice = client_of(people.alice)
    page = form_of(alice.get(f"/drafts/{begun.pk}/day/"), "day")
    answer = alice.post(f"/drafts/{begun.pk}/day/", page | {"day": "2027-02-03"})
    assert answer["Location"] == f"/drafts/{begun.pk}/where/"
    begun.refresh_from_db()
    assert begun.what["all-start_date"] == "2027-02-03T09:00"
    other = alice.post("/drafts/new/")
    assert str(begun.pk) not in other["Location"]  # it is not taken for one that was begun empty


def test_places_with_windows_of_their_own_keep_them(people: Cast) -> None:
    make_account()
    rows = [typed_row(0), typed_row(1, start_date="2027-02-03T13:00", end_date="2027-02-03T13:30")]
    begun = start(people.alice, keep(people.alice, make_draft(people.alice, people.east, rows)))
    alice = client_of(people.alice)
    assert "window_start" not in form_of(alice.get(f"/drafts/{begun.pk}/day/"), "day")
    alice.post(f"/drafts/{begun.pk}/day/", {"day": "2027-03-04"})
    begun.refresh_from_db()
    assert [row["start_date"] for row in begun.locations] == ["2027-03-04T09:00", "2027-03-04T13:00"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"day": ""}, "Enter the day."),
        ({"day": "soon"}, "is not a day"),
        ({"day": "0001-01-01"}, "Enter a day between"),
        (
            {"day": "2027-02-03", "window_start": "12:00", "window_end": "09:00"},
            "The end must be after the start",
        ),
        ({"day": "2027-02-03", "window_start": "9 o’clock"}, "This is not a time"),
    ],
)
def test_a_day_that_is_none_is_said_at_its_place(
    people: Cast, draft: Draft, typed: dict[str, str], words: str
) -> None:
    begun = start(people.alice, keep(people.alice, draft))
    answer = client_of(people.alice).post(f"/drafts/{begun.pk}/day/", typed)
    assert answer.status_code == 400
    assert words in answer.content.decode()


def test_two_presses_begin_one_draft(people: Cast, draft: Draft) -> None:
    template = keep(people.alice, draft)
    assert start(people.alice, template) == start(people.alice, template)
    assert template.drafts.count() == 1


def test_a_name_is_there_once_in_a_team_until_it_is_retired(people: Cast, draft: Draft) -> None:
    template = keep(people.alice, draft)
    alice = client_of(people.alice)
    answer = alice.post(f"/drafts/{draft.pk}/template/", {"name": "ROUTER swap", "with_sites": "on"})
    assert answer.status_code == 400
    assert "has a template “ROUTER swap” already" in answer.content.decode()
    other = keep(people.alice, draft, name="Another")
    page = alice.post(f"/templates/{other.pk}/rename/", {"name": "Router swap"}, follow=True)
    assert "Choose another name." in page.content.decode()
    alice.post(f"/templates/{template.pk}/retire/")
    assert alice.post(f"/templates/{template.pk}/start/").status_code == 404
    alice.post(f"/templates/{other.pk}/rename/", {"name": "Router swap"})
    other.refresh_from_db()
    assert other.name == "Router swap"


def test_a_dispatch_becomes_a_template_as_well(people: Cast) -> None:
    make_account()
    dispatch = make_dispatch(people.alice, people.east, 2)
    client_of(people.alice).post(
        f"/dispatches/{dispatch.pk}/template/", {"name": "Again", "with_sites": "on"}
    )
    assert len(DispatchTemplate.objects.get().locations) == 2


def test_other_teams_neither_see_nor_begin_it(people: Cast, draft: Draft) -> None:
    template = keep(people.alice, draft)
    carol = client_of(people.carol)
    assert "Router swap" not in carol.get("/templates/").content.decode()
    assert carol.post(f"/templates/{template.pk}/start/").status_code == 404


def test_home_offers_what_is_used_most(people: Cast, draft: Draft) -> None:
    keep(people.alice, draft, name="Seldom")
    often = keep(people.alice, draft, name="Often")
    start(people.alice, often)
    page = client_of(people.alice).get("/").content.decode()
    assert page.index("Often") < page.index("Seldom")


def test_a_sheet_stays_a_sheet(people: Cast, draft: Draft) -> None:
    Draft.objects.filter(pk=draft.pk).update(is_sheet=True)
    draft.refresh_from_db()
    begun = start(people.alice, keep(people.alice, draft))
    assert begun.is_sheet
    alice = client_of(people.alice)
    page = form_of(alice.get(f"/drafts/{begun.pk}/day/"), "day")
    answer = alice.post(f"/drafts/{begun.pk}/day/", page | {"day": "2027-02-03"})
    assert answer["Location"] == f"/drafts/{begun.pk}/review/"
    begun.refresh_from_db()
    assert [row["end_date"] for row in begun.locations] == ["2027-02-03T12:00"] * 2
    assert not begun.what.get("same_for_all")


def test_rows_of_a_sheet_name_no_files_that_are_not_kept(people: Cast, draft: Draft) -> None:
    rows = [row | {"files": "Plan.pdf"} for row in draft.locations]
    Draft.objects.filter(pk=draft.pk).update(is_sheet=True, locations=rows)
    draft.refresh_from_db()
    assert [row["files"] for row in keep(people.alice, draft).locations] == ["Plan.pdf"] * 2
    assert [row["files"] for row in keep(people.alice, draft, name="B", with_files="").locations] == ["", ""]
