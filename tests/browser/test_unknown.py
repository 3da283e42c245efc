"""Settling what nobody knows: few clicks, by mouse, by keyboard, without scripts; and resending refused rows alone."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from portal import outbox
from portal.models import Message, VendorAccount
from portal.models.messages import State
from portal.vendors.sandbox import Sandbox
from tests.browser.conftest import OpenBrowser
from tests.browser.scenes import World
from tests.browser.scenes.doubts import lost
from tests.browser.watching import Watcher
from tests.cast import Cast
from tests.dispatching import make_dispatch, refill, typed_row
from tests.tickets.doubting import WHERE, check, ids_at_granite
from tests.tickets.scene import send
from tickets.models import Dispatch, Draft

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "We do not know whether Granite created these tickets. Do not submit again."


class Clicks:
    """A mouse that counts."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def button(self, name: str) -> None:
        self.count += 1
        self.page.get_by_role("main").get_by_role("button", name=name, exact=True).click()

    def link(self, name: str) -> None:
        self.count += 1
        self.page.get_by_role("link", name=name).first.click()

    def way(self, name: str) -> None:
        self.count += 1
        self.page.locator(".way > summary", has_text=name).click()


@pytest.fixture
def world(people: Cast, box: Sandbox, account: VendorAccount) -> World:
    return World(people, box, account)


def message_of(dispatch: Dispatch) -> Message:
    message: Message = dispatch.locations.select_related("message").first().message  # type: ignore[union-attr]
    return message


def state_of(message: Message) -> str:
    message.refresh_from_db()
    return message.state


def test_found_in_four_clicks_and_the_page_says_how_it_went(open_browser: OpenBrowser, world: World) -> None:
    message = message_of(lost(world))
    page = open_browser(world.people.alice).new_page()
    page.goto("/")
    expect(page.get_by_role("main")).to_contain_text(WORDS)
    mouse = Clicks(page)
    mouse.link("Unknown outcomes")
    mouse.way("Found it")
    for place, number in enumerate(ids_at_granite(world.box, message)):
        page.locator(f"input[name=ticket-{place}]").fill(number)
    mouse.button("Check with Granite")
    expect(page.get_by_role("status")).to_contain_text("Granite is being asked about")
    assert mouse.count <= 4
    assert world.box.calls("details") == []
    check(world.account)
    expect(page.get_by_role("heading", name=f"{message.reference} is settled")).to_be_visible()
    assert state_of(message) == State.DONE
    assert len(world.box.calls("create")) == 1, "nothing was sent again"


def test_not_there_takes_two_people_of_few_clicks_each(
    open_browser: OpenBrowser, world: World, watcher: Watcher
) -> None:
    watcher.expect(r"the server responded with a status of 422")
    dispatch = lost(world, fault="reset_before")
    message = message_of(dispatch)
    alice = open_browser(world.people.alice).new_page()
    alice.goto("/")
    first = Clicks(alice)
    first.link("Unknown outcomes")
    first.way("Not there")
    first.button("It is not there")
    expect(alice.locator(".field-errors")).to_contain_text("Say where you looked")
    alice.get_by_label("Where did you look?").fill(WHERE)
    first.button("It is not there")
    expect(alice.get_by_role("main")).to_contain_text("another person has to look too")
    expect(alice.get_by_role("button", name=re.compile("send again"))).to_have_count(0)
    assert first.count <= 4, "the refused try included"
    assert Message.objects.count() == 1
    mia = open_browser(world.people.mia).new_page()
    mia.goto("/")
    second = Clicks(mia)
    second.link("Unknown outcomes")
    expect(mia.get_by_role("main")).to_contain_text(WHERE)
    second.button("Not there either: send again")
    expect(mia.get_by_role("main")).to_contain_text(f"{message.reference}-2")
    assert second.count <= 4
    send(dispatch)
    assert [state_of(one) for one in Message.objects.order_by("pk")] == [State.NOT_CREATED, State.DONE]
    alice.goto(dispatch.get_absolute_url())
    expect(alice.get_by_role("main")).to_contain_text(f"Possible duplicate of {message.reference}")


