"""The review of large plans and of visits that repeat others, and the page of a large dispatch."""

from tests.browser.scenes import Scenes, Visit, World
from tests.dispatching import make_dispatch, make_draft, mean_repeats, typed_row
from tests.tickets.scene import send
from tickets.models import Draft

SCENES = Scenes()


def _many(count: int) -> list[dict[str, str]]:
    return [
        typed_row(index % 50, location_name=f"Store {index:04d}", location_number=f"{index:04d}")
        for index in range(count)
    ]


def _sheet(world: World, rows: list[dict[str, str]]) -> Draft:
    draft = make_draft(world.people.alice, world.people.east, rows)
    draft.is_sheet = True
    draft.save()
    return draft


def _repeating(world: World) -> Draft:
    """Two visits to places with tickets, one to a place where somebody goes without one yet, one stands twice."""
    send(make_dispatch(world.people.alice, world.people.east, 2))
    make_dispatch(world.people.alice, world.people.east, [typed_row(2)])
    return _sheet(world, [*(typed_row(index) for index in range(4)), typed_row(3)])


def _undecided(world: World) -> Visit:
    return Visit(f"/drafts/{_repeating(world).pk}/review/#repeats", world.people.alice)


def _decided(world: World) -> Visit:
    draft = _repeating(world)
    mean_repeats(draft, world.people.alice)
    return Visit(f"/drafts/{draft.pk}/review/#repeats", world.people.alice)


def _large(world: World) -> Visit:
    """Three kinds of work, and a place whose zone and ZIP code say different times."""
    rows = _many(137)
    for row in rows[:30]:
        row["service_type"] = "Site Audit"
    for row in rows[30:40]:
        row["po_number"] = "PO-2027-0311"
    rows[50] |= {"zip": "90210", "state": "CA", "time_zone": "America/New_York"}
    return Visit(f"/drafts/{_sheet(world, rows).pk}/review/", world.people.alice)


def _one_message(world: World) -> Visit:
    draft = _sheet(world, _many(137))
    return Visit(f"/drafts/{draft.pk}/review/3/", world.people.alice)


def _large_dispatch(world: World) -> Visit:
    dispatch = make_dispatch(world.people.alice, world.people.east, _many(130))
    world.box.fail_next("400_field")
    send(dispatch)
    return Visit(dispatch.get_absolute_url(), world.people.alice)


def _meant(world: World) -> Visit:
    make_dispatch(world.people.alice, world.people.east, [typed_row(0)])
    return Visit(
        make_dispatch(world.people.alice, world.people.east, [typed_row(0)]).get_absolute_url(),
        world.people.alice,
    )


SCENES["review-repeats"] = _undecided
SCENES["review-repeats-decided"] = _decided
SCENES["review-large"] = _large
SCENES["review-one-message"] = _one_message
SCENES["dispatch-large"] = _large_dispatch
SCENES["dispatch-meant"] = _meant
