"""Every page in light and dark, wide and narrow: nothing sticks out, nothing complains, nothing is barred."""

from pathlib import Path

import pytest
from django.test import RequestFactory
from playwright.sync_api import Page

from portal.models import VendorAccount
from portal.vendors.sandbox import Sandbox
from portal.views.errors import server_error
from tests.browser.conftest import OpenBrowser
from tests.browser.scenes import SCENES, Visit, World
from tests.browser.watching import Watcher, barriers, widest, width_of
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)

SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"
WIDTHS = (1280, 360)


def look_at(page: Page, name: str) -> list[str]:
    """Every look of the page kept as a picture; what is wrong with them as sentences."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    wrong = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.evaluate("window.scrollTo(0, 0)")
            picture = SCREENSHOTS / f"{name}-{theme}-{width}.png"
            page.screenshot(path=picture, full_page=True, animations="disabled")
            grave, slight = barriers(page)
            is_wide, window = width_of(page)
            wrong += [f"{theme} {width}: {sentence}" for sentence in grave]
            if is_wide > window:
                wrong.append(f"{theme} {width}: {is_wide} pixels wide: {', '.join(widest(page))}")
            for sentence in slight:
                print(f"{name} {theme} {width}: {sentence}")
    return wrong


@pytest.mark.parametrize("name", SCENES)
def test_a_page(
    name: str,
    open_browser: OpenBrowser,
    watcher: Watcher,
    people: Cast,
    box: Sandbox,
    account: VendorAccount,
) -> None:
    visit: Visit = SCENES[name](World(people, box, account))
    if visit.status != 200 or visit.act:
        watcher.expect(r"the server responded with a status of 4\d\d")
    page = open_browser(visit.by).new_page()
    answer = page.goto(visit.path)
    assert answer is not None
    assert answer.status == visit.status
    if visit.act:
        visit.act(page)
    assert look_at(page, name) == []


def test_the_page_of_a_breakdown(open_browser: OpenBrowser, people: Cast, live_server: object) -> None:
    """Written into a page of ours, since no page of ours breaks when asked to."""
    broken = server_error(RequestFactory().get("/")).content.decode()
    page = open_browser().new_page()
    page.route("**/healthz", lambda route: route.fulfill(status=200, content_type="text/html", body=broken))
    page.goto("/healthz")
    assert look_at(page, "error-500") == []
