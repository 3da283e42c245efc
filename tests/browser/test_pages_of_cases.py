"""Cases, incidents and the integration page in every look; and how few presses raising, sending and telling take."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from portal.models import VendorAccount
from portal.vendors.sandbox import Sandbox
from tests.browser.conftest import OpenBrowser
from tests.browser.looking import examine
from tests.browser.places import make_store
from tests.browser.scenes import World
from tests.browser.scenes.cases import SCENES, _case, _gtt
from tests.browser.watching import Watcher
from tests.cast import Cast
from tickets.models import Case, CaseComment, Dispatch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(people: Cast, box: Sandbox, account: VendorAccount) -> World:
    return World(people, box, account)


@pytest.mark.parametrize("name", SCENES)
def test_a_page(name: str, open_browser: OpenBrowser, watcher: Watcher, world: World) -> None:
    examine(SCENES[name](world), name, open_browser, watcher)


class Clicks:
    """Somebody who counts. Typing is free, every press of the mouse is one."""

    def __init__(self) -> None:
        self.count = 0

    def click(self, target: Locator) -> None:
        target.click()
        self.count += 1


def open_home(open_browser: OpenBrowser, world: World) -> Page:
    page = open_browser(world.people.alice).new_page()
    page.goto("/")
    return page


def test_a_case_for_a_site_takes_five_clicks(open_browser: OpenBrowser, world: World) -> None:
    _gtt(world)
    site = make_store(world.account, 0)
    page, hand = open_home(open_browser, world), Clicks()
    hand.click(page.get_by_role("navigation", name="Main").get_by_role("link", name="Cases"))
    hand.click(page.get_by_role("link", name="New case"))
    page.locator("#q").fill(site.name)
    hand.click(page.get_by_role("button", name=f"Choose {site}"))
    expect(page.locator("#case-site")).to_contain_text(site.address_line_1)
    page.get_by_label("Priority").select_option("1 - Critical")
    page.get_by_label("Summary").fill("Both tunnels are down")
    hand.click(page.get_by_role("button", name="Raise the case"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Both tunnels are down")
    case = Case.objects.get()
    assert (case.site, case.priority) == (site, "1 - Critical")
    print(f"D14: {hand.count} clicks")
    assert hand.count <= 5


def test_a_technician_for_a_case_takes_three_clicks(open_browser: OpenBrowser, world: World) -> None:
    case = _case(world)
    page, hand = open_home(open_browser, world), Clicks()
    page.goto(case.get_absolute_url())
    day = (timezone.now() + timedelta(days=2)).date().isoformat()
    hand.click(page.get_by_role("link", name="Send a technician"))
    page.get_by_label("Start, at the site").fill(f"{day}T09:00")
    page.get_by_label("End, at the site").fill(f"{day}T12:00")
    hand.click(page.get_by_role("button", name="Review"))
    hand.click(page.get_by_role("button", name="Submit: send 1 technician"))
    expect(page.locator("#dispatch-status")).to_be_visible()
    dispatch = Dispatch.objects.get()
    assert dispatch.draft.incidents.get().cases.get() == case
    print(f"D15: {hand.count} clicks")
    assert hand.count <= 4


def test_the_same_comment_on_thirty_cases_takes_five_clicks(open_browser: OpenBrowser, world: World) -> None:
    for index in range(30):
        _case(world, short_description=f"Outage {index}")
    page, hand = open_home(open_browser, world), Clicks()
    hand.click(page.get_by_role("navigation", name="Main").get_by_role("link", name="Cases"))
    hand.click(page.get_by_label("Tick all"))
    hand.click(page.get_by_role("button", name="Comment on the ticked ones"))
    page.get_by_label("Comment").fill("The outage is over.")
    hand.click(page.get_by_role("button", name="Send to 30 cases"))
    expect(page.get_by_text("On its way")).to_have_count(30)
    assert CaseComment.objects.count() == 30
    print(f"D18: {hand.count} clicks")
    assert hand.count <= 5