def test_by_keyboard_alone(open_browser: OpenBrowser, world: World) -> None:
    message = message_of(lost(world, 1))
    page = open_browser(world.people.alice).new_page()
    page.goto("/unknown/")
    summary = page.locator(".way > summary", has_text="Found it")
    for _ in range(60):
        page.keyboard.press("Tab")
        if summary.evaluate("node => node === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type(ids_at_granite(world.box, message)[0])
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Granite is being asked about")
    check(world.account)
    expect(page.get_by_role("heading", name="is settled")).to_be_visible()


def test_without_scripts(open_browser: OpenBrowser, world: World) -> None:
    message = message_of(lost(world, 1))
    page = open_browser(world.people.alice, scripts=False).new_page()
    page.goto("/unknown/")
    page.locator(".way > summary", has_text="Found it").click()
    page.locator("input[name=ticket-0]").fill("999999")
    page.get_by_role("button", name="Check with Granite").click()
    check(world.account)
    page.reload()
    expect(page.get_by_role("main")).to_contain_text("Granite has no ticket 999999.")
    page.locator(".way > summary", has_text="Write off").click()
    page.get_by_label("Why?").fill("The shop is closed for good.")
    page.get_by_role("button", name="Write it off").click()
    assert state_of(message) == State.ABANDONED


def test_wrong_input_comes_back_with_its_reason(
    open_browser: OpenBrowser, world: World, watcher: Watcher
) -> None:
    watcher.expect(r"the server responded with a status of 422")
    lost(world, 2)
    page = open_browser(world.people.alice).new_page()
    page.goto("/unknown/")
    page.locator(".way > summary", has_text="Found it").click()
    page.get_by_role("button", name="Check with Granite").click()
    expect(page.locator(".field-errors")).to_contain_text("at least one ticket")
    page.locator("input[name=ticket-0]").fill("TE 12")
    page.locator("input[name=ticket-1]").fill("12")
    page.get_by_role("button", name="Check with Granite").click()
    expect(page.locator(".field-errors")).to_contain_text("digits only")
    expect(page.locator("input[name=ticket-1]")).to_have_value("12")
    page.locator("input[name=ticket-0]").fill(" #12 ")
    page.get_by_role("button", name="Check with Granite").click()
    expect(page.locator(".field-errors")).to_contain_text("at another location")


def test_the_reference_is_copied_and_numbers_are_pasted_at_once(
    open_browser: OpenBrowser, world: World
) -> None:
    message = message_of(lost(world, 3))
    browser: BrowserContext = open_browser(world.people.alice)
    browser.grant_permissions(["clipboard-read", "clipboard-write"])
    page = browser.new_page()
    page.goto("/unknown/")
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == message.reference
    page.locator(".way > summary", has_text="Found it").click()
    page.evaluate("navigator.clipboard.writeText('101\\n102, 103')")
    page.locator("input[name=ticket-0]").focus()
    page.keyboard.press("ControlOrMeta+V")
    for place, number in enumerate(("101", "102", "103")):
        expect(page.locator(f"input[name=ticket-{place}]")).to_have_value(number)


def test_seven_of_sixty_refused_are_sent_again_alone(open_browser: OpenBrowser, world: World) -> None:
    """One click brings exactly those rows, three in all send them again."""
    world.account.locations_per_message = 1
    world.account.save()
    rows = [typed_row(index % 12, location_name=f"Store {index:03d}") for index in range(60)]
    dispatch = make_dispatch(world.people.alice, world.people.east, rows)
    refused = {f"Store {index:03d}" for index in range(0, 60, 9)}
    assert len(refused) == 7
    while Message.objects.filter(state=State.QUEUED).exists():
        following = Message.objects.filter(state=State.QUEUED).in_sending_order().first()
        if following.locations.get().location_name in refused:
            world.box.fail_next(
                "400_field", field="account_macnum", index=0, message="This account is closed."
            )
        send_one(dispatch)
    assert dispatch.locations.failed().count() == 7
    page = open_browser(world.people.alice).new_page()
    page.goto(dispatch.get_absolute_url())
    mouse = Clicks(page)
    mouse.button("Correct the rejected rows")
    expect(page.locator("section.location")).to_have_count(7)
    draft = Draft.objects.latest("pk")
    assert {row["location_name"] for row in draft.locations} == refused
    for index in range(7):
        page.locator(f"#id_locations-{index}-account_macnum").fill(typed_row(20)["account_macnum"])
    mouse.count += 1
    page.locator(".steps .step", has_text="Review").click()
    mouse.button("Submit: send 7 technicians")
    assert mouse.count == 3
    expect(page).to_have_url(re.compile(rf"/dispatches/{draft.pk}/$"))
    again = Dispatch.objects.get(pk=draft.pk)
    send(again)
    assert again.tickets.count() == 7
    assert dispatch.tickets.count() == 53


def send_one(dispatch: Dispatch) -> None:
    refill(dispatch.account)
    outbox.deliver_due(limit=1)
