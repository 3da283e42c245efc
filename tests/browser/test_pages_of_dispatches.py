"""Dispatches, messages, tickets and the home page, in every look; and the picture of the README."""

import os
from pathlib import Path

import pytest

from portal.models import VendorAccount
from portal.vendors.sandbox import Sandbox
from tests.browser.conftest import OpenBrowser
from tests.browser.looking import examine
from tests.browser.scenes import World, doubts, sent
from tests.browser.watching import Watcher
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
SCENES = sent.SCENES | doubts.SCENES


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


def test_the_picture_of_the_readme(
    open_browser: OpenBrowser, people: Cast, box: Sandbox, account: VendorAccount, tmp_path: Path
) -> None:
    """`UPDATE_SCREENSHOT=1 make test a="tests/browser -k readme"` renews docs/screenshot.png."""
    kept = Path(__file__).resolve().parents[2] / "docs" / "screenshot.png"
    picture = kept if os.environ.get("UPDATE_SCREENSHOT") == "1" else tmp_path / "screenshot.png"
    visit = SCENES["dispatch-under-way"](World(people, box, account))
    page = open_browser(visit.by).new_page()
    page.goto(visit.path)
    page.screenshot(path=picture, animations="disabled")
    assert picture.stat().st_size < 200_000
