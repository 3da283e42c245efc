"""The pages of a dispatch from a sheet, in every look; and the way from pasted cells to rows, pressed through."""

import pytest
from playwright.sync_api import expect

from portal.models import VendorAccount
from portal.vendors.sandbox import Sandbox
from tests.browser.conftest import OpenBrowser
from tests.browser.looking import examine
from tests.browser.scenes import World
from tests.browser.scenes.sheets import SCENES
from tests.browser.watching import Watcher
from tests.cast import Cast
from tests.sheets.made import PLAIN, text_of

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


def test_from_pasted_cells_to_rows_in_three_presses(
    open_browser: OpenBrowser, watcher: Watcher, people: Cast, box: Sandbox, account: VendorAccount
) -> None:
    page = open_browser(people.alice).new_page()
    page.goto("/")
    page.get_by_role("link", name="From a sheet").first.click()
    page.get_by_label("Cells copied in Excel").fill(text_of(PLAIN, "\t"))
    page.get_by_role("button", name="Read the cells").click()
    page.get_by_role("button", name="Make the rows").click()
    expect(page.get_by_text("2 rows were read from “Pasted cells”.")).to_be_visible()
    # The same header again: no column is asked about.
    page.goto("/drafts/sheet/")
    page.get_by_label("Cells copied in Excel").fill(text_of([*PLAIN, PLAIN[1]], "\t"))
    page.get_by_role("button", name="Read the cells").click()
    expect(page.get_by_text("3 rows were read from “Pasted cells”.")).to_be_visible()
