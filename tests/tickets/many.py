"""Many tickets at once, written straight into the tables: for lists, whose pages do not care how they came."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from portal.models import Message, Team, User
from tests.dispatching import make_dispatch
from tests.portal.outbox_parts import make_message
from tickets.models import Dispatch, Draft, Location, Ticket

STATUSES = ("Pending Tech Assignment", "Tech Assigned", "On Site", "Completed")


def make_tickets(by: User, team: Team, count: int, *, first_id: int = 500_000) -> Sequence[Ticket]:
    """One dispatch each, from a pattern made by the service."""
    pattern = make_dispatch(by, team, 1)
    place = pattern.locations.select_related("message").get()
    now = timezone.now()
    made = []
    for number in range(count):
        dispatch = copy_dispatch(pattern, by, team)
        message = make_message(pattern.account, by, reference=f"{dispatch.reference}-1")
        location = Location.objects.create(
            **{
                field.attname: getattr(place, field.attname)
                for field in place._meta.fields
                if field.name != "id"
            }
            | {"dispatch_id": dispatch.pk, "message_id": message.pk, "location_name": f"Store {number:05d}"}
        )
        made.append(_ticket(dispatch, message, location, first_id + number, STATUSES[number % len(STATUSES)]))
    Ticket.objects.bulk_create(made)
    Ticket.objects.filter(status_name="Completed").update(date_resolved=now)
    Ticket.objects.update(read_at=now - timedelta(minutes=6))
    return list(Ticket.objects.filter(team=team).order_by("-pk"))


def copy_dispatch(pattern: Dispatch, by: User, team: Team) -> Dispatch:
    draft = Draft.objects.create(team=team, account=pattern.account, created_by=by, saved_by=by)
    fields = {field.attname: getattr(pattern, field.attname) for field in pattern._meta.fields}
    return Dispatch.objects.create(**fields | {"draft_id": draft.pk, "team_id": team.pk})


def _ticket(dispatch: Dispatch, message: Message, location: Location, ticket_id: int, status: str) -> Ticket:
    return Ticket(
        account=dispatch.account,
        ticket_id=ticket_id,
        dispatch=dispatch,
        location=location,
        message=message,
        team=dispatch.team,
        status_name=status,
        location_name=location.location_name,
        city="Boston",
        read_at=timezone.now(),
        search=f"{ticket_id} {message.reference} {location.location_name.upper()} 6175550101",
    )
