"""Signing in, the empty portal, and its refusals."""

from playwright.sync_api import Page

from tests.browser.scenes import Scenes, Visit, World

SCENES = Scenes()


@SCENES
def login(world: World) -> Visit:
    return Visit("/login/", None)


@SCENES
def login_refused(world: World) -> Visit:
    return Visit("/login/", None, lambda page: _sign_in(page, "alice", "wrong"))


@SCENES
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


@SCENES
def password(world: World) -> Visit:
    def mistype(page: Page) -> None:
        page.get_by_label("Old password").fill("wrong")
        page.locator("#id_new_password1").fill("short")
        page.locator("#id_new_password2").fill("other")
        page.get_by_role("button", name="Change password").click()

    return Visit("/password/", world.people.alice, mistype)


@SCENES
def home_empty(world: World) -> Visit:
    return Visit("/", world.people.alice)


@SCENES
def drafts_empty(world: World) -> Visit:
    return Visit("/drafts/", world.people.alice)


@SCENES
def dispatches_empty(world: World) -> Visit:
    return Visit("/dispatches/", world.people.alice)


@SCENES
def tickets_empty(world: World) -> Visit:
    return Visit("/tickets/", world.people.alice)


@SCENES
def unknown_empty(world: World) -> Visit:
    return Visit("/unknown/", world.people.alice)


@SCENES
def menus_open(world: World) -> Visit:
    def open_menus(page: Page) -> None:
        page.locator(".person-menu > summary").click()

    return Visit("/", world.people.alice, open_menus)


# --- refusals ---------------------------------------------------------------------------------------------


@SCENES
def error_403(world: World) -> Visit:
    return Visit("/drafts/", world.people.bob, status=403)


@SCENES
def error_404(world: World) -> Visit:
    return Visit("/dispatches/999/", world.people.alice, status=404)
