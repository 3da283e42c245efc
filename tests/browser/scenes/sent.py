"""Dispatches in every state, their messages and tickets, and the home page full of them."""

from datetime import timedelta

from django.utils import timezone

from portal import outbox
from portal.models import Message
from tests.browser.places import make_store
from tests.browser.scenes import Scenes, Visit, World
from tests.dispatching import make_dispatch, make_draft, refill, typed_row
from tests.portal.outbox_parts import force
from tests.portal.uploads import image
from tests.tickets.many import make_tickets
from tests.tickets.scene import PDF, read_again, send, upload
from tickets.models import Dispatch, Ticket

SCENES = Scenes()


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


def messages_of(dispatch: Dispatch) -> list[Message]:
    return list(Message.objects.filter(locations__dispatch=dispatch).distinct().order_by("pk"))


@SCENES
def dispatch_waiting(world: World) -> Visit:
    _one_each(world)
    return _at(_submitted(world), world)


@SCENES
def dispatch_sending(world: World) -> Visit:
    _one_each(world)
    dispatch = _submitted(world)
    soon = timezone.now() + timedelta(seconds=90)
    token = "0f8fad5b-d9cb-469f-a165-70867728950e"
    force(messages_of(dispatch)[0], "sending", lease_token=token, lease_until=soon, send_deadline_at=soon)
    return _at(dispatch, world)


@SCENES
def dispatch_done(world: World) -> Visit:
    dispatch = _submitted(world)
    send(dispatch)
    world.box.advance(90)
    read_again(*dispatch.tickets.all())
    return _at(dispatch, world)


@SCENES
def dispatch_rejected(world: World) -> Visit:
    _one_each(world)
    dispatch = _submitted(world)
    world.box.fail_next("400_field")
    send(dispatch)
    return _at(dispatch, world)


@SCENES
def dispatch_under_way(world: World) -> Visit:
    """Three tickets, two with a technician, one location refused, the rest on its way: the README's picture."""
    world.account.requests_per_minute = 60  # reads wait for half of the budget while creates do
    _one_each(world)
    dispatch = _submitted(world, 6)
    for step in range(4):
        if step == 2:
            world.box.fail_next("400_field")
        refill(world.account)
        outbox.deliver_due(limit=1)
        if step == 1:
            world.box.advance(60)
            read_again(*dispatch.tickets.all())
    return _at(dispatch, world)


@SCENES
def dispatch_held(world: World) -> Visit:
    dispatch = _submitted(world)
    world.box.fail_next("403")
    send(dispatch)
    return _at(dispatch, world)


def unknown_dispatch(world: World) -> Dispatch:
    dispatch = _submitted(world)
    world.box.fail_next("lose_answer")
    send(dispatch)
    return dispatch


@SCENES
def dispatch_unknown(world: World) -> Visit:
    return _at(unknown_dispatch(world), world)


@SCENES
def unknown_list(world: World) -> Visit:
    unknown_dispatch(world)
    return Visit("/unknown/", world.people.alice)


@SCENES
def message_done(world: World) -> Visit:
    dispatch = _submitted(world)
    send(dispatch)
    return Visit(f"{dispatch.get_absolute_url()}messages/{messages_of(dispatch)[0].pk}/", world.people.alice)


@SCENES
def message_unknown(world: World) -> Visit:
    dispatch = unknown_dispatch(world)
    return Visit(f"{dispatch.get_absolute_url()}messages/{messages_of(dispatch)[0].pk}/", world.people.alice)


@SCENES
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


@SCENES
def dispatches_many(world: World) -> Visit:
    make_tickets(world.people.alice, world.people.east, 60)
    return Visit("/dispatches/", world.people.alice)


@SCENES
def tickets_many(world: World) -> Visit:
    make_tickets(world.people.alice, world.people.east, 60)
    return Visit("/tickets/", world.people.alice)


@SCENES
def tickets_filtered(world: World) -> Visit:
    make_tickets(world.people.alice, world.people.east, 60)
    return Visit("/tickets/?q=Store&service_type=Smart+Hands&mine=on", world.people.mia)


def _ticket(world: World) -> Ticket:
    dispatch = _submitted(world, 1)
    send(dispatch)
    world.box.advance(90)
    read_again(dispatch.tickets.get())
    return dispatch.tickets.get()


@SCENES
def ticket(world: World) -> Visit:
    return Visit(_ticket(world).get_absolute_url(), world.people.alice)


@SCENES
def ticket_wrong_site(world: World) -> Visit:
    """Granite drives to another address than ours, and does not answer any more."""
    found = _ticket(world)
    site = found.location.site
    site.address_line_1 = "2200 Commerce Park Drive"
    site.save()
    Ticket.objects.filter(pk=found.pk).update(read_problem="Granite did not answer in time.")
    return Visit(found.get_absolute_url(), world.people.alice)
