"""The table of a sheet's rows: with problems, repairs, Granite's words, several pages of it, and one row as a form."""

from typing import Any

from playwright.sync_api import Page

from portal.vendors.sandbox.granite.accounts import ACCOUNTS
from tests.browser.scenes import Scenes, Visit, World
from tests.dispatching import make_draft, typed_row
from tickets.models import Draft

SCENES = Scenes()


def sheet(world: World, count: int = 12) -> Draft:
    rows: list[dict[str, Any]] = [typed_row(index % len(ACCOUNTS)) for index in range(count)]
    if count > 6:
        rows[1]["local_contact_number"] = "617 555"
        rows[2] |= {"time_zone": "Mars/Olympus", "end_date": rows[2]["start_date"][:11] + "08:00"}
        rows[3] |= {"zip": "02116", "repaired": {"zip": ["2116", "The state proves that a zero was lost."]}}
        rows[4]["refused"] = [
            {"field": "account_macnum", "value": rows[4]["account_macnum"], "message": "macnum is not active"}
        ]
        rows[5] |= {"site": "99999", "initial_description": "Swap the router.\nConfirm the link light. " * 4}
    draft = make_draft(world.people.alice, world.people.east, rows)
    draft.is_sheet = True
    draft.save()
    return draft


@SCENES
def rows_empty(world: World) -> Visit:
    return Visit(f"/drafts/{sheet(world, 0).pk}/rows/", world.people.alice)


@SCENES
def rows_with_problems(world: World) -> Visit:
    return Visit(f"/drafts/{sheet(world).pk}/rows/", world.people.alice, _stand_at_a_problem)


def _stand_at_a_problem(page: Page) -> None:
    page.locator('#grid td[aria-invalid="true"]').first.click()


@SCENES
def rows_edited(world: World) -> Visit:
    return Visit(f"/drafts/{sheet(world).pk}/rows/?only=wrong", world.people.alice, _edit)


def _edit(page: Page) -> None:
    page.locator('#grid td[aria-invalid="true"]').first.dblclick()
    page.get_by_text("Change many rows").click()


@SCENES
def rows_of_several_pages(world: World) -> Visit:
    return Visit(f"/drafts/{sheet(world, 230).pk}/rows/?page=2", world.people.alice, _open_menu)


def _open_menu(page: Page) -> None:
    page.locator(".rows-wrong > summary").click()


@SCENES
def row_as_a_form(world: World) -> Visit:
    draft = sheet(world)
    return Visit(f"/drafts/{draft.pk}/rows/{draft.locations[2]['row']}/", world.people.alice)
