"""A real browser against the real server: Chromium, sockets, PostgreSQL, and the vendor sandbox."""

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright
from pytest_django.live_server_helper import LiveServer

from portal.models import User, VendorAccount
from portal.vendors.sandbox import Sandbox
from tests.browser.watching import Watcher
from tests.browser_setup import FLAGS, PATH_FILE
from tests.cast import Cast, client_of, make_people
from tests.dispatching import sandbox_account

# Playwright keeps an event loop in this thread, and Django then takes every query for one from async code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

PATIENCE = 15_000  # milliseconds; two cores are shared with the other tests


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    path = PATH_FILE.read_text().strip() if PATH_FILE.exists() else ""
    if not path or not os.access(path, os.X_OK):
        pytest.fail("There is no browser for these tests: `make test` brings one, or says what to install.")
    browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def people(transactional_db: None) -> Cast:
    return make_people()


@pytest.fixture
def account(box: Sandbox, people: Cast) -> VendorAccount:
    return sandbox_account(box, requests_per_minute=6000)


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    """Reads along in every page of the test; whatever a page complains of, the test fails."""
    watcher = Watcher()
    yield watcher
    assert watcher.complaints == []


OpenBrowser = Callable[..., BrowserContext]


@pytest.fixture
def open_browser(chromium: Browser, live_server: LiveServer, watcher: Watcher) -> Iterator[OpenBrowser]:
    """Somebody's browser: `open_browser()` knows nobody, `open_browser(alice)` is signed in."""
    opened: list[BrowserContext] = []

    def open_browser(person: User | None = None, *, scripts: bool = True) -> BrowserContext:
        context = chromium.new_context(
            base_url=live_server.url,
            java_script_enabled=scripts,
            locale="en-US",
            reduced_motion="reduce",
            viewport={"width": 1280, "height": 800},
        )
        context.set_default_timeout(PATIENCE)
        watcher.watch(context)
        if person:
            cookies = client_of(person).cookies.values()
            context.add_cookies(
                [{"name": one.key, "value": one.value, "url": live_server.url} for one in cookies]
            )
        opened.append(context)
        return context

    yield open_browser
    for context in opened:
        context.close()
