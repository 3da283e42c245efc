"""The register of services: the list, one service, its form, an import before and after its mistakes are seen."""

from playwright.sync_api import Page

from sites.models import Service
from tests.browser.scenes import Scenes, Visit, World
from tests.casework import gtt_account, make_case
from tests.cast import client_of
from tests.sheets.made import text_of
from tests.sites.registering import make_service
from tests.tickets.scene import make_site
from tickets.models import CaseChoice

SCENES = Scenes()


def _services(world: World) -> list[Service]:
    first, second = make_site(0), make_site(1)
    return [
        make_service(
            first, "0012-01", name="Boston primary", checked_by=world.people.alice, note="By e-mail."
        ),
        make_service(first, "0012-02", kind="SD-WAN", state="mapped"),
        make_service(second, "0013-01", kind="Broadband", state="unmapped", vendor_service_id=""),
        make_service(second, "0013-02", state="wrong", note="It is the line of the shop next door."),
    ]


@SCENES
def services(world: World) -> Visit:
    _services(world)
    return Visit("/services/", world.people.alice)


@SCENES
def services_none(world: World) -> Visit:
    return Visit("/services/", world.people.alice)


@SCENES
def service(world: World) -> Visit:
    one = _services(world)[1]
    url = f"/services/{one.pk}/"
    client_of(world.people.alice).post(
        f"{url}check/", {"vendor_service_id": one.vendor_service_id, "state": "wrong", "note": "Not theirs."}
    )
    make_case(world.people.alice, world.people.east, gtt_account(world.box), service=one, site=one.site)
    return Visit(url, world.people.alice)


@SCENES
def service_form_wrong(world: World) -> Visit:
    _services(world)

    def save(page: Page) -> None:
        page.get_by_label("Our ID").fill("0012-01")
        page.get_by_label("Site").fill("nowhere")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("There is a service 0012-01 already.").first.wait_for()

    return Visit("/services/new/", world.people.alice, save)


@SCENES
def service_import_new(world: World) -> Visit:
    return Visit("/services/import/", world.people.alice)


@SCENES
def service_import(world: World) -> Visit:
    number = _services(world)[0].site.number
    rows = [
        ["Our ID", "Site number", "Kind", "Vendor service ID", "Validation", "Region"],
        ["0012-01", number, "DIA", "00991", "Not validated", "North"],
        ["0012-09", number, "LTE", "00992", "", "North"],
        ["0012-10", "9" + number, "LTE", "000013-02", "Maybe", "North"],
    ]

    def read(page: Page) -> None:
        page.get_by_label("Cells copied in Excel").fill(text_of(rows, "\t"))
        page.get_by_role("button", name="Read the cells").click()
        page.get_by_role("link", name="All: 3").click()
        page.get_by_text("Nothing is written yet.").wait_for()

    return Visit("/services/import/", world.people.alice, read)


@SCENES
def case_on_a_service(world: World) -> Visit:
    gtt_account(world.box)
    one = _services(world)[1]
    CaseChoice.objects.get_or_create(field="priority", value="1 - Critical", category="")

    def choose(page: Page) -> None:
        page.get_by_label("Service", exact=False).first.select_option(str(one.pk))
        page.get_by_text("Nobody has validated yet").wait_for()

    return Visit(f"/cases/new/?site={one.site_id}", world.people.alice, choose)
