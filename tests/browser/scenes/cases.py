"""Support cases, incidents and the integration page: empty, at work, in doubt, refused, in conflict."""

from datetime import timedelta

from django.utils import timezone

from portal.models import VendorAccount
from sites.models import Contact
from tests.browser.places import make_store
from tests.browser.scenes import Scenes, Visit, World
from tests.casework import gtt_account, make_case, send
from tests.dispatching import refill
from tickets.models import Case
from tickets.services import incidents
from tickets.services.cases import answering, following

SCENES = Scenes()


def _gtt(world: World) -> VendorAccount:
    account = VendorAccount.objects.filter(vendor="gtt").first() or gtt_account(world.box)
    return account


def _case(world: World, **said: str) -> Case:
    account = _gtt(world)
    site = make_store(world.account, Case.objects.count())
    Contact.objects.get_or_create(site=site, name="Denise Callahan", phone="617-555-0101", extension="7")
    made = make_case(world.people.alice, world.people.east, account, site=site, **said)
    send(account)
    made.refresh_from_db()
    return made


def _lively(world: World) -> Case:
    """With a history, comments in both directions and an incident with a technician."""
    case = _case(world)
    answering.comment(case, "Any news? The store cannot take cards.", by=world.people.alice)
    send(case.account)
    world.box.gtt.move(case.number, "In Progress")
    world.box.gtt.comment(
        case.number, "The line is clean up to the building. Please have somebody look at the router."
    )
    Case.objects.update(next_read_at=timezone.now())
    refill(case.account)
    following.follow_due()
    day = (timezone.now() + timedelta(days=2)).date().isoformat()
    window = {
        "service_type": "Smart Hands",
        "start_date": f"{day}T09:00",
        "end_date": f"{day}T12:00",
        "hard_start": "",
    }
    incidents.send_technician(case, window, by=world.people.alice)
    case.refresh_from_db()
    return case


@SCENES
def cases_empty(world: World) -> Visit:
    _gtt(world)
    return Visit("/cases/", world.people.alice)


@SCENES
def cases_some(world: World) -> Visit:
    _lively(world)
    _case(
        world,
        short_description="Packet loss above ten per cent on the backup line since the storm",
        priority="1 - Critical",
    )
    world.box.fail_next("lose_answer", on="gtt.create")
    _case(world, short_description="New static address wanted", case_type="Service Request")
    return Visit("/cases/", world.people.alice)


@SCENES
def case_new(world: World) -> Visit:
    _gtt(world)
    site = make_store(world.account, 0)
    return Visit(f"/cases/new/?site={site.pk}", world.people.alice)


@SCENES
def case_lively(world: World) -> Visit:
    return Visit(_lively(world).get_absolute_url(), world.people.alice)


@SCENES
def case_in_doubt(world: World) -> Visit:
    world.box.fail_next("lose_answer", on="gtt.create")
    case = _case(world)
    return Visit(f"/unknown/{case.message_id}/", world.people.alice)


@SCENES
def case_in_conflict(world: World) -> Visit:
    case = _case(world)
    world.box.gtt.edit(case.number, priority="1 - Critical")
    answering.change(case, {"priority": "4 - Low"}, {"priority": case.priority}, by=world.people.alice)
    send(case.account)
    return Visit(case.get_absolute_url(), world.people.alice)


@SCENES
def case_change(world: World) -> Visit:
    return Visit(f"{_case(world).get_absolute_url()}change/", world.people.alice)


@SCENES
def case_technician(world: World) -> Visit:
    return Visit(f"{_case(world).get_absolute_url()}technician/", world.people.alice)


@SCENES
def incident(world: World) -> Visit:
    case = _lively(world)
    return Visit(case.incidents.get().get_absolute_url(), world.people.alice)


@SCENES
def integration(world: World) -> Visit:
    _lively(world)
    world.box.fail_next("lose_answer", on="gtt.create")
    _case(world)
    return Visit("/integration/", world.people.root)
