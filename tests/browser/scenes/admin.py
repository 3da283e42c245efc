"""The administration."""

import uuid

from django.utils import timezone

from portal.models import Arming, ForgottenSend, Message
from tests.browser.scenes import Scenes, Visit, World
from tests.browser.scenes.sent import messages_of, unknown_dispatch
from tests.casework import gtt_account
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
def admin_gtt_account(world: World) -> Visit:
    account = gtt_account(world.box, operations=["get", "list"])
    return Visit(f"/admin/portal/vendoraccount/{account.pk}/change/", world.people.root)


@SCENES
def admin_person(world: World) -> Visit:
    return Visit(f"/admin/portal/user/{world.people.alice.pk}/change/", world.people.root)


@SCENES
def admin_audit(world: World) -> Visit:
    make_dispatch(world.people.alice, world.people.east, 1)
    return Visit("/admin/portal/auditentry/", world.people.root)


@SCENES
def outbound(world: World) -> Visit:
    return Visit("/outbound/", world.people.root)


@SCENES
def outbound_of_a_copy(world: World) -> Visit:
    """A copy, with something that would be sent, and something that was sent and forgotten."""
    now = timezone.now()
    make_dispatch(world.people.alice, world.people.east, 3)
    first = Message.objects.all()[0]
    for number, outcome in enumerate(("done", "", "unknown")):
        ForgottenSend.objects.create(
            correlation_id=uuid.uuid4(),
            reference=first.reference if number == 1 else f"DSP-{number + 900:06d}-1",
            payload_hash=first.payload_hash if number == 1 else str(number),
            account_name=str(world.account),
            weight=number + 1,
            sent_at=now,
            machine="worker-1",
            outcome=outcome,
            ids=["771001", "771002"] if outcome == "done" else [],
        )
    Arming.objects.update(host="portal.example.com", reason="first start")
    return Visit("/outbound/", world.people.root)


@SCENES
def home_of_a_copy(world: World) -> Visit:
    Arming.objects.update(database_oid=1)
    return Visit("/", world.people.root)
