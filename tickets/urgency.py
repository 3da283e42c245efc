"""How soon a ticket is worth asking about again: outbound.md's table, as a function of the visit's window."""

from datetime import datetime, timedelta

from sites import zones
from tickets.models import Location, Ticket

SOON = timedelta(hours=2)
URGENT, TODAY, OTHERWISE = timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60)
# Granite documents no other end than `date_resolved`. A ticket nobody ever resolves must not be asked about every
# five minutes for the rest of its life, so a day after its window it counts as any other.
OVERDUE_IS_URGENT_FOR = timedelta(hours=24)
ONE_LAST_LOOK = timedelta(hours=24)
FIRST_RETRY = timedelta(minutes=2)
# A hint and no more: the words are Granite's to change.
ON_THE_WAY = ("en route", "on site", "onsite", "in progress")


def next_reading(ticket: Ticket, location: Location | None, now: datetime) -> datetime | None:
    """When to read the ticket again; None when it is over and was looked at once more."""
    if ticket.date_resolved is not None:
        last_look = min(ticket.date_resolved, now) + ONE_LAST_LOOK
        return last_look if last_look > now else None
    return now + _interval(ticket, location, now)


def after_problem(ticket: Ticket, now: datetime) -> datetime:
    """The wait grows with the silence: as long as nothing was heard already, between two minutes and an hour."""
    return now + max(FIRST_RETRY, min(OTHERWISE, now - ticket.read_at))


def _interval(ticket: Ticket, location: Location | None, now: datetime) -> timedelta:
    if any(word in ticket.status_name.casefold() for word in ON_THE_WAY):
        return URGENT
    if location is None:
        return OTHERWISE
    if location.starts_at - SOON <= now <= location.ends_at + OVERDUE_IS_URGENT_FOR:
        return URGENT
    is_today = location.local_start.date() == now.astimezone(zones.zone(location.time_zone)).date()
    return TODAY if is_today else OTHERWISE
