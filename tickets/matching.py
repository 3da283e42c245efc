"""Which ticket of an answer is which of our locations: a pure function, because technicians drive by its result."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from portal.vendors.granite.wire import TicketOnWire
from tickets.models import Location


@dataclass
class Matching:
    """`pairs` are certain; what is left over on either side needs a person. `notes` are sentences for people."""

    pairs: list[tuple[Location, TicketOnWire]] = field(default_factory=list)
    locations_left: list[Location] = field(default_factory=list)
    tickets_left: list[TicketOnWire] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        return bool(self.pairs) and not self.locations_left and not self.tickets_left


def match(locations: Sequence[Location], tickets: Sequence[TicketOnWire], reference: str) -> Matching:
    """Pair by name and number, then, where Granite left the names out, by order.

    A ticket whose customer numbers are given and lack our reference was not made by this message, whatever its name
    says; one without any number may be ours.
    """
    found = Matching(locations_left=list(locations))
    ours: list[TicketOnWire] = []
    for ticket in _first_of_each_id(tickets, found):
        (found.tickets_left if _names_another(ticket, reference) else ours).append(ticket)
    unnamed = _pair_by_name(found, ours)
    if (
        unnamed
        and len(unnamed) == len(found.locations_left)
        and all(_may_be(ticket, reference) for ticket in unnamed)
    ):
        # Order says enough only where every ticket has a location to go to and none speaks against it.
        found.pairs += zip(found.locations_left, unnamed, strict=True)
        found.notes.append(
            f"{_tickets(len(unnamed))} matched by order alone, as Granite did not repeat the names sent."
        )
        found.locations_left, unnamed = [], []
    found.tickets_left += unnamed
    found.pairs.sort(key=lambda pair: pair[0].index)
    _note_missing_reference(found, reference)
    return found


def _pair_by_name(found: Matching, tickets: list[TicketOnWire]) -> list[TicketOnWire]:
    """Pairs what is certain; what is certainly a stranger goes to `tickets_left`, what might be ours is returned."""
    by_key = {
        place_key(location.location_name, location.location_number): location
        for location in found.locations_left
    }
    unnamed = []
    for ticket in tickets:
        location = by_key.pop(place_key(ticket.location_name, ticket.location_number), None)
        if location is not None:
            found.pairs.append((location, ticket))
            found.locations_left.remove(location)
        else:
            unnamed.append(ticket)
    return unnamed


def _first_of_each_id(tickets: Sequence[TicketOnWire], found: Matching) -> list[TicketOnWire]:
    first: dict[int, TicketOnWire] = {}
    for ticket in tickets:
        if ticket.id is None:
            found.notes.append(
                f"A ticket for {ticket.location_name or 'an unnamed location'} came without an id."
            )
        elif ticket.id in first:
            found.notes.append(f"Ticket {ticket.id} came twice.")
        else:
            first[ticket.id] = ticket
    return list(first.values())


def _names_another(ticket: TicketOnWire, reference: str) -> bool:
    return bool(ticket.customer_ticket_number.strip()) and not carries(ticket, reference)


def _may_be(ticket: TicketOnWire, reference: str) -> bool:
    return carries(ticket, reference) or not ticket.location_name.strip()


def carries(ticket: TicketOnWire, reference: str) -> bool:
    return reference in {number.strip() for number in ticket.customer_ticket_number.split(",")}


def _note_missing_reference(found: Matching, reference: str) -> None:
    silent = [ticket for _, ticket in found.pairs if not carries(ticket, reference)]
    if silent:
        found.notes.append(f"Granite did not repeat our reference {reference} on {_tickets(len(silent))}.")


def place_key(name: str, number: str) -> tuple[str, str]:
    """What is the same place although blanks and capitals differ."""
    return " ".join(name.split()).casefold(), "".join(number.split()).casefold()


def _tickets(count: int) -> str:
    return "1 ticket" if count == 1 else f"{count} tickets"
