"""Templates and what recurs: empty, in use, wrong, paused, and with what became of past days."""

from datetime import date

from playwright.sync_api import Page, expect

from tests.browser.places import make_store
from tests.browser.scenes import Scenes, Visit, World
from tests.dispatching import make_dispatch, make_draft, typed_row
from tests.tickets.repeating import at, make_recurrence
from tests.tickets.scene import PDF, upload
from tickets.models import DispatchTemplate, Draft, Recurrence
from tickets.services import recurring, templates

SCENES = Scenes()


def _draft(world: World, places: int = 3) -> Draft:
    rows = [typed_row(index, site=str(make_store(world.account, index).pk)) for index in range(places)]
    draft = make_draft(world.people.alice, world.people.east, rows, po_number="PO-778")
    draft.files.add(upload("Site survey.pdf", PDF, world.people.alice))
    return draft


def _template(world: World, draft: Draft, name: str, **changes: bool) -> DispatchTemplate:
    keeps = {"with_sites": True, "with_files": True} | changes
    return templates.save_template(draft, by=world.people.alice, name=name, **keeps)


def _recurrences(world: World) -> list[Recurrence]:
    """One that ran for a while, one that is paused, one that was ended."""
    alice, draft = world.people.alice, _draft(world)
    ran = make_recurrence(alice, draft, mode="submit", starts_on=date(2027, 1, 4))
    paused = make_recurrence(alice, draft, name="Battery test", weekdays=[1], every=2)
    ended = make_recurrence(
        alice, draft, name="Quarterly survey of every rack", pattern="month day", day_of_month=31, every=3
    )
    recurring.make_due(at(12))
    recurring.make_due(at(23))
    recurring.pause(paused, "The stores are closed for the holidays.", by=alice)
    recurring.end(ended, "The contract is over.", by=alice)
    return [ran, paused, ended]


@SCENES
def templates_empty(world: World) -> Visit:
    return Visit("/templates/", world.people.alice)


@SCENES
def templates_some(world: World) -> Visit:
    draft = _draft(world)
    templates.start(_template(world, draft, "Router swap, Northgate"), by=world.people.alice)
    _template(world, draft, "Smart hands, wherever it is", with_sites=False)

    def open_menu(page: Page) -> None:
        page.locator(".template-menu > summary").first.click()

    return Visit("/templates/", world.people.alice, act=open_menu)


@SCENES
def template_keep(world: World) -> Visit:
    return Visit(f"/drafts/{_draft(world).pk}/template/", world.people.alice)


@SCENES
def template_day(world: World) -> Visit:
    begun = templates.start(_template(world, _draft(world), "Router swap"), by=world.people.alice)

    def go_on(page: Page) -> None:
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_text("Enter the day.")).to_be_visible()

    return Visit(f"/drafts/{begun.pk}/day/", world.people.alice, act=go_on)


@SCENES
def recurring_new(world: World) -> Visit:
    def fill_in(page: Page) -> None:
        page.get_by_label("Tuesday").first.check()
        expect(page.locator("#preview .runs li").nth(4)).to_be_visible()

    return Visit(f"/drafts/{_draft(world).pk}/repeat/", world.people.alice, act=fill_in)


@SCENES
def recurring_wrong(world: World) -> Visit:
    def press(page: Page) -> None:
        page.get_by_label("Until a certain day").check()
        page.locator("#id_window_end").fill("07:00")
        page.get_by_role("button", name="Set up").click()
        expect(page.get_by_text("Tick at least one weekday.")).to_be_visible()

    return Visit(f"/drafts/{_draft(world).pk}/repeat/", world.people.alice, act=press)


@SCENES
def recurring_list(world: World) -> Visit:
    _recurrences(world)
    return Visit("/recurring/", world.people.alice)


@SCENES
def recurring_one(world: World) -> Visit:
    return Visit(f"/recurring/{_recurrences(world)[0].pk}/", world.people.alice)


@SCENES
def recurring_paused(world: World) -> Visit:
    return Visit(f"/recurring/{_recurrences(world)[1].pk}/", world.people.alice)


@SCENES
def recurring_home(world: World) -> Visit:
    """What waits for a person on the home page, and the templates used most."""
    draft = _draft(world)
    _template(world, draft, "Router swap, Northgate")
    recurrence = make_recurrence(world.people.alice, draft, mode="submit")
    row = {**recurrence.locations[0], "start_date": "2027-01-04T09:00", "end_date": "2027-01-04T10:00"}
    make_dispatch(world.people.alice, world.people.east, [row])
    recurring.make_due(at(2))
    return Visit("/", world.people.alice)


@SCENES
def recurring_draft(world: World) -> Visit:
    """A draft that did not submit itself says why."""
    recurring_home(world)
    made = Draft.objects.filter(occurrence__isnull=False).get()
    return Visit(f"/drafts/{made.pk}/review/", world.people.alice)
