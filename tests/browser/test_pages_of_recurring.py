"""Templates and what recurs, in every look; and how few presses both take."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from portal.models import VendorAccount
from portal.vendors.sandbox import Sandbox
from tests.browser.conftest import OpenBrowser
from tests.browser.looking import examine
from tests.browser.scenes import World
from tests.browser.scenes.recurring import SCENES
from tests.browser.watching import Watcher
from tests.cast import Cast
from tests.dispatching import make_draft, typed_row
from tickets.models import Dispatch, Recurrence
from tickets.services.templates import save_template

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("name", SCENES)
def test_a_page(
    name: str,
    open_browser: OpenBrowser,
    watcher: Watcher,
    people: Cast,
    box: Sandbox,
    account: VendorAccount,
) -> None:
    examine(SCENES[name](World(people, box, account)), name, open_browser, watcher)


class Clicks:
    """Somebody who counts. Typing is free, every press of the mouse is one."""

    def __init__(self) -> None:
        self.count = 0

    def click(self, target: Locator) -> None:
        target.click()
        self.count += 1


@pytest.fixture
def home(open_browser: OpenBrowser, people: Cast, account: VendorAccount) -> Page:
    """Alice's home page, with a template of a single site."""
    draft = make_draft(people.alice, people.east, [typed_row(0)])
    save_template(draft, by=people.alice, name="Router swap", with_sites=True, with_files=False)
    page = open_browser(people.alice).new_page()
    page.goto("/")
    return page


def test_a_dispatch_from_a_template_takes_three_clicks(home: Page) -> None:
    hand, day = Clicks(), (timezone.localdate() + timedelta(days=3)).isoformat()
    hand.click(home.get_by_role("button", name="Start Router swap"))
    expect(home.locator("#id_day")).to_be_focused()
    home.locator("#id_day").fill(day)
    hand.click(home.get_by_role("button", name="Go on"))
    hand.click(home.get_by_role("button", name="Submit: send 1 technician"))
    expect(home.locator("#dispatch-status")).to_be_visible()
    assert f"{Dispatch.objects.get().locations.get().local_start:%Y-%m-%dT%H:%M}" == f"{day}T09:00"
    print(f"D1: {hand.count} clicks")
    assert hand.count <= 6


def test_a_dispatch_from_a_template_by_keyboard(home: Page) -> None:
    home.get_by_role("button", name="Start Router swap").focus()
    home.keyboard.press("Enter")
    expect(home.locator("#id_day")).to_be_focused()
    month, date, year = f"{timezone.localdate() + timedelta(days=3):%m %d %Y}".split()
    for part in (month, date, year):
        home.keyboard.type(part)
    home.keyboard.press("Enter")
    home.locator("#submit-button").focus()
    home.keyboard.press("Enter")
    expect(home.locator("#dispatch-status")).to_be_visible()


def test_a_weekly_dispatch_takes_four_clicks(home: Page) -> None:
    hand = Clicks()
    hand.click(home.get_by_role("navigation", name="Main").get_by_role("link", name="Templates"))
    hand.click(home.get_by_role("link", name="Repeat… Router swap"))
    hand.click(home.get_by_label("Tuesday").first)
    expect(home.locator("#preview .runs li").nth(4)).to_be_visible()
    hand.click(home.get_by_role("button", name="Set up"))
    expect(
        home.get_by_role("heading", name="Every Tuesday, 09:00–12:00 at each site, not on holidays")
    ).to_be_visible()
    expect(home.locator(".runs li:not(.run-none)")).to_have_count(5)
    assert Recurrence.objects.get().weekdays == [1]
    print(f"D20: {hand.count} clicks")
    assert hand.count <= 8
