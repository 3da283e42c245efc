"""A dispatch from a sheet: the ways to begin, the columns in question, the sites to pick from."""

from playwright.sync_api import Page

from tests.browser.places import make_store
from tests.browser.scenes import Scenes, Visit, World
from tests.sheets.made import FIRST, HEADER, SECOND, text_of
from tickets.models import Draft
from tickets.services import sheets
from tickets.sheets import read_pasted

SCENES = Scenes()
CELLS = [
    ["Router rollout, wave 2"],
    [*HEADER, "Date", "Window", "SOW", "Fax", "Region"],
    [
        *FIRST,
        "3/4/2026",
        "8am-12pm",
        "Swap the router, confirm the link light and send a picture of the rack",
        "",
        "North",
    ],
    [*SECOND, "3/5/2026", "8am-12pm", "Swap the router", "", "#REF!"],
]


def _sheet(world: World, *, is_matched: bool = False) -> Draft:
    draft = sheets.begin_from_table(
        world.people.east, read_pasted(text_of(CELLS, "\t")), "Wave 2.xlsx", by=world.people.alice
    )
    if is_matched:
        sheets.map_columns(draft, sheets.suggest(draft).columns, "mdy", by=world.people.alice)
    return draft


@SCENES
def sheet_new(world: World) -> Visit:
    return Visit("/drafts/sheet/", world.people.alice)


@SCENES
def sheet_unreadable(world: World) -> Visit:
    def paste(page: Page) -> None:
        page.get_by_label("Cells copied in Excel").fill("Store #\tMacnum\tLCON phone\n")
        page.get_by_role("button", name="Read the cells").click()
        page.get_by_text("no row below it").wait_for()

    return Visit("/drafts/sheet/", world.people.alice, paste)


@SCENES
def sheet_columns(world: World) -> Visit:
    return Visit(f"/drafts/{_sheet(world).pk}/sheet/columns/", world.people.alice)


@SCENES
def sheet_columns_wrong(world: World) -> Visit:
    def choose(page: Page) -> None:
        page.get_by_label("Region").select_option("location_name")
        page.get_by_role("button", name="Make the rows").click()
        page.get_by_text("Look again at what is marked").wait_for()

    return Visit(f"/drafts/{_sheet(world, is_matched=True).pk}/sheet/columns/", world.people.alice, choose)


@SCENES
def sheet_sites(world: World) -> Visit:
    last = max((make_store(world.account, index) for index in range(6)), key=lambda store: store.number)

    def tick(page: Page) -> None:
        page.get_by_role("checkbox").first.check()
        page.get_by_label("Name, number, street").fill(last.number)
        page.get_by_text("Ticked before").wait_for()

    return Visit("/drafts/sheet/sites/", world.people.alice, tick)
