"""Unknown outcomes on their way to being settled."""

from portal.outbox import resolving
from tests.browser.places import make_store
from tests.browser.scenes import Scenes, Visit, World
from tests.dispatching import make_dispatch, typed_row
from tests.tickets.doubting import WHERE, answered_late, check, ids_at_granite, let_pass
from tests.tickets.scene import send
from tickets.models import Dispatch

SCENES = Scenes()


def lost(world: World, count: int = 3, fault: str = "lose_answer") -> Dispatch:
    """A dispatch whose answer was lost, long enough ago to say that it is not there."""
    rows = [typed_row(index, site=str(make_store(world.account, index).pk)) for index in range(count)]
    dispatch = make_dispatch(world.people.alice, world.people.east, rows)
    world.box.fail_next(fault)
    send(dispatch)
    let_pass(dispatch.locations.first().message)
    return dispatch


def _looked(world: World) -> Dispatch:
    dispatch = lost(world)
    resolving.say_not_there(dispatch.locations.first().message, note=WHERE, by=world.people.alice)
    return dispatch


def _of(dispatch: Dispatch) -> str:
    return f"/unknown/{dispatch.locations.first().message.pk}/"


@SCENES
def unknown_second_person(world: World) -> Visit:
    return Visit(_of(_looked(world)), world.people.mia)


@SCENES
def unknown_first_person(world: World) -> Visit:
    return Visit(_of(_looked(world)), world.people.alice)


@SCENES
def unknown_checking(world: World) -> Visit:
    dispatch = lost(world)
    resolving.say_found(
        dispatch.locations.first().message, {"1000001": 0, "1000002": 1}, by=world.people.alice
    )
    return Visit(_of(dispatch), world.people.alice)


@SCENES
def unknown_checked(world: World) -> Visit:
    """One number was right, one is nobody's, one is another request's."""
    other = make_dispatch(world.people.alice, world.people.east, [typed_row(5)])
    send(other)
    dispatch = lost(world)
    message = dispatch.locations.first().message
    ids = [ids_at_granite(world.box, message)[0], "999999", str(other.tickets.get().ticket_id)]
    resolving.say_found(
        message, {vendor_id: place for place, vendor_id in enumerate(ids)}, by=world.people.alice
    )
    check(world.account)
    return Visit(_of(dispatch), world.people.alice)


@SCENES
def unknown_wrong_input(world: World) -> Visit:
    dispatch = lost(world)

    def act(page) -> None:  # type: ignore[no-untyped-def]
        page.get_by_text("Found it").click()
        page.locator("input[name=ticket-0]").fill("TE-12")
        page.get_by_role("button", name="Check with Granite").click()
        page.get_by_text("has digits only").wait_for()

    return Visit(_of(dispatch), world.people.alice, act)


@SCENES
def unknown_not_there_open(world: World) -> Visit:
    dispatch = lost(world)
    return Visit(
        _of(dispatch), world.people.alice, lambda page: page.get_by_text("Not there", exact=True).click()
    )


@SCENES
def unknown_settled(world: World) -> Visit:
    dispatch = _looked(world)
    message = dispatch.locations.first().message
    resolving.confirm(message.resolutions.get(), by=world.people.mia)
    send(dispatch)
    return Visit(f"/unknown/{message.pk}/", world.people.alice)


@SCENES
def dispatch_renewed(world: World) -> Visit:
    dispatch = _looked(world)
    resolving.confirm(dispatch.locations.first().message.resolutions.get(), by=world.people.mia)
    send(dispatch)
    return Visit(dispatch.get_absolute_url(), world.people.alice)


def _duplicated(world: World) -> Dispatch:
    """The answer came after two people had found nothing and the second sending had left."""
    dispatch, message, answer = answered_late(world.people)
    resolving.confirm(
        resolving.say_not_there(message, note=WHERE, by=world.people.alice), by=world.people.mia
    )
    send(dispatch)
    answer()
    return dispatch


@SCENES
def unknown_duplicates(world: World) -> Visit:
    _duplicated(world)
    return Visit("/unknown/", world.people.alice)


@SCENES
def dispatch_duplicates(world: World) -> Visit:
    return Visit(_duplicated(world).get_absolute_url(), world.people.alice)


@SCENES
def home_duplicates(world: World) -> Visit:
    _duplicated(world)
    return Visit("/", world.people.alice)


@SCENES
def ticket_duplicate(world: World) -> Visit:
    dispatch = _duplicated(world)
    return Visit(dispatch.tickets.filter(location=None).first().get_absolute_url(), world.people.alice)
