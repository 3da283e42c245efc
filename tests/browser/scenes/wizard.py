"""Every step of the wizard: empty, filled in, and wrong."""

from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.places import make_store
from tests.browser.scenes import Scene, Scenes, Visit, World
from tests.dispatching import make_draft, typed_row
from tests.portal.uploads import HEIC, image
from tests.tickets.scene import PDF, upload
from tickets.models import Draft
from tickets.services import drafts

SCENES = Scenes()


def _blank(world: World) -> Draft:
    return drafts.new_draft(world.people.east, by=world.people.alice)


def _wrong(world: World) -> Draft:
    """Something wrong at every step."""
    draft = _blank(world)
    draft.what = {
        "contact_name": "",
        "contact_email_address": "alice at portal",
        "automatic_email_cc": "on",
        "automatic_email_cc_address": "one@portal.example, two",
        "po_number": "PO " + "7" * 30,
        "prior_ticket": "twelve",
        "initial_description": "",
    }
    rows = [typed_row(0), typed_row(1, local_contact_number="12", local_contact_name="", time_zone="")]
    rows[0]["end_date"] = rows[0]["start_date"][:11] + "07:00"
    rows[1]["secondary_lcon_email"] = "nobody"
    draft.locations = rows
    draft.save()
    return draft


def _whole(world: World) -> Draft:
    rows = [typed_row(index, site=str(make_store(world.account, index).pk)) for index in range(3)]
    draft = make_draft(
        world.people.alice, world.people.east, rows, po_number="PO-778", special_instructions="Ring."
    )
    draft.files.add(upload("Site survey.pdf", PDF, world.people.alice))
    draft.files.add(upload("rack-photo.png", image("PNG"), world.people.alice))
    return draft


def _step(name: str, make: Callable[[World], Draft], query: str = "") -> Scene:
    return lambda world: Visit(f"/drafts/{make(world).pk}/{name}/{query}", world.people.alice)


for _name in ("what", "where", "when", "files", "review"):
    SCENES[f"wizard-{_name}-empty"] = _step(_name, _blank)
    SCENES[f"wizard-{_name}"] = _step(_name, _whole)
for _name in ("what", "where", "when"):
    SCENES[f"wizard-{_name}-wrong"] = _step(_name, _wrong, "?check=1")
SCENES["wizard-review-wrong"] = _step("review", _wrong)
SCENES["wizard-where-search"] = _step("where/search", _whole, "?q=northgate")


@SCENES
def wizard_files_refused(world: World) -> Visit:
    def attach(page: Page) -> None:
        page.locator("#id_file").set_input_files(
            [{"name": "IMG_0042.heic", "mimeType": "image/heic", "buffer": HEIC}]
        )
        page.get_by_text("Not attached").wait_for()

    return Visit(f"/drafts/{_whole(world).pk}/files/", world.people.alice, attach)


@SCENES
def wizard_conflict(world: World) -> Visit:
    draft = _whole(world)

    def type_too_late(page: Page) -> None:
        Draft.objects.filter(pk=draft.pk).update(
            what=draft.what | {"po_number": "PO-1", "initial_description": "Something else."}
        )
        page.locator("#id_po_number").fill("PO-2")
        page.get_by_role("button", name="Next", exact=True).click()
        page.get_by_role("button", name="Save mine anyway").wait_for()

    return Visit(f"/drafts/{draft.pk}/what/", world.people.alice, type_too_late)


@SCENES
def drafts_some(world: World) -> Visit:
    _whole(world)
    make_draft(world.people.alice, world.people.east, 1, initial_description="Look at the antenna. " * 20)
    return Visit("/drafts/", world.people.alice)
