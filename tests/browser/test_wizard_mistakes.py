"""What people get wrong in the wizard: told at once, at its place, with everything they typed still there."""

import re

import pytest
from playwright.sync_api import Page, expect

from portal.models import Message, VendorAccount
from tests.browser import acting
from tests.browser.conftest import OpenBrowser
from tests.browser.watching import Watcher
from tests.cast import Cast
from tests.dispatching import make_draft, typed_row
from tests.portal.uploads import HEIC
from tests.tickets.scene import PDF
from tickets.models import Dispatch, Draft, Location

pytestmark = pytest.mark.django_db(transaction=True)

TOO_LONG = "PO " + "7" * 30


def expect_findings(page: Page, count: int) -> None:
    """All of them in one list, which has the focus; each also at its field."""
    findings = page.locator("#findings")
    expect(findings).to_be_focused()
    expect(findings.locator("li")).to_have_count(count)
    for link in findings.get_by_role("link").all():
        field = page.locator(link.get_attribute("href") or "")
        described = (field.get_attribute("aria-describedby") or "").split()
        errors = [one for one in described if one.endswith("_error")] or ["id_service_type_error"]
        expect(page.locator(f"#{errors[0]}")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_what(open_browser: OpenBrowser, people: Cast, account: VendorAccount, scripts: bool) -> None:
    page = open_browser(people.alice, scripts=scripts).new_page()
    acting.begin(page)
    page.locator("#id_contact_email_address").fill("alice at portal")
    page.locator("#id_po_number").fill(TOO_LONG)
    page.locator("#id_prior_ticket").fill("twelve")
    page.get_by_label("E-mail others too").check()
    page.locator("#id_automatic_email_cc_address").fill("one@portal.example, two")
    page.locator(".wizard-buttons").get_by_text("Next").click()
    acting.expect_step(page, "What")
    expect_findings(page, 6)
    expect(page.locator("#id_po_number")).to_have_value(TOO_LONG)
    expect(page.locator("#id_contact_email_address")).to_have_value("alice at portal")
    expect(page.locator("#id_prior_ticket")).to_have_value("twelve")
    expect(page.locator("#id_automatic_email_cc_address")).to_have_value("one@portal.example, two")
    page.locator("#findings").get_by_role("link", name="Earlier Granite ticket").click()
    expect(page.locator("#id_prior_ticket")).to_be_focused()


def test_where(open_browser: OpenBrowser, people: Cast, account: VendorAccount) -> None:
    draft = make_draft(people.alice, people.east, [typed_row(0), typed_row(1)])
    page = open_browser(people.alice).new_page()
    page.goto(f"/drafts/{draft.pk}/where/")
    page.locator("#id_locations-0-local_contact_number").fill("12")
    page.locator("#id_locations-1-account_macnum").fill("")
    page.locator("section.location").nth(1).locator("summary").click()
    page.locator("#id_locations-1-secondary_lcon_email").fill("nobody")
    page.locator(".wizard-buttons").get_by_text("Next").click()
    acting.expect_step(page, "Where")
    expect_findings(page, 3)
    expect(page.locator("#id_locations-0-local_contact_number")).to_have_value("12")
    expect(page.locator("#id_locations-1-secondary_lcon_email")).to_be_visible()
    expect(page.locator("#id_locations-1-secondary_lcon_email")).to_have_value("nobody")


def test_when(open_browser: OpenBrowser, people: Cast, account: VendorAccount) -> None:
    draft = make_draft(people.alice, people.east, [typed_row(0), typed_row(1)])
    page = open_browser(people.alice).new_page()
    page.goto(f"/drafts/{draft.pk}/when/")
    day = acting.visit_day()
    page.locator("#id_locations-0-start_date").fill(f"{day}T12:00")
    page.locator("#id_locations-0-end_date").fill(f"{day}T09:00")
    page.locator("#id_locations-1-start_date").fill("")
    page.locator(".wizard-buttons").get_by_text("Next").click()
    acting.expect_step(page, "When")
    expect_findings(page, 2)
    expect(page.locator("#id_locations-0-start_date")).to_have_value(f"{day}T12:00")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_file_granite_does_not_take(
    open_browser: OpenBrowser, people: Cast, account: VendorAccount, scripts: bool
) -> None:
    draft = make_draft(people.alice, people.east, 1)
    page = open_browser(people.alice, scripts=scripts).new_page()
    page.goto(f"/drafts/{draft.pk}/files/")
    page.locator("#id_file").set_input_files(
        [
            {"name": "IMG_0042.heic", "mimeType": "image/heic", "buffer": HEIC},
            {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": PDF},
        ]
    )
    if not scripts:
        page.get_by_role("button", name="Attach").click()
    refusal = page.locator("#draft-files [role=alert]")
    expect(refusal).to_be_focused()
    expect(refusal).to_contain_text("IMG_0042.heic")
    expect(refusal).to_contain_text(re.compile(r"HEIC|heic"))
    expect(page.locator("#draft-files .hit")).to_have_count(1)
    expect(page.locator("#draft-files .hit")).to_contain_text("plan.pdf")


def test_review_leads_to_what_is_wrong(
    open_browser: OpenBrowser, people: Cast, account: VendorAccount
) -> None:
    draft = make_draft(people.alice, people.east, [typed_row(0, secondary_lcon_email="nobody")])
    page = open_browser(people.alice).new_page()
    page.goto(f"/drafts/{draft.pk}/review/")
    expect(page.locator("#submit-button")).to_have_count(0)
    page.locator("#findings").get_by_role("link").click()
    acting.expect_step(page, "Where")
    expect(page.locator("#id_locations-0-secondary_lcon_email")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_two_presses_on_submit_are_one_dispatch(
    open_browser: OpenBrowser, people: Cast, account: VendorAccount, watcher: Watcher, scripts: bool
) -> None:
    draft = make_draft(people.alice, people.east, 2)
    page = open_browser(people.alice, scripts=scripts).new_page()
    page.goto(f"/drafts/{draft.pk}/review/")
    page.locator("#submit-button").dblclick()
    expect(page).to_have_url(re.compile(rf"/dispatches/{draft.pk}/$"))
    page.wait_for_load_state()
    assert Dispatch.objects.count() == 1
    assert Message.objects.count() == 1
    page.go_back()
    page.reload()
    expect(page).to_have_url(re.compile(rf"/dispatches/{draft.pk}/$"))


def test_hard_start_is_one_switch(open_browser: OpenBrowser, people: Cast, account: VendorAccount) -> None:
    draft = make_draft(people.alice, people.east, [typed_row(0, start_date="", end_date="")])
    page = open_browser(people.alice).new_page()
    page.goto(f"/drafts/{draft.pk}/when/")
    page.locator("#id_locations-0-start_date").fill(f"{acting.visit_day()}T07:30")
    page.locator("#id_locations-0-hard_start").check()
    expect(page.locator("#id_locations-0-end_date")).to_be_hidden()
    acting.go_on(page, "Files")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("row", name=re.compile("07:30, hard start"))).to_be_visible()
    page.locator("#submit-button").click()
    expect(page.locator("#dispatch-status")).to_be_visible()
    location = Location.objects.get()
    assert location.starts_at == location.ends_at


def test_one_window_for_places_in_two_zones(
    open_browser: OpenBrowser, people: Cast, account: VendorAccount
) -> None:
    rows = [typed_row(0, start_date="", end_date=""), typed_row(50, start_date="", end_date="")]
    draft = make_draft(people.alice, people.east, rows)
    page = open_browser(people.alice).new_page()
    page.goto(f"/drafts/{draft.pk}/when/")
    acting.say_when(page)
    expect(page.locator("#id_locations-0-start_date")).to_be_hidden()
    acting.go_on(page, "Files")
    page.get_by_role("button", name="Next").click()
    page.locator("#submit-button").click()
    expect(page.locator("#dispatch-status")).to_be_visible()
    boston, dallas = Location.objects.order_by("position")
    assert boston.local_start.hour == dallas.local_start.hour == 9
    assert (dallas.starts_at - boston.starts_at).total_seconds() == 3600
    assert Draft.objects.count() == 1
