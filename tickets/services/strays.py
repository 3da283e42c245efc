"""Tickets at Granite that came from us and belong nowhere: somebody may drive to them, so a person has to look."""

import re

from django.db import transaction
from django.utils import timezone

from portal import audit
from portal.models import Message, User
from portal.problems import Problem
from portal.vendors.granite.wire import TicketOnWire
from tickets import mirror
from tickets.models import PossibleDuplicate, Ticket

OUR_REFERENCE = re.compile(r"\bDSP-\d{6,}-\d+(?:-\d+)?\b")
NOTE_NEEDED = "Say what was done about it, for example: cancelled by phone, by whom at Granite."


def raise_stray(ticket: Ticket, message: Message, why: str) -> None:
    """Put a ticket on the work list, once."""
    PossibleDuplicate.objects.get_or_create(
        ticket=ticket,
        defaults={"message": message, "why": mirror.fit(PossibleDuplicate, "why", why)},
    )


def whose(told: TicketOnWire, *, but: Message) -> Message:
    """The message whose reference a ticket carries; `but` if it carries none that we ever gave."""
    found = OUR_REFERENCE.findall(told.customer_ticket_number)
    if but.reference in found:
        return but
    return Message.objects.filter(reference__in=found[:20]).order_by("pk").first() or but


def heed_reference(ticket: Ticket, told: TicketOnWire) -> None:
    """A ticket we follow that now carries the reference of another of our requests is one too many there."""
    owner = whose(told, but=ticket.message)
    if owner != ticket.message:
        why = f"It carries our reference {owner.reference}, but it is known as a ticket of {ticket.message.reference}."
        raise_stray(ticket, owner, why)


def adopt(ticket: Ticket) -> None:
    """It found its location: nothing is odd about it any more."""
    PossibleDuplicate.objects.filter(ticket=ticket, closed_at=None).update(
        closed_at=timezone.now(), note="It proved to be the ticket of a location that was in doubt."
    )


@transaction.atomic
def close(duplicate: PossibleDuplicate, *, note: str, by: User) -> None:
    if not note.strip():
        raise Problem(NOTE_NEEDED)
    still_open = PossibleDuplicate.objects.filter(pk=duplicate.pk, closed_at=None)
    if not still_open.update(closed_at=timezone.now(), closed_by=by, note=note.strip()):
        raise Problem("Somebody settled this already.")
    audit.record(
        by, "duplicate.settled", duplicate.ticket, note=note.strip(), reference=duplicate.message.reference
    )
