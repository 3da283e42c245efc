"""The frame, the refusals and the administration, in every look."""

from collections.abc import Callable

import pytest
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpResponse
from django.test import RequestFactory

from portal.models import VendorAccount
from portal.vendors.sandbox import Sandbox
from portal.views.errors import bad_request, server_error
from tests.browser.conftest import OpenBrowser
from tests.browser.looking import examine, look_at
from tests.browser.scenes import World, admin, frame
from tests.browser.watching import Watcher
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)

SCENES = frame.SCENES | admin.SCENES


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


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("error-500", lambda: server_error(RequestFactory().get("/"))),
        ("error-400", lambda: bad_request(RequestFactory().get("/"), TooManyFieldsSent())),
    ],
)
def test_a_page_of_a_breakdown(
    name: str, answer: Callable[[], HttpResponse], open_browser: OpenBrowser, people: Cast
) -> None:
    """Put in the place of another page, since no page of ours breaks when asked to."""
    body = answer().content.decode()
    page = open_browser().new_page()
    page.route("**/healthz", lambda route: route.fulfill(status=200, content_type="text/html", body=body))
    page.goto("/healthz")
    look_at(page, name)
