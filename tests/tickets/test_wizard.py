"""The wizard in a browser without scripts: nothing typed is lost, and nobody's work is overwritten unasked."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from portal.models import Lookup, Team, VendorAccount
from sites.models import Account
from tests.cast import Cast
from tests.portal.outbox_parts import make_account
from tests.tickets.wizard_kit import PLACE, WHAT, WINDOW, Browser, form_of, make_site, row
from tickets.models import Dispatch, Draft

pytestmark = pytest.mark.django_db
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde\x00"
    b"\x00\x00\x0cIDATx\x9cc\xf8\xcf\xc0\x00\x00\x03\x01\x01\x00\xc9\xfe\x92\xef\x00\x00\x00\x00IEND\xaeB`\x82"
)


@pytest.fixture
def alice(people: Cast) -> Browser:
    make_account()
    return Browser(people.alice)


@pytest.fixture
def draft(alice: Browser) -> Draft:
    draft = alice.begin()
    alice.fill(draft)
    return draft


def test_a_new_dispatch_knows_the_person_and_is_begun_once(alice: Browser) -> None:
    draft = alice.begin()
    assert alice.begin() == draft
    page = alice.open(draft, "what").content.decode()
    assert 'value="Alice Warren"' in page
    assert 'value="alice@portal.example"' in page
    alice.press(draft, "what", po_number="1", go="back")
    assert alice.begin() != draft


def test_from_nothing_to_submitted_without_scripts(alice: Browser, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    site = make_site()
    draft = alice.begin()
    assert alice.press(draft, "what", **WHAT, go="next")["Location"] == alice.url(draft, "where/")
    found = alice.press(draft, "where", to="where/search/", q="store 77")
    shown = alice.client.get(found["Location"].split("#")[0])
    assert "Store 77" in shown.content.decode()
    added = alice.press(draft, "where", to="where/add/", page=shown, add=f"site:{site.pk}")
    assert added["Location"].endswith("#location-0")
    alice.press(draft, "where", **row(0, {"account_macnum": "0077"}), go="next")
    alice.press(draft, "where", to="where/0/copy/")
    alice.press(draft, "where", **row(1, PLACE), go="next")
    shared = {"same_for_all": "on", "all-start_date": "2027-02-03T09:00", "all-hard_start": "on"}
    assert alice.press(draft, "when", **shared, go="next")["Location"] == alice.url(draft, "files/")
    upload = {"file": [SimpleUploadedFile("plan.png", PNG, "image/png"), SimpleUploadedFile("a.exe", b"MZ")]}
    page = alice.client.post(alice.url(draft, "files/add/"), upload).content.decode()
    assert [file.name for file in draft.files.all()] == ["plan.png"]
    assert "Granite does not take .exe files" in page
    again = {"file": SimpleUploadedFile("plan.png", PNG, "image/png")}
    assert alice.client.post(alice.url(draft, "files/"), again)["Location"] == alice.url(draft, "review/")
    assert draft.files.count() == 1, "the very same file is not attached twice"
    review = alice.open(draft, "review")
    assert "2 locations → 1 message → 2 tickets" in review.content.decode()
    assert alice.submit(draft)["Location"] == f"/dispatches/{draft.pk}/"
    assert Dispatch.objects.get().locations.count() == 2


def test_leaving_a_step_keeps_what_was_typed_however_wrong(alice: Browser, draft: Draft) -> None:
    wrong = {"po_number": "P" * 40, "prior_ticket": "<b>7</b>", "contact_email_address": "nobody"}
    for button, place in (("back", "what"), ("review", "review"), ("files", "files")):
        response = alice.press(draft, "what", **wrong, go=button)
        assert response["Location"] == alice.url(draft, f"{place}/")
    assert form_of(alice.open(draft, "what")).items() >= wrong.items()
    alice.press(draft, "where", **row(0, {"local_contact_number": 'x" onfocus="'}), go="when")
    assert form_of(alice.open(draft, "where"))["locations-0-local_contact_number"] == 'x" onfocus="'


def test_it_is_saved_as_one_types(alice: Browser, draft: Draft) -> None:
    typed = form_of(alice.open(draft, "what")) | {"initial_description": "half a sen", "turn": "5"}
    answer = alice.client.post(alice.url(draft, "save/what/"), typed, headers={"HX-Request": "true"})
    assert "Saved" in answer.content.decode()
    assert 'hx-swap-oob="true"' in answer.content.decode()
    assert form_of(alice.open(draft, "what"))["initial_description"] == "half a sen"
    alice.client.logout()
    alice.client.force_login(alice.person)
    assert form_of(alice.open(draft, "what"))["initial_description"] == "half a sen"


def test_a_save_that_was_overtaken_undoes_nothing(alice: Browser, draft: Draft) -> None:
    typed = form_of(alice.open(draft, "what"))
    for turn, words in (("7", "the later words"), ("6", "the earlier words")):
        alice.client.post(
            alice.url(draft, "save/what/"), typed | {"initial_description": words, "turn": turn}
        )
    draft.refresh_from_db()
    assert draft.what["initial_description"] == "the later words"


def test_one_page_saves_again_and_again_without_a_conflict(alice: Browser, draft: Draft) -> None:
    typed = form_of(alice.open(draft, "what"))
    for turn, words in (("6", "one"), ("7", "two")):
        alice.client.post(
            alice.url(draft, "save/what/"), typed | {"initial_description": words, "turn": turn}
        )
    last = typed | {"initial_description": "three", "turn": "8", "go": "next"}
    assert alice.client.post(alice.url(draft, "what/"), last).status_code == 302


def test_two_windows_on_two_steps_do_not_undo_each_other(alice: Browser, draft: Draft) -> None:
    pages = {step: form_of(alice.open(draft, step)) for step in ("what", "where", "when")}
    pages["what"]["po_number"] = "PO-1"
    pages["where"]["locations-0-location_name"] = "Store 99"
    pages["when"]["locations-0-start_date"] = "2027-02-03T10:00"
    for step, typed in pages.items():
        assert "Not saved" not in alice.client.post(alice.url(draft, f"save/{step}/"), typed).content.decode()
    draft.refresh_from_db()
    assert draft.what["po_number"] == "PO-1"
    assert draft.locations[0]["location_name"] == "Store 99"
    assert draft.locations[0]["start_date"] == "2027-02-03T10:00"


def test_two_windows_on_one_step_leave_the_choice_to_the_person(alice: Browser, draft: Draft) -> None:
    mine = form_of(alice.open(draft, "what")) | {"initial_description": "mine"}
    alice.press(draft, "what", initial_description="theirs", go="back")
    autosaved = alice.client.post(alice.url(draft, "save/what/"), mine).content.decode()
    assert "Not saved. This step was changed in another window" in autosaved
    stale = alice.client.post(alice.url(draft, "what/"), mine | {"go": "next"})
    assert stale.status_code == 409
    page = stale.content.decode()
    assert "Save mine anyway" in page
    assert ("initial_description", "mine", "theirs") in stale.context["conflict"].differences
    assert form_of(stale)["initial_description"] == "mine"
    draft.refresh_from_db()
    assert draft.what["initial_description"] == "theirs"
    assert alice.client.post(alice.url(draft, "what/"), form_of(stale) | {"go": "next"}).status_code == 409
    assert alice.client.post(alice.url(draft, "what/"), form_of(stale) | {"force": "1"}).status_code == 302
    draft.refresh_from_db()
    assert draft.what["initial_description"] == "mine"


def test_a_row_removed_elsewhere_is_not_overwritten_by_its_neighbour(alice: Browser, draft: Draft) -> None:
    alice.press(draft, "where", to="where/add/", add="blank")
    alice.press(draft, "where", **row(1, PLACE | {"location_name": "Second"}), go="when")
    old = form_of(alice.open(draft, "when")) | row(1, {"start_date": "2027-05-05T05:05"})
    alice.press(draft, "where", to="where/0/remove/")
    assert alice.client.post(alice.url(draft, "when/"), old).status_code == 409
    assert alice.client.post(alice.url(draft, "when/"), old | {"force": "1"}).status_code in (200, 302)
    draft.refresh_from_db()
    assert [(row["location_name"], row["start_date"]) for row in draft.locations] == [
        ("Second", "2027-05-05T05:05")
    ]


def test_a_stale_list_is_not_added_to_and_both_lists_are_named(alice: Browser, draft: Draft) -> None:
    old = form_of(alice.open(draft, "where")) | row(0, {"local_contact_name": "Mine"})
    alice.press(draft, "where", **row(0, {"local_contact_name": "Theirs"}), go="back")
    stale = alice.client.post(alice.url(draft, "where/add/"), old | {"add": "blank"})
    assert stale.status_code == 409
    assert ("Location 1: Local contact", "Mine", "Theirs") in stale.context["differences"]
    assert f'href="/drafts/{draft.pk}/where/">Take what is saved there' in stale.content.decode()
    draft.refresh_from_db()
    assert len(draft.locations) == 1


def test_rows_are_added_copied_and_removed_with_unsaved_words_kept(alice: Browser, draft: Draft) -> None:
    typed = row(0, {"location_name": "Typed just now"})
    alice.press(draft, "where", to="where/add/", add="blank", **typed)
    alice.press(draft, "where", to="where/0/copy/", **row(1, {"local_contact_name": "Unsaved"}))
    draft.refresh_from_db()
    assert [row.get("location_name", "") for row in draft.locations] == [
        "Typed just now",
        "Typed just now",
        "",
    ]
    assert draft.locations[2]["local_contact_name"] == "Unsaved"
    assert draft.locations[1]["start_date"] == WINDOW["start_date"]
    assert len({row["row"] for row in draft.locations}) == 3
    alice.press(draft, "where", to="where/1/remove/")
    draft.refresh_from_db()
    assert draft.locations[0]["row"] != draft.locations[1]["row"]
    assert [row.get("location_name", "") for row in draft.locations] == ["Typed just now", ""]


def test_a_row_that_is_not_there_cannot_be_copied(alice: Browser, draft: Draft) -> None:
    response = alice.press(draft, "where", to="where/9/copy/")
    page = alice.client.get(response["Location"]).content.decode()
    assert "no longer in the list" in page


def test_a_site_fills_a_row_with_all_we_know(alice: Browser, draft: Draft) -> None:
    site = make_site(draft.account, macnum="0007700")
    alice.press(draft, "where", to="where/add/", add=f"site:{site.pk}")
    draft.refresh_from_db()
    filled = draft.locations[1]
    assert filled["site"] == str(site.pk)
    assert (filled["location_number"], filled["account_macnum"]) == ("0077", "0007700")
    assert (filled["local_contact_name"], filled["location_contact_ext"]) == ("Kim Lee", "4")
    assert filled["time_zone"] == "America/New_York"


def test_many_ticked_sites_are_added_at_once(alice: Browser, draft: Draft) -> None:
    sites = [make_site(name=f"Shop {n}", number=f"S{n}") for n in range(25)]
    data = form_of(alice.open(draft, "where")) | {"pick": [f"site:{site.pk}" for site in sites]}
    alice.client.post(alice.url(draft, "where/add/"), data)
    draft.refresh_from_db()
    assert [row["location_name"] for row in draft.locations[1:]] == [site.name for site in sites]


@pytest.mark.parametrize("pick", ["site:999999", "site:x", "account:5", "nonsense", ""])
def test_a_pick_that_is_not_known_is_said_and_nothing_is_lost(
    alice: Browser, draft: Draft, pick: str
) -> None:
    response = alice.press(draft, "where", to="where/add/", add=pick, **row(0, {"location_name": "Kept"}))
    page = alice.client.get(response["Location"])
    assert "alert-danger" in page.content.decode()
    assert form_of(page)["locations-0-location_name"] == "Kept"


def test_granite_is_asked_by_the_button_and_never_by_looking(alice: Browser, draft: Draft) -> None:
    alice.client.get(alice.url(draft, "where/search/?q=lexington"))
    assert not Lookup.objects.exists()
    alice.press(draft, "where", to="where/search/", q=" lexington ")
    lookup = Lookup.objects.get()
    assert (lookup.kind, lookup.question) == ("granite.accounts", {"search": "lexington"})
    waiting = alice.client.get(alice.url(draft, "where/search/?q=lexington")).content.decode()
    assert "Asking Granite" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    account = Account.objects.create(
        vendor_account=draft.account, macnum="0099", name="Valve Co", state="KY", seen_at=timezone.now()
    )
    row_of_answer = {"account": account.pk, "name": "Valve Co", "macnum": "0099", "address": "1 Main"}
    Lookup.objects.update(answer=[row_of_answer], due_at=None, answered_at=timezone.now())
    piece = alice.client.get(
        alice.url(draft, "where/search/?q=lexington"),
        headers={"HX-Request": "true", "HX-Target": "account-results"},
    ).content.decode()
    assert "Valve Co" in piece
    assert "every 1s" not in piece
    added = alice.press(draft, "where", to="where/add/", add=f"account:{account.pk}")
    page = alice.client.get(added["Location"].split("#")[0]).content.decode()
    assert "KY lies in two time zones" in page
    draft.refresh_from_db()
    assert draft.locations[1]["account_macnum"] == "0099"


def test_a_search_that_failed_says_why(alice: Browser, draft: Draft) -> None:
    alice.press(draft, "where", to="where/search/", q="lexington")
    Lookup.objects.update(due_at=None, answered_at=timezone.now(), problem="Granite could not be reached.")
    assert "could not be reached" in alice.client.get(alice.url(draft, "where/?q=lexington")).content.decode()


TAMPERED = [
    {"locations-TOTAL_FORMS": None},
    {"locations-TOTAL_FORMS": "-1"},
    {"locations-TOTAL_FORMS": "99999999999999999999"},
    {"locations-TOTAL_FORMS": "501"},
    {"locations-TOTAL_FORMS": "5"},
    {"locations-TOTAL_FORMS": "0"},
    {"locations-TOTAL_FORMS": "one"},
    {"locations-7-location_name": "far away"},
    {"locations-0-location_name": ["one", "two"]},
]


@pytest.mark.parametrize("step", ["where", "when"])
@pytest.mark.parametrize("tampered", TAMPERED)
def test_a_broken_list_is_refused_and_nothing_is_lost(
    alice: Browser, draft: Draft, tampered: dict[str, Any], step: str
) -> None:
    before = Draft.objects.values("what", "locations").get()
    data = form_of(alice.open(draft, step)) | tampered
    data = {name: value for name, value in data.items() if value is not None}
    if step == "when" and "locations-0-location_name" in tampered:
        data["locations-0-start_date"] = ["2027-01-01T01:00", "2027-01-01T02:00"]
    response = alice.client.post(alice.url(draft, f"{step}/"), data)
    assert response.status_code == 400
    assert "alert-danger" in response.content.decode()
    assert Draft.objects.values("what", "locations").get() == before
    saved = alice.client.post(alice.url(draft, f"save/{step}/"), data)
    assert "Not saved." in saved.content.decode()


def test_a_list_of_501_rows_is_refused_and_500_are_taken(alice: Browser, draft: Draft) -> None:
    rows: dict[str, Any] = {}
    for index in range(501):
        rows |= row(index, PLACE | {"location_name": f"Store {index}"})
    too_many = rows | {"locations-TOTAL_FORMS": "501", "go": "next"}
    assert alice.client.post(alice.url(draft, "where/"), too_many).status_code == 400
    for name in row(500, PLACE):
        del rows[name]
    assert (
        alice.client.post(alice.url(draft, "where/"), rows | {"locations-TOTAL_FORMS": "500"}).status_code
        == 302
    )
    assert len(Draft.objects.get().locations) == 500
    added = alice.press(draft, "where", to="where/add/", add="blank")
    assert "at most 500 locations" in alice.client.get(added["Location"]).content.decode()


def test_odd_bytes_are_no_error(alice: Browser, draft: Draft) -> None:
    nul = {"initial_description": "a\x00b", "po_number": "\x00"}
    assert alice.press(draft, "what", **nul, go="next").status_code == 302
    assert (
        alice.press(
            draft, "where", **row(0, {"site": "\x00", "row": "\x00", "time_zone": "\x00../x"})
        ).status_code
        == 200
    )
    for url in ("where/search/?q=%00", "where/?q=a%00b&row=%00"):
        assert alice.client.get(alice.url(draft, url)).status_code == 400, "no browser sends a NUL"
    for url in ("where/?row=99999999", "where/?row=²"):
        assert alice.client.get(alice.url(draft, url)).status_code == 200


def test_others_do_not_see_a_draft(alice: Browser, draft: Draft, people: Cast) -> None:
    rest = ["what/", "where/", "when/", "files/", "review/", "estimates/", "where/search/"]
    posts = [
        "save/what/",
        "where/add/",
        "where/0/copy/",
        "where/0/remove/",
        "files/add/",
        "files/1/remove/",
        "discard/",
    ]
    for person, status in ((people.carol, 404), (people.bob, 403), (people.mia, 403)):
        browser = Browser(person)
        assert {browser.client.get(browser.url(draft, part)).status_code for part in rest} == {status}
        assert {browser.client.post(browser.url(draft, part)).status_code for part in posts} == {status}
    assert draft.reference not in Browser(people.carol).client.get("/drafts/").content.decode()
    assert Browser(people.bob).client.get("/drafts/").status_code == 403
    assert Browser(people.root).client.get(alice.url(draft, "what/")).status_code == 200


def test_a_draft_that_was_submitted_or_discarded_leads_on(alice: Browser, draft: Draft) -> None:
    alice.submit(draft)
    for step in ("what", "where", "when", "files", "review"):
        assert alice.client.get(alice.url(draft, f"{step}/"))["Location"] == f"/dispatches/{draft.pk}/"
    assert alice.client.post(alice.url(draft, "what/"), WHAT)["Location"] == f"/dispatches/{draft.pk}/"
    other = alice.begin()
    alice.client.post(alice.url(other, "discard/"))
    page = alice.client.get(alice.url(other, "what/"), follow=True).content.decode()
    assert f"{other.reference} was discarded" in page
    assert (
        other.reference
        not in alice.client.get("/drafts/").content.decode().split("<main")[1].split("panel")[1]
    )


def test_a_session_that_ended_keeps_the_words(alice: Browser, draft: Draft) -> None:
    typed = form_of(alice.open(draft, "what")) | {"initial_description": "an hour of words", "go": "next"}
    alice.client.logout()
    refused = alice.client.post(alice.url(draft, "what/"), typed, headers={"Origin": "http://testserver"})
    assert refused.status_code == 401
    assert "an hour of words" in refused.content.decode()
    alice.client.force_login(alice.person)
    assert alice.client.post(alice.url(draft, "what/"), typed).status_code == 302
    draft.refresh_from_db()
    assert draft.what["initial_description"] == "an hour of words"


def test_files_together_stay_under_the_limit(alice: Browser, draft: Draft, monkeypatch: Any) -> None:
    monkeypatch.setattr("tickets.services.attaching.MOST_BYTES", 100)
    url = alice.url(draft, "files/add/")
    first = alice.client.post(url, {"file": SimpleUploadedFile("a.csv", b"a,b\n" * 15)})
    assert "Not attached" not in first.content.decode()
    second = alice.client.post(url, {"file": SimpleUploadedFile("b.csv", b"a,b\n" * 15)}).content.decode()
    assert "“b.csv” does not fit" in second.replace("&quot;", '"')
    assert [file.name for file in draft.files.all()] == ["a.csv"]
    twice = alice.client.post(url, {"file": SimpleUploadedFile("A.csv", b"c,d\n")}).content.decode()
    assert "is attached already" in twice
    file = draft.files.get()
    alice.client.post(alice.url(draft, f"files/{file.pk}/remove/"))
    assert not draft.files.exists()
    assert "Choose at least one file" in alice.client.post(url).content.decode()


def test_costs_are_asked_by_a_post_and_shown_with_their_sum(alice: Browser, draft: Draft) -> None:
    Account.objects.create(
        vendor_account=draft.account, macnum=PLACE["account_macnum"], account_id=42, seen_at=timezone.now()
    )
    alice.press(draft, "where", to="where/0/copy/")
    alice.press(draft, "where", **row(1, {"account_macnum": "unheard-of", "location_name": "B"}), go="next")
    assert "not asked yet" in alice.open(draft, "review").content.decode()
    assert not Lookup.objects.exists()
    alice.client.post(alice.url(draft, "estimates/"))
    lookup = Lookup.objects.get()
    assert lookup.question == {
        "account_id": 42,
        "service_type": "Smart Hands",
        "start": "2027-02-03T09:00:00",
        "end": "2027-02-03T12:00:00",
    }
    piece = alice.client.get(alice.url(draft, "estimates/"), headers={"HX-Request": "true"}).content.decode()
    assert "asking Granite" in piece
    assert "every 2s" in piece
    answer = {
        "total": "1435.50",
        "hours": "3",
        "rate_per_hour": "95.00",
        "dispatch_fee_dollars": "150",
        "misc_fee_dollars": None,
    }
    Lookup.objects.update(answer=answer, due_at=None, answered_at=timezone.now())
    page = alice.open(draft, "review").content.decode()
    assert page.count("$1,435.50") == 2
    assert "dispatch $150.00, 3 h at $95.00" in page
    assert "1 is not" in page


def test_the_same_place_and_day_elsewhere_is_warned_of(alice: Browser, draft: Draft) -> None:
    alice.submit(draft)
    again = alice.begin()
    alice.fill(again)
    page = alice.open(again, "review")
    assert "already has a technician on Wed 3 Feb 2027" in page.content.decode()
    assert draft.reference in page.content.decode()
    assert page.context["plan"].may_go
    alice.press(again, "where", to="where/0/copy/")
    assert "stands in this dispatch twice" in alice.open(again, "review").content.decode()
    alice.press(again, "when", **row(0, {"start_date": "2027-02-09T09:00", "end_date": "2027-02-09T10:00"}))
    assert len(alice.open(again, "review").context["repeats"]) == 1


def test_the_list_of_drafts_names_the_work(alice: Browser, draft: Draft) -> None:
    page = alice.client.get("/drafts/").content.decode()
    assert draft.reference in page
    assert "Smart Hands" in page


def test_without_a_team_or_an_account_nothing_is_begun(alice: Browser, people: Cast) -> None:
    people.alice.teams.clear()
    assert "no team yet" in alice.client.post("/drafts/new/", follow=True).content.decode()
    people.alice.teams.add(Team.objects.get(name="Field East"))
    Draft.objects.all().delete()
    VendorAccount.objects.all().delete()
    assert "No Granite account is set up" in alice.client.post("/drafts/new/", follow=True).content.decode()
    assert not Draft.objects.exists()


def test_looking_changes_nothing(alice: Browser, draft: Draft) -> None:
    before = Draft.objects.values().get()
    for step in ("what", "where", "when", "files", "review", "estimates", "where/search"):
        alice.client.get(alice.url(draft, f"{step}/?check=1&q=store&row=0"))
    assert Draft.objects.values().get() == before
    assert timezone.now() - draft.created_at < timedelta(minutes=5)
