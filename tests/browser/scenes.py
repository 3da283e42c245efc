"""How each page of the portal comes about: who looks at it, at which address, and what happened before."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page

from portal.models import AuditEntry, Message, User, VendorAccount
from portal.vendors.sandbox import Sandbox
from tests.browser.places import make_store
from tests.cast import Cast
from tests.dispatching import make_dispatch, make_draft, typed_row
from tests.portal.outbox_parts import force
from tests.portal.uploads import image
from tests.tickets.many import make_tickets
from tests.tickets.scene import PDF, read_again, send, upload
from tickets.models import Dispatch, Draft, Ticket
from tickets.services import drafts


@dataclass(frozen=True)
class World:
    people: Cast
    box: Sandbox
    account: VendorAccount


@dataclass(frozen=True)
class Visit:
    """A page to look at. `act` is what the visitor does there first."""

    path: str
    by: User | None
    act: Callable[[Page], None] | None = None
    status: int = 200


Scene = Callable[[World], Visit]
SCENES: dict[str, Scene] = {}


def scene(build: Scene) -> Scene:
    SCENES[build.__name__.replace("_", "-")] = build
    return build


# --- without a dispatch -----------------------------------------------------------------------------------


@scene
def login(world: World) -> Visit:
    return Visit("/login/", None)


@scene
def login_refused(world: World) -> Visit:
    return Visit("/login/", None, lambda page: _sign_in(page, "alice", "wrong"))


@scene
def login_locked(world: World) -> Visit:
    def guess(page: Page) -> None:
        for _ in range(8):
            if page.get_by_role("heading", name="locked").count():
                return
            _sign_in(page, "alice", "wrong")

    return Visit("/login/", None, guess)


def _sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()


@scene
def password(world: World) -> Visit:
    def mistype(page: Page) -> None:
        page.get_by_label("Old password").fill("wrong")
        page.locator("#id_new_password1").fill("short")
        page.locator("#id_new_password2").fill("other")
        page.get_by_role("button", name="Change password").click()

    return Visit("/password/", world.people.alice, mistype)


@scene
def home_empty(world: World) -> Visit:
    return Visit("/", world.people.alice)


@scene
def drafts_empty(world: World) -> Visit:
    return Visit("/drafts/", world.people.alice)


@scene
def dispatches_empty(world: World) -> Visit:
    return Visit("/dispatches/", world.people.alice)


@scene
def tickets_empty(world: World) -> Visit:
    return Visit("/tickets/", world.people.alice)


@scene
def unknown_empty(world: World) -> Visit:
    return Visit("/unknown/", world.people.alice)


@scene
def menus_open(world: World) -> Visit:
    def open_menus(page: Page) -> None:
        page.locator(".person-menu > summary").click()

    return Visit("/", world.people.alice, open_menus)


# --- refusals ---------------------------------------------------------------------------------------------


@scene
def error_403(world: World) -> Visit:
    return Visit("/drafts/", world.people.bob, status=403)


@scene
def error_404(world: World) -> Visit:
    return Visit("/dispatches/999/", world.people.alice, status=404)


@scene
def error_400(world: World) -> Visit:
    """More fields than the portal takes."""

    def stuff(page: Page) -> None:
        page.evaluate(
            """() => { const form = document.querySelector(".panel form");
              for (let i = 0; i < 12100; i += 1) {
                const one = document.createElement("input"); one.type = "hidden"; one.name = `x${i}`; form.append(one); } }"""
        )
        page.get_by_role("button", name="Change password").click()
        page.wait_for_load_state()

    return Visit("/password/", world.people.alice, stuff)


# --- the wizard -------------------------------------------------------------------------------------------


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


@scene
def wizard_files_refused(world: World) -> Visit:
    def attach(page: Page) -> None:
        page.locator("#id_file").set_input_files(
            [{"name": "IMG_0042.heic", "mimeType": "image/heic", "buffer": b"\x00\x00\x00\x18ftypheic" * 4}]
        )
        page.get_by_text("Not attached").wait_for()

    return Visit(f"/drafts/{_whole(world).pk}/files/", world.people.alice, attach)


@scene
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


@scene
def drafts_some(world: World) -> Visit:
    _whole(world)
    make_draft(world.people.alice, world.people.east, 1, initial_description="Look at the antenna. " * 20)
    return Visit("/drafts/", world.people.alice)


# --- dispatches -------------------------------------------------------------------------------------------


def _submitted(world: World, count: int = 3) -> Dispatch:
    files = [
        upload("Site survey.pdf", PDF, world.people.alice),
        upload("rack-photo.png", image("PNG"), world.people.alice),
    ]
    rows = [typed_row(index, site=str(make_store(world.account, index).pk)) for index in range(count)]
    return make_dispatch(world.people.alice, world.people.east, rows, files=files, po_number="PO-778")


def _at(dispatch: Dispatch, world: World) -> Visit:
    return Visit(dispatch.get_absolute_url(), world.people.alice)


def _one_each(world: World) -> None:
    world.account.locations_per_message = 1
    world.account.save()


def _messages(dispatch: Dispatch) -> list[Message]:
    return list(Message.objects.filter(locations__dispatch=dispatch).distinct().order_by("pk"))


@scene
def dispatch_waiting(world: World) -> Visit:
    _one_each(world)
    return _at(_submitted(world), world)


@scene
def dispatch_sending(world: World) -> Visit:
    _one_each(world)
    dispatch = _submitted(world)
    soon = timezone.now() + timedelta(seconds=90)
    token = "0f8fad5b-d9cb-469f-a165-70867728950e"
    force(_messages(dispatch)[0], "sending", lease_token=token, lease_until=soon, send_deadline_at=soon)
    return _at(dispatch, world)


@scene
def dispatch_done(world: World) -> Visit:
    dispatch = _submitted(world)
    send(dispatch)
    world.box.advance(3600)
    read_again(*dispatch.tickets.all())
    return _at(dispatch, world)


@scene
def dispatch_rejected(world: World) -> Visit:
    _one_each(world)
    dispatch = _submitted(world)
    world.box.fail_next("400_field")
    send(dispatch)
    return _at(dispatch, world)


@scene
def dispatch_held(world: World) -> Visit:
    dispatch = _submitted(world)
    world.box.fail_next("403")
    send(dispatch)
    return _at(dispatch, world)


def _unknown(world: World) -> Dispatch:
    dispatch = _submitted(world)
    world.box.fail_next("lose_answer")
    send(dispatch)
    return dispatch


@scene
def dispatch_unknown(world: World) -> Visit:
    return _at(_unknown(world), world)


@scene
def unknown_list(world: World) -> Visit:
    _unknown(world)
    return Visit("/unknown/", world.people.alice)


@scene
def message_done(world: World) -> Visit:
    dispatch = _submitted(world)
    send(dispatch)
    return Visit(f"{dispatch.get_absolute_url()}messages/{_messages(dispatch)[0].pk}/", world.people.alice)


@scene
def message_unknown(world: World) -> Visit:
    dispatch = _unknown(world)
    return Visit(f"{dispatch.get_absolute_url()}messages/{_messages(dispatch)[0].pk}/", world.people.alice)


@scene
def home_full(world: World) -> Visit:
    """Something of every kind: unknown, held, rejected, no technician, visits, drafts."""
    _one_each(world)
    dispatch = _submitted(world)
    world.box.fail_next("lose_answer")
    send(dispatch)
    world.box.fail_next("400_field")
    second = make_dispatch(world.people.alice, world.people.east, [typed_row(5), typed_row(6)])
    send(second)
    world.box.fail_next("403")
    send(make_dispatch(world.people.alice, world.people.east, [typed_row(7)]))
    soon = timezone.now() + timedelta(minutes=30)
    for location in second.locations.all():
        type(location).objects.filter(pk=location.pk).update(starts_at=soon, ends_at=soon)
    make_draft(world.people.alice, world.people.east, 2)
    return Visit("/", world.people.alice)


@scene
def dispatches_many(world: World) -> Visit:
    make_tickets(world.people.alice, world.people.east, 60)
    return Visit("/dispatches/", world.people.alice)


@scene
def tickets_many(world: World) -> Visit:
    make_tickets(world.people.alice, world.people.east, 60)
    return Visit("/tickets/", world.people.alice)


@scene
def tickets_filtered(world: World) -> Visit:
    make_tickets(world.people.alice, world.people.east, 60)
    return Visit("/tickets/?q=Store&service_type=Smart+Hands&mine=on", world.people.mia)


def _ticket(world: World) -> Ticket:
    dispatch = _submitted(world, 1)
    send(dispatch)
    world.box.advance(3600)
    read_again(dispatch.tickets.get())
    return dispatch.tickets.get()


@scene
def ticket(world: World) -> Visit:
    return Visit(_ticket(world).get_absolute_url(), world.people.alice)


@scene
def ticket_wrong_site(world: World) -> Visit:
    """Granite drives to another address than ours, and does not answer any more."""
    found = _ticket(world)
    site = found.location.site
    site.address_line_1 = "2200 Commerce Park Drive"
    site.save()
    Ticket.objects.filter(pk=found.pk).update(read_problem="Granite did not answer in time.")
    return Visit(found.get_absolute_url(), world.people.alice)


# --- administration ---------------------------------------------------------------------------------------


@scene
def admin_index(world: World) -> Visit:
    _unknown(world)
    return Visit("/admin/", world.people.root)


@scene
def admin_messages(world: World) -> Visit:
    make_tickets(world.people.alice, world.people.east, 20)
    return Visit("/admin/portal/message/", world.people.root)


@scene
def admin_message(world: World) -> Visit:
    message = _messages(_unknown(world))[0]
    return Visit(f"/admin/portal/message/{message.pk}/change/", world.people.root)


@scene
def admin_account(world: World) -> Visit:
    return Visit(f"/admin/portal/vendoraccount/{world.account.pk}/change/", world.people.root)


@scene
def admin_person(world: World) -> Visit:
    return Visit(f"/admin/portal/user/{world.people.alice.pk}/change/", world.people.root)


@scene
def admin_audit(world: World) -> Visit:
    _submitted(world)
    assert AuditEntry.objects.exists()
    return Visit("/admin/portal/auditentry/", world.people.root)
