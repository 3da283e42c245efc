"""Deliveries and subscriptions, in every look."""

import pytest

from portal.models import VendorAccount
from portal.vendors.sandbox import Sandbox
from tests.browser.conftest import OpenBrowser
from tests.browser.looking import examine
from tests.browser.scenes import World
from tests.browser.scenes.hooks import SCENES
from tests.browser.watching import Watcher
from tests.cast import Cast

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
