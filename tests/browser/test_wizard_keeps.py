"""What somebody typed outlives the page, the browser, the session and a second window."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from portal.models import VendorAccount
from tests.browser import acting
from tests.browser.conftest import OpenBrowser
from tests.browser.watching import Watcher
from tests.cast import Cast
from tests.dispatching import make_draft
from tickets.models import Draft

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = "The switch in the back office has lost its uplink."


def description(page: Page) -> object:
    return page.get_by_role("textbox", name="Description")


def expect_saved(page: Page) -> None:
    expect(page.locator("#saved")).to_contain_text(re.compile(r"Saved \d\d:\d\d:\d\d"))


def test_a_closed_browser_loses_nothing(
    open_browser: OpenBrowser, people: Cast, account: VendorAccount
) -> None:
    context = open_browser()
    page = context.new_page()
    page.goto("/")
    acting.sign_in(page, people.alice)
    draft = acting.begin(page)
    description(page).fill(WORDS)
    page.get_by_role("radio", name="Site Audit").check()
    expect_saved(page)
    context.close()

    page = open_browser().new_page()
    page.goto("/drafts/")
    acting.sign_in(page, people.alice)
    page.get_by_role("link", name=draft.reference).click()
    expect(description(page)).to_have_value(WORDS)
    expect(page.get_by_role("radio", name="Site Audit")).to_be_checked()


def test_the_save_comes_within_three_seconds(
    open_browser: OpenBrowser, people: Cast, account: VendorAccount
) -> None:
    page = open_browser(people.alice).new_page()
    acting.begin(page)
    description(page).press_sequentially("Uplink", delay=20)
    expect(page.locator("#saved")).to_contain_text("Saved", timeout=3_000)
    assert Draft.objects.get().what["initial_description"] == "Uplink"


def test_a_session_that_ends_while_one_types(
    open_browser: OpenBrowser, people: Cast, account: VendorAccount, watcher: Watcher
) -> None:
    # 403: a save that was on its way while the new tab signed in; the page saves once more.
    watcher.expect(r"status of 40[13]", r"Response Status Error Code 40[13]")
    context = open_browser(people.alice)
    page = context.new_page()
    draft = acting.begin(page)
    description(page).fill(WORDS)
    expect_saved(page)
    Session.objects.all().delete()
    description(page).fill(WORDS + " It blinks amber.")
    banner = page.locator("#connection")
    expect(banner).to_contain_text("You were signed out. Your words are still on this page.")
    expect(description(page)).to_have_value(WORDS + " It blinks amber.")
    with context.expect_page() as opened:
        banner.get_by_role("link", name="Sign in").click()
    acting.sign_in(opened.value, people.alice)
    expect(opened.value.get_by_role("heading", level=1)).to_have_text("What needs you now")
    description(page).fill(WORDS + " It blinks amber. Bring a spare.")
    expect(banner).to_be_empty()
    expect_saved(page)
    page.get_by_role("radio", name="Smart Hands").check()
    acting.go_on(page, "Where")
    draft.refresh_from_db()
    assert draft.what["initial_description"] == WORDS + " It blinks amber. Bring a spare."


def test_a_session_that_ended_before_next_without_scripts(
    open_browser: OpenBrowser, people: Cast, account: VendorAccount, watcher: Watcher
) -> None:
    """The form arrives from nobody: it comes back as a page that keeps it until somebody signed in again."""
    watcher.expect(r"status of 40[13]")
    context = open_browser(people.alice, scripts=False)
    page = context.new_page()
    draft = acting.begin(page)
    acting.say_what(page)
    Session.objects.all().delete()
    page.locator(".wizard-buttons").get_by_text("Next").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your session has ended")
    with context.expect_page() as opened:
        page.get_by_role("link", name="Sign in").click()
    acting.sign_in(opened.value, people.alice)
    expect(opened.value.get_by_role("heading", level=1)).to_have_text("What needs you now")
    page.get_by_role("button", name="Go on").click()
    if page.get_by_role("heading", name="This page was open for a long time").count():
        page.get_by_role("button", name="Go on").click()  # signing in gave the forms a new token
    acting.expect_step(page, "Where")
    draft.refresh_from_db()
    assert draft.what["po_number"] == "PO-778"


def test_two_windows_on_one_step(
    open_browser: OpenBrowser, people: Cast, account: VendorAccount, watcher: Watcher
) -> None:
    """The second one to save is told; nothing is overwritten in silence, and a person chooses."""
    watcher.expect(r"status of 409")
    draft = make_draft(people.alice, people.east, 1)
    context = open_browser(people.alice)
    first, second = context.new_page(), context.new_page()
    for page in (first, second):
        page.goto(f"/drafts/{draft.pk}/what/")
    first.locator("#id_po_number").fill("PO-FIRST")
    expect_saved(first)
    second.locator("#id_po_number").fill("PO-SECOND")
    expect(second.locator("#saved")).to_contain_text("Not saved.")
    second.locator(".wizard-buttons").get_by_text("Next").click()
    conflict = second.get_by_role("alert").filter(has_text="changed this step")
    expect(conflict).to_be_focused()
    expect(conflict).to_contain_text("PO-FIRST")
    expect(conflict).to_contain_text("PO-SECOND")
    expect(second.locator("#id_po_number")).to_have_value("PO-SECOND")
    draft.refresh_from_db()
    assert draft.what["po_number"] == "PO-FIRST"
    second.get_by_role("button", name="Save mine anyway").click()
    expect(second.get_by_role("alert").filter(has_text="changed this step")).to_have_count(0)
    draft.refresh_from_db()
    assert draft.what["po_number"] == "PO-SECOND"


def test_two_windows_on_two_steps_do_not_meet(
    open_browser: OpenBrowser, people: Cast, account: VendorAccount
) -> None:
    draft = make_draft(people.alice, people.east, 1)
    context = open_browser(people.alice)
    where, when = context.new_page(), context.new_page()
    where.goto(f"/drafts/{draft.pk}/where/")
    when.goto(f"/drafts/{draft.pk}/when/")
    where.locator("#id_locations-0-local_contact_name").fill("Sam Poe")
    expect_saved(where)
    when.locator("#id_locations-0-start_date").fill(f"{acting.visit_day()}T08:00")
    when.locator("#id_locations-0-end_date").fill(f"{acting.visit_day()}T10:00")
    expect_saved(when)
    draft.refresh_from_db()
    (row,) = draft.locations
    assert (row["local_contact_name"], row["start_date"][11:]) == ("Sam Poe", "08:00")


def test_a_save_keeps_its_own_address_after_a_button_was_pressed(
    open_browser: OpenBrowser, people: Cast, account: VendorAccount
) -> None:
    """The save that was about to happen must not add the place again."""
    page = open_browser(people.alice).new_page()
    draft = acting.begin(page)
    page.goto(f"/drafts/{draft.pk}/where/")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.route("**/where/add/", lambda route: (page.wait_for_timeout(1500), route.continue_()))
    page.get_by_label("Find a place").fill("nothing of that name")
    page.get_by_role("button", name="Add a location by hand").click()
    expect(page.locator("section.location")).to_have_count(1)
    assert len([url for url in sent if url.endswith("/where/add/")]) == 1
