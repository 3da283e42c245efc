"""Looks at a page in light and dark, wide and narrow: nothing sticks out, nothing complains, nothing is barred.

The pictures are kept in var/screenshots for people to look at.
"""

import os
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenBrowser
from tests.browser.scenes import Visit
from tests.browser.watching import Watcher, barriers, widest, width_of

SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"
HEIGHT, MOST = 800, 6000
# Every second look in the suite, for they take minutes together; `make looks` takes all of them.
LOOKS: list[tuple[Literal["light", "dark"], int]] = [
    ("light", 1280),
    ("light", 360),
    ("dark", 1280),
    ("dark", 360),
]
if os.environ.get("LOOKS") != "all":
    LOOKS = [("light", 1280), ("dark", 360)]


def examine(visit: Visit, name: str, open_browser: OpenBrowser, watcher: Watcher) -> None:
    if visit.status != 200 or visit.act:
        watcher.expect(r"the server responded with a status of 4\d\d")
    page = open_browser(visit.by).new_page()
    answer = page.goto(visit.path)
    assert answer is not None
    assert answer.status == visit.status, visit.path
    if visit.act:
        visit.act(page)
    look_at(page, name)


def look_at(page: Page, name: str) -> None:
    """Every look of the page kept as a picture. Fails with all that is wrong with any of them."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    wrong = []
    for theme, width in LOOKS:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": HEIGHT})
        # A window as high as the page, so that what sticks to its edge does not lie across the middle.
        page.set_viewport_size({"width": width, "height": min(MOST, max(HEIGHT, height_of(page)))})
        page.screenshot(path=SCREENSHOTS / f"{name}-{theme}-{width}.png", animations="disabled")
        page.set_viewport_size({"width": width, "height": HEIGHT})
        # A narrow page may fold what a wide one shows, so each width is asked everything once.
        grave, slight = barriers(page, only_colours=(theme, width) == ("dark", 1280))
        is_wide, window = width_of(page)
        wrong += [f"{theme} {width}: {sentence}" for sentence in grave]
        if is_wide > window:
            wrong.append(f"{theme} {width}: {is_wide} pixels wide: {', '.join(widest(page))}")
        for sentence in slight:
            print(f"{name} {theme} {width}: {sentence}")
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def height_of(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollHeight"))
