"""The administration."""

from tests.browser.scenes import Scenes, Visit, World
from tests.browser.scenes.sent import messages_of, unknown_dispatch
from tests.dispatching import make_dispatch
from tests.tickets.many import make_tickets

SCENES = Scenes()


@SCENES
def admin_index(world: World) -> Visit:
    unknown_dispatch(world)
    return Visit("/admin/", world.people.root)


@SCENES
def admin_messages(world: World) -> Visit:
    make_tickets(world.people.alice, world.people.east, 20)
    return Visit("/admin/portal/message/", world.people.root)


@SCENES
def admin_message(world: World) -> Visit:
    message = messages_of(unknown_dispatch(world))[0]
    return Visit(f"/admin/portal/message/{message.pk}/change/", world.people.root)


@SCENES
def admin_account(world: World) -> Visit:
    return Visit(f"/admin/portal/vendoraccount/{world.account.pk}/change/", world.people.root)


@SCENES
def admin_person(world: World) -> Visit:
    return Visit(f"/admin/portal/user/{world.people.alice.pk}/change/", world.people.root)


@SCENES
def admin_audit(world: World) -> Visit:
    make_dispatch(world.people.alice, world.people.east, 1)
    return Visit("/admin/portal/auditentry/", world.people.root)
