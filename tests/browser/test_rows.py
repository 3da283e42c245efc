"""The table of rows in a browser: by keyboard alone, by mouse alone, with a block from Excel, with a bad connection."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Locator, Page, Route, expect

from portal.models import VendorAccount
from tests.browser import acting
from tests.browser.conftest import OpenBrowser
from tests.browser.watching import Watcher, focused, is_focus_visible
from tests.cast import Cast
from tests.dispatching import make_draft, typed_row
from tickets.models import Draft, RowChange

pytestmark = pytest.mark.django_db(transaction=True)


def make_sheet(people: Cast, *rows: dict[str, str]) -> Draft:
    draft = make_draft(people.alice, people.east, list(rows))
    draft.is_sheet = True
    draft.save()
    return draft


def cell(page: Page, draft: Draft, at: int, name: str) -> Locator:
    return page.locator(f"#cell-{draft.locations[at]['row']}-{name}")


def texts(draft: Draft, name: str) -> list[str]:
    draft.refresh_from_db()
    return [row.get(name, "") for row in draft.locations]


def expect_saved(page: Page) -> None:
    expect(page.locator("#grid .saving")).to_have_count(0)


def paste(page: Page, text: str) -> None:
    """As Ctrl+V does it, without the clipboard of this machine."""
    page.evaluate(
        """(text) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", text);
          const event = new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true});
          document.activeElement.dispatchEvent(event);
        }""",
        text,
    )


def test_by_keyboard_alone(open_browser: OpenBrowser, people: Cast, account: VendorAccount) -> None:
    rows = [typed_row(0), typed_row(1, local_contact_number="12"), typed_row(2, location_name="")]
    draft = make_sheet(people, *rows)
    page = open_browser(people.alice).new_page()
    page.goto(f"/drafts/{draft.pk}/rows/")
    for _ in range(60):
        if page.evaluate("document.activeElement.closest('#grid tbody') !== null"):
            break
        page.keyboard.press("Tab")
    expect(cell(page, draft, 0, "location_name")).to_be_focused()
    assert is_focus_visible(page), focused(page)
    page.keyboard.press("F8")
    expect(cell(page, draft, 1, "local_contact_number")).to_be_focused()
    expect(page.locator("#grid-cell")).to_contain_text("“12” has 2 digits")
    page.keyboard.type("(617) 555-0134")
    page.keyboard.press("Enter")
    expect(cell(page, draft, 2, "local_contact_number")).to_be_focused()
    expect(cell(page, draft, 1, "local_contact_number")).not_to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Shift+F8")
    expect(cell(page, draft, 2, "location_name")).to_be_focused()
    page.keyboard.press("F2")
    page.keyboard.type("Given up")
    page.keyboard.press("Escape")
    expect(cell(page, draft, 2, "location_name")).to_be_focused()
    page.keyboard.type("Store 3")
    page.keyboard.press("Tab")
    expect(cell(page, draft, 2, "location_number")).to_be_focused()
    expect(page.locator("#rows-state")).to_contain_text("0 with problems")
    assert texts(draft, "location_name")[2] == "Store 3"
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Control+d")
    expect_saved(page)
    assert set(texts(draft, "location_name")) == {rows[0]["location_name"]}
    page.keyboard.press("Control+z")
    expect(page.locator("#grid-told")).to_contain_text("Undone: 2 cells changed.")
    assert texts(draft, "location_name")[2] == "Store 3"
    page.keyboard.press("Control+y")
    expect(page.locator("#grid-told")).to_contain_text("Done again")
    page.keyboard.press("Control+End")
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="Row 3", exact=True)).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Row 3 of 3")).to_be_visible()


def test_by_mouse_alone(open_browser: OpenBrowser, people: Cast, account: VendorAccount) -> None:
    row = typed_row(0, zip="02116")
    row["repaired"] = {"zip": ["2116", "Its state proves the zero."]}  # type: ignore[assignment]
    draft = make_sheet(people, row, typed_row(1), typed_row(2))
    page = open_browser(people.alice).new_page()
    page.goto(f"/drafts/{draft.pk}/rows/")
    cell(page, draft, 0, "zip").get_by_role("button", name="was “2116”").click()
    expect(cell(page, draft, 0, "zip").locator(".v")).to_have_text("2116")
    expect(page.locator("#rows-state")).to_contain_text("0 repaired")
    cell(page, draft, 1, "zip").dblclick()
    page.locator(".cell-editor").fill("00501")
    cell(page, draft, 2, "location_number").click()
    expect_saved(page)
    assert texts(draft, "zip")[:2] == ["2116", "00501"]
    cell(page, draft, 1, "zip").click()
    page.locator("#grid-fill").click()
    expect(cell(page, draft, 2, "zip").locator(".v")).to_have_text("00501")
    page.get_by_role("button", name="Undo").click()
    expect(cell(page, draft, 2, "zip").locator(".v")).to_have_text("")
    page.get_by_role("checkbox", name="Row 2", exact=True).check()
    page.get_by_role("button", name="Remove ticked").click()
    expect(page.get_by_text("1 row removed.")).to_be_visible()
    assert len(texts(draft, "row")) == 2


def test_a_block_from_excel_is_one_request_and_one_undo(
    open_browser: OpenBrowser, people: Cast, account: VendorAccount
) -> None:
    draft = make_sheet(people, typed_row(0), typed_row(1))
    page = open_browser(people.alice).new_page()
    page.goto(f"/drafts/{draft.pk}/rows/")
    cell(page, draft, 0, "location_name").click()
    block = "".join(f"Store {index}\t{index:04d}\t0045{index:04d}\r\n" for index in range(250))
    paste(page, block)
    expect(page.locator("#rows-state")).to_contain_text("250 rows")
    expect(cell(page, draft, 0, "location_name")).to_be_focused()
    assert texts(draft, "account_macnum") == [f"0045{index:04d}" for index in range(250)]
    assert RowChange.objects.count() == 1
    page.keyboard.press("Control+z")
    expect(page.locator("#rows-state")).to_contain_text("2 rows")
    assert texts(draft, "account_macnum") == [typed_row(index)["account_macnum"] for index in range(2)]


def test_nothing_typed_is_lost_while_the_portal_does_not_answer(
    open_browser: OpenBrowser, people: Cast, account: VendorAccount, watcher: Watcher
) -> None:
    watcher.expect("Failed to load resource", "htmx:")
    draft = make_sheet(people, typed_row(0), typed_row(1))
    page = open_browser(people.alice).new_page()
    page.goto(f"/drafts/{draft.pk}/rows/")
    fails = [True]

    def answer(route: Route) -> None:
        route.abort() if fails[0] else route.continue_()

    page.route("**/rows/edit/", answer)
    cell(page, draft, 0, "location_number").click()
    for text in ("0111", "0222"):
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    expect(page.locator("#grid-told")).to_contain_text("Not saved yet: 2 changes.")
    fails[0] = False
    page.get_by_role("button", name="Try now").click()
    expect_saved(page)
    assert texts(draft, "location_number") == ["0111", "0222"]


def test_leaving_waits_for_the_last_edit(
    open_browser: OpenBrowser, people: Cast, account: VendorAccount
) -> None:
    draft = make_sheet(people, typed_row(0))
    page = open_browser(people.alice).new_page()
    page.goto(f"/drafts/{draft.pk}/rows/")
    cell(page, draft, 0, "location_number").click()
    page.keyboard.type("0123")
    page.locator(".wizard-buttons").get_by_text("Next", exact=True).click()
    expect(page.locator('[aria-current="step"]')).to_contain_text("Files")
    assert texts(draft, "location_number") == ["0123"]


def test_somebody_elses_change_is_told_and_mine_may_follow(
    open_browser: OpenBrowser, people: Cast, account: VendorAccount
) -> None:
    draft = make_sheet(people, typed_row(0))
    mine, theirs = open_browser(people.alice).new_page(), open_browser(people.root).new_page()
    for page in (mine, theirs):
        page.goto(f"/drafts/{draft.pk}/rows/")
    for page, text in ((theirs, "0999"), (mine, "0111")):
        cell(page, draft, 0, "location_number").click()
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        expect_saved(page)
    expect(mine.locator("#grid-told")).to_contain_text("Robin Ortiz changed this cell meanwhile to “0999”")
    expect(cell(mine, draft, 0, "location_number").locator(".v")).to_have_text("0999")
    mine.get_by_role("button", name="Put mine in its place").click()
    expect(cell(mine, draft, 0, "location_number").locator(".v")).to_have_text("0111")
    assert texts(draft, "location_number") == ["0111"]


def test_an_edit_outlives_the_session(
    open_browser: OpenBrowser, people: Cast, account: VendorAccount, watcher: Watcher
) -> None:
    watcher.expect("401", "403", "htmx:")
    draft = make_sheet(people, typed_row(0))
    browser = open_browser(people.alice)
    page = browser.new_page()
    page.goto(f"/drafts/{draft.pk}/rows/")
    Session.objects.all().delete()
    cell(page, draft, 0, "location_number").click()
    page.keyboard.type("0042")
    page.keyboard.press("Enter")
    expect(page.locator("#connection")).to_contain_text("You were signed out")
    expect(page.locator("#grid-told")).to_contain_text("Not saved yet: 1 change.")
    other = browser.new_page()
    other.goto("/login/")
    acting.sign_in(other, people.alice)
    expect(other.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("button", name="Try now").click()
    expect_saved(page)
    assert texts(draft, "location_number") == ["0042"]


def test_without_scripts(open_browser: OpenBrowser, people: Cast, account: VendorAccount) -> None:
    draft = make_sheet(people, typed_row(0), typed_row(1, local_contact_number="12"))
    page = open_browser(people.alice, scripts=False).new_page()
    page.goto(f"/drafts/{draft.pk}/rows/")
    page.get_by_role("link", name="Next problem").click()
    page.get_by_role("link", name="2", exact=True).click()
    page.get_by_label("Local contact's phone").fill("617 555 0134")
    page.get_by_role("button", name="Save, next problem").click()
    expect(page.get_by_text("No other row has a problem.")).to_be_visible()
    page.get_by_role("checkbox", name="Row 1", exact=True).check()
    page.get_by_role("button", name="Remove ticked").click()
    expect(page.get_by_text("1 row removed.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone: 1 row removed.")).to_be_visible()
    assert len(texts(draft, "row")) == 2
