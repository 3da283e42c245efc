"""Five hundred places from a sheet with twenty mistakes: uploaded, corrected by keyboard, reviewed and submitted.

Run with `-s` to see how long each step takes.
"""

import io
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from openpyxl import Workbook
from playwright.sync_api import Page, expect

from portal.models import Message, VendorAccount
from tests.browser import acting
from tests.browser.conftest import OpenBrowser
from tests.cast import Cast
from tickets.models import Draft, Location

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = 500
HEADER = {
    "Store Name": "location_name",
    "Store Number": "location_number",
    "Macnum": "account_macnum",
    "ZIP": "zip",
    "State": "state",
    "Time Zone": "time_zone",
    "Start": "start_date",
    "End": "end_date",
    "Contact": "local_contact_name",
    "Contact Phone": "local_contact_number",
    "Contact Ext": "location_contact_ext",
    "Contact Email": "location_contact_email",
    "Second Contact": "secondary_lcon_name",
    "Second Contact Phone": "secondary_lcon_number",
    "Second Contact Email": "secondary_lcon_email",
    "Kind of work": "service_type",
    "Description": "initial_description",
    "PO Number": "po_number",
    "Earlier Granite ticket": "prior_ticket",
    "Files": "files",
}


def good(index: int) -> dict[str, str]:
    day = acting.visit_day()
    return {
        "location_name": f"Store {index:04d}",
        "location_number": f"{index:04d}",
        "account_macnum": f"00{index:06d}",
        "zip": "02116",
        "state": "MA",
        "time_zone": "America/New_York",
        "start_date": f"{day} 09:00",
        "end_date": f"{day} 12:00",
        "local_contact_name": "Kim Lee",
        "local_contact_number": "6175550134",
        "location_contact_ext": "007",
        "location_contact_email": "kim@store.example",
        "secondary_lcon_name": "Sam Poe",
        "secondary_lcon_number": "6175550135",
        "secondary_lcon_email": "sam@store.example",
        "service_type": "Smart Hands",
        "initial_description": "Swap the router.",
        "po_number": "PO-0778",
        "prior_ticket": "",
        "files": "",
    }


def planted() -> list[tuple[str, str]]:
    """Twenty mistakes that no machine can put right, no two of a kind: the field, and what stands there."""
    day = acting.visit_day()
    return [
        ("location_name", ""),
        ("location_name", "n" * 201),
        ("location_number", "7" * 61),
        ("account_macnum", ""),
        ("time_zone", "Mars/Olympus"),
        ("start_date", "soon"),
        ("end_date", ""),
        ("end_date", f"{day} 08:00"),
        ("end_date", "2199-12-31 23:00"),
        ("local_contact_name", ""),
        ("local_contact_number", ""),
        ("local_contact_number", "617 555"),
        ("location_contact_ext", "1" * 21),
        ("location_contact_email", "kim at store"),
        ("secondary_lcon_number", "555-0135"),
        ("secondary_lcon_email", "sam@store"),
        ("service_type", "Juggling"),
        ("initial_description", ""),
        ("po_number", "7" * 26),
        ("files", "plan-that-nobody-added.pdf"),
    ]


def sheet() -> bytes:
    """The mistakes stand in every twenty-fifth row."""
    book = Workbook(write_only=True)
    page = book.create_sheet("Stores")
    page.append(list(HEADER))
    mistakes = planted()
    for index in range(ROWS):
        row = good(index)
        if index % 25 == 7:
            name, text = mistakes[index // 25]
            row[name] = text
        page.append([row[name] for name in HEADER.values()])
    into = io.BytesIO()
    book.save(into)
    return into.getvalue()


@contextmanager
def timed(step: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    print(f"{step}: {time.perf_counter() - begun:.1f} s")


def upload(page: Page) -> Draft:
    page.goto("/drafts/sheet/")
    mime = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    page.locator("#id_file").set_input_files({"name": "Stores.xlsx", "mimeType": mime, "buffer": sheet()})
    page.get_by_role("button", name="Read the file").click()
    make = page.get_by_role("button", name="Make the rows")
    expect(make.or_(page.locator("#grid"))).to_be_visible()
    if make.is_visible():
        make.click()
    expect(page.locator("#rows-state")).to_contain_text(f"{ROWS} rows")
    return Draft.objects.latest("pk")


def see_all_problems(page: Page, draft: Draft) -> None:
    """All twenty stand on one page, each at its own cell and with its sentence."""
    page.get_by_role("link", name="20 with problems").click()
    wrong = page.locator('#grid tbody [aria-invalid="true"]')
    expect(wrong).to_have_count(20)
    keys = [row["row"] for row in draft.locations]
    expected = [f"cell-{keys[index * 25 + 7]}-{name}" for index, (name, _) in enumerate(planted())]
    assert [cell.get_attribute("id") for cell in wrong.all()] == expected
    assert all(cell.locator(".said.bad").count() for cell in wrong.all())


def correct_by_keyboard(page: Page) -> None:
    page.locator("#grid tbody th").first.focus()
    for index in range(20):
        page.keyboard.press("F8")
        name = page.evaluate("document.activeElement.dataset.field")
        if text := good(index * 25 + 7)[name]:
            page.keyboard.type(text)
            page.keyboard.press("Enter")
        else:
            page.keyboard.press("Delete")
    expect(page.locator("#rows-state")).to_contain_text("0 with problems")
    expect(page.locator("#grid .saving")).to_have_count(0)


def test_five_hundred_places_with_twenty_mistakes(
    open_browser: OpenBrowser, people: Cast, account: VendorAccount
) -> None:
    page = open_browser(people.alice).new_page()
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    try:
        with timed("upload 500 rows and see them"):
            draft = upload(page)
        with timed("see the 20 problems"):
            see_all_problems(page, draft)
        with timed("correct them by keyboard"):
            correct_by_keyboard(page)
        with timed("review"):
            page.locator(".wizard-buttons").get_by_text("Next", exact=True).click()
            acting.expect_step(page, "Files")
            page.get_by_role("link", name="4 Review").click()
            acting.expect_step(page, "Review")
        with timed("submit"):
            page.get_by_role("button", name=re.compile("^(Submit|Send)")).click()
            expect(page.locator("#dispatch-status")).to_be_visible()
    finally:
        expect.set_options(timeout=5_000)
    check_what_is_promised()


def check_what_is_promised() -> None:
    """Every row once, in the frozen payloads, with every zero it had."""
    said = [
        place
        for message in Message.objects.order_by("pk")
        for place in json.loads(dict(message.payload["fields"])["locations"])
    ]
    found = {place["location_number"]: place for place in said}
    assert len(said) == len(found) == Location.objects.count() == ROWS
    for row in map(good, range(ROWS)):
        place = found[row["location_number"]]
        for name in ("location_name", "account_macnum", "location_contact_ext"):
            assert place[name] == row[name]
