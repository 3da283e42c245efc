"""From the login page to a technician: three places, two files, with scripts, without them, and by keyboard alone."""

import re
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from portal.models import Message, RateBudget, VendorAccount
from portal.vendors.sandbox import Sandbox
from portal.vendors.sandbox.granite.accounts import ACCOUNTS
from tests.browser import acting
from tests.browser.conftest import OpenBrowser
from tests.browser.places import make_store
from tests.browser.watching import focused, is_focus_visible
from tests.cast import PASSWORD, Cast
from tests.flows.workers import working
from tickets.models import Dispatch, Draft, Ticket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker(account: VendorAccount) -> Iterator[None]:
    """A worker with its beat: what a nudge forgets, the next tick finds."""
    ticks = str(Path(tempfile.mkdtemp()) / "beat")
    with working(broker_url=settings.CELERY_BROKER_URL, extra=("--beat", "--schedule", ticks)):
        yield


@pytest.fixture
def stores(account: VendorAccount) -> None:
    """Two places of ours; the third is known to Granite alone."""
    make_store(account, 0)
    make_store(account, 1)


def check_what_granite_got(box: Sandbox) -> None:
    (call,) = box.calls("create")
    assert [file.filename for file in call.files] == ["Site survey.pdf", "rack-photo.png"]
    assert call.parts["po_number"] == "PO-778"
    assert call.parts["customer_ticket_number"] == Message.objects.get().reference
    assert len(box.tickets) == 3


def expect_tickets(page: Page, box: Sandbox) -> Locator:
    links = page.locator("#dispatch-status").get_by_role("link", name=re.compile(r"^Ticket \d+$"))
    expect(links).to_have_count(3)
    expect(page.locator("#dispatch-status")).to_contain_text("3 of 3 settled")
    for number in box.tickets:
        expect(page.get_by_role("link", name=f"Ticket {number}")).to_be_visible()
    return links


def let_time_pass(box: Sandbox) -> None:
    """There a technician is named meanwhile; here the last reading is old enough to ask again."""
    box.advance(90)
    then = timezone.now() - timedelta(minutes=5)
    Ticket.objects.update(read_at=then, tried_at=then)
    RateBudget.objects.update(tokens=5)


def technician_link(page: Page) -> Locator:
    return page.locator("#ticket-status").locator('a[href^="tel:"]')


def test_with_scripts_and_mouse(
    open_browser: OpenBrowser, people: Cast, box: Sandbox, stores: None, worker: None
) -> None:
    page = open_browser().new_page()
    page.goto("/")
    acting.sign_in(page, people.alice)
    draft = acting.begin(page)
    acting.say_what(page)
    acting.go_on(page, "Where")
    acting.find_our_stores(page, "Northgate", scripts=True)
    for hit in page.locator('#search-results input[value^="site:"]').all():
        hit.check()
    page.get_by_role("button", name="Add the ticked ones").first.click()
    expect(page.locator("section.location")).to_have_count(2)
    page.get_by_label("Find a place").fill("Worcester")
    page.get_by_role("button", name="Search our sites and Granite").click()
    page.locator("#account-results").get_by_role("button", name="Add", exact=False).first.click()
    expect(page.locator("section.location")).to_have_count(3)
    page.locator("#id_locations-2-location_name").fill("Northgate Worcester")
    acting.go_on(page, "When")
    acting.say_when(page)
    acting.go_on(page, "Files")
    page.locator("#id_file").set_input_files(acting.FILES)
    expect(page.locator("#draft-files .hit")).to_have_count(2)
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#plan")).to_contain_text("3 locations → 1 message → 3 tickets")
    expect(page.locator("#estimates tfoot")).to_contain_text("$")
    page.get_by_role("button", name="Submit: send 3 technicians").click()
    expect(page).to_have_url(re.compile(rf"/dispatches/{draft.pk}/$"))
    first = expect_tickets(page, box).first
    check_what_granite_got(box)
    first.click()
    let_time_pass(box)
    page.get_by_role("button", name="Refresh now").click()
    expect(technician_link(page)).to_be_visible(timeout=40_000)


def test_without_scripts(
    open_browser: OpenBrowser, people: Cast, box: Sandbox, stores: None, worker: None
) -> None:
    page = open_browser(scripts=False).new_page()
    page.goto("/")
    acting.sign_in(page, people.alice)
    draft = acting.begin(page)
    acting.say_what(page)
    acting.go_on(page, "Where")
    acting.find_our_stores(page, "Northgate", scripts=False)
    for hit in page.locator('#search-results input[value^="site:"]').all():
        hit.check()
    page.get_by_role("button", name="Add the ticked ones").first.click()
    expect(page.locator("section.location")).to_have_count(2)
    page.get_by_label("Find a place").fill("Worcester")
    page.locator("#search-button").click()
    found = page.locator('#account-results button[value^="account:"]')
    acting.wait_by_reloading(page, lambda: found.count() > 0, "Granite's accounts")
    found.first.click()
    expect(page.locator("section.location")).to_have_count(3)
    acting.go_on(page, "When")
    acting.say_when(page)
    acting.go_on(page, "Files")
    page.locator("#id_file").set_input_files(acting.FILES)
    page.get_by_role("button", name="Attach").click()
    expect(page.locator("#draft-files .hit")).to_have_count(2)
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Submit: send 3 technicians").click()
    expect(page).to_have_url(re.compile(rf"/dispatches/{draft.pk}/$"))
    acting.wait_by_reloading(page, lambda: Ticket.objects.count() == 3, "three tickets")
    page.reload()
    first = expect_tickets(page, box).first
    check_what_granite_got(box)
    first.click()
    let_time_pass(box)
    page.get_by_role("button", name="Refresh now").click()
    acting.wait_by_reloading(page, lambda: technician_link(page).count() > 0, "a technician")


