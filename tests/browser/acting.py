"""What people do in the wizard, by its labels and buttons, as they would tell a colleague on the phone."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from portal.models import User
from tests.cast import PASSWORD
from tests.portal.uploads import image
from tests.tickets.scene import PDF
from tickets.models import Draft

FILES = [
    {"name": "Site survey.pdf", "mimeType": "application/pdf", "buffer": PDF},
    {"name": "rack-photo.png", "mimeType": "image/png", "buffer": image("PNG", (800, 600))},
]


def visit_day() -> str:
    """The day after tomorrow: not past in any zone, and the same for the whole test."""
    return (timezone.now() + timedelta(days=2)).date().isoformat()


def sign_in(page: Page, person: User) -> None:
    page.get_by_label("Username").fill(person.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def begin(page: Page) -> Draft:
    """From the home page into a new draft."""
    page.goto("/")
    page.get_by_role("main").get_by_role("button", name="New dispatch").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("New dispatch")
    return Draft.objects.latest("pk")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def go_on(page: Page, heading: str) -> None:
    """Next, and arrive at the step of this name."""
    page.locator(".wizard-buttons").get_by_text("Next", exact=True).click()
    expect_step(page, heading)


def expect_step(page: Page, name: str) -> None:
    expect(page.locator('[aria-current="step"]')).to_contain_text(name)


def say_what(page: Page) -> None:
    page.get_by_role("radio", name="Smart Hands").check()
    page.get_by_role("textbox", name="Description").fill(
        "Swap the router in the back office and confirm the link light."
    )
    page.get_by_role("textbox", name="PO number").fill("PO-778")


def find_our_stores(page: Page, words: str, *, scripts: bool) -> None:
    page.get_by_label("Find a place").fill(words)
    if not scripts:
        page.locator("#search-button").click()
    expect(page.locator("#search-results .hit").first).to_be_visible()


def say_when(page: Page) -> None:
    """One window for all, on the clocks of the places."""
    page.get_by_label("The same window at every location").check()
    page.locator("#id_all-start_date").fill(f"{visit_day()}T09:00")
    page.locator("#id_all-end_date").fill(f"{visit_day()}T12:00")


def wait_by_reloading(page: Page, is_there: Callable[[], bool], what: str, *, seconds: float = 40) -> None:
    """As somebody without scripts does it."""
    for _ in range(int(seconds / 0.5)):
        if is_there():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(f"waited {seconds:g} s in vain: {what}")