class Hands:
    """Somebody without a mouse. Wherever the focus goes, one must see it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def reach(self, target: Locator, *, most: int = 90) -> None:
        """Tab until the focus is there."""
        for _ in range(most):
            if target.evaluate("(one) => one === document.activeElement"):
                assert is_focus_visible(self.page), f"one does not see the focus at {focused(self.page)}"
                return
            self.page.keyboard.press("Tab")
            assert is_focus_visible(self.page), f"one does not see the focus at {focused(self.page)}"
        raise AssertionError(f"{target} is not reached by Tab; the focus is at {focused(self.page)}")

    def type(self, target: Locator, text: str) -> None:
        self.reach(target)
        self.page.keyboard.type(text)

    def press(self, target: Locator, key: str = "Enter") -> None:
        self.reach(target)
        self.page.keyboard.press(key)

    def type_time(self, target: Locator, day: str, hour: str, half: str) -> None:
        """Month, day, year, hour, minute and half, each a part of the field of its own."""
        self.reach(target)
        year, month, date = day.split("-")
        for part in (month, date, year):
            self.page.keyboard.type(part)
        self.page.keyboard.press("Tab")
        for part in (hour, "00", half):
            self.page.keyboard.type(part)


def test_by_keyboard_alone(
    open_browser: OpenBrowser, people: Cast, box: Sandbox, account: VendorAccount
) -> None:
    """Every field of a location typed, none filled by a search."""
    page = open_browser().new_page()
    hands = Hands(page)
    page.goto("/")
    hands.type(page.locator("#id_username"), "alice")
    hands.type(page.locator("#id_password"), PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What needs you now")
    hands.press(page.get_by_role("main").get_by_role("button", name="New dispatch"))
    acting.expect_step(page, "What")
    hands.reach(page.get_by_role("radio", name="Equipment Install"))
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Smart Hands")).to_be_checked()
    hands.type(page.get_by_role("textbox", name="Description"), "Swap the router.")
    hands.type(page.get_by_role("textbox", name="PO number"), "PO-778")
    page.keyboard.press("Enter")
    acting.expect_step(page, "Where")
    hands.press(page.get_by_role("button", name="Add a location by hand"))
    expect(page.locator("section.location")).to_have_count(1)
    _type_location(hands)
    page.keyboard.press("Enter")
    acting.expect_step(page, "When")
    hands.type_time(page.locator("#id_locations-0-start_date"), acting.visit_day(), "09", "AM")
    hands.type_time(page.locator("#id_locations-0-end_date"), acting.visit_day(), "12", "PM")
    hands.press(page.get_by_role("button", name="Next", exact=True).last)
    acting.expect_step(page, "Files")
    hands.reach(page.locator("#id_file"))
    hands.press(page.get_by_role("button", name="Next"))
    acting.expect_step(page, "Review")
    hands.press(page.locator("#submit-button"))
    expect(page.locator("#dispatch-status")).to_be_visible()
    location = Dispatch.objects.get().locations.get()
    assert location.location_number == "0007"
    assert location.secondary_lcon_name == "Pat Doe"
    assert f"{location.local_start:%Y-%m-%dT%H:%M}" == f"{acting.visit_day()}T09:00"
    assert Draft.objects.get().what["po_number"] == "PO-778"


def _type_location(hands: Hands) -> None:
    page, place = hands.page, ACCOUNTS[6]

    def at(name: str) -> Locator:
        return page.locator(f"#id_locations-0-{name}")

    hands.type(at("location_name"), place.site_name)
    hands.type(at("location_number"), place.store_number)
    hands.type(at("account_macnum"), place.macnum)
    hands.type(at("time_zone"), "America/New")
    hands.type(at("local_contact_name"), place.contact)
    hands.type(at("local_contact_number"), place.contact_phone)
    hands.press(page.locator("section.location summary"))
    hands.type(at("location_contact_ext"), "4")
    hands.type(at("location_contact_email"), place.contact_email)
    hands.type(at("secondary_lcon_name"), "Pat Doe")
    hands.type(at("secondary_lcon_number"), "617 555 0199")
    hands.type(at("secondary_lcon_ext"), "5")
    hands.type(at("secondary_lcon_email"), "pat@northgate.example")
