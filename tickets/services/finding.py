"""Tickets that a person found at Granite: read there, and believed only if they carry our reference."""

from dataclasses import dataclass, field
from typing import Any

from portal.accounts import granite_client
from portal.models import Message
from portal.outbox.handlers import Kept
from portal.vendors.granite.wire import TICKET_DETAILS, TicketOnWire
from tickets import mirror
from tickets.matching import carries, place_key
from tickets.models import Location, Ticket
from tickets.services import strays


def look(message: Message, vendor_id: str) -> dict[str, Any]:
    """The ticket's details. Raises NotFound and the other errors of reads."""
    return granite_client(message.account).ticket(int(vendor_id)).ticket.raw


@dataclass
class Claim:
    """An id a person named for the location at `place`, and what Granite says it is."""

    vendor_id: str
    place: int
    told: TicketOnWire | None
    location: Location | None = None
    sentence: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def is_candidate(self) -> bool:
        return not self.sentence


def keep_found(message: Message, told: dict[str, dict[str, Any] | None], places: dict[str, int]) -> Kept:
    """Copy in what proves to be of this message; of everything else a sentence says what it is."""
    claims = [Claim(vendor_id, places[vendor_id], _read(vendor_id, raw)) for vendor_id, raw in told.items()]
    for claim in claims:
        claim.sentence = _objection(message, claim)
    _assign(message, [claim for claim in claims if claim.is_candidate])
    ours = 0
    for claim in claims:
        if claim.is_candidate and claim.told is not None:
            ours += _keep(message, claim, claim.told)
    return Kept({claim.vendor_id: claim.sentence for claim in claims}, ours)


def _read(vendor_id: str, raw: dict[str, Any] | None) -> TicketOnWire | None:
    if raw is None:
        return None
    ticket = TicketOnWire.from_wire(raw, operation=TICKET_DETAILS)
    ticket.id = int(vendor_id)
    return ticket


def _objection(message: Message, claim: Claim) -> str:
    """Why this ticket cannot be one of ours; "" if it may be."""
    told = claim.told
    if told is None:
        return f"Granite has no ticket {claim.vendor_id}."
    if not carries(told, message.reference):
        number = told.customer_ticket_number.strip()
        carried = f"carries “{number}”" if number else "carries no reference at all"
        place = told.location_name or "an unnamed location"
        return f"Ticket {claim.vendor_id} ({place}) {carried}, not {message.reference}: it is not of this request."
    known = Ticket.objects.filter(account_id=message.account_id, ticket_id=int(claim.vendor_id))
    known = known.exclude(location=None)
    if held := known.select_related("message", "location").first():
        return f"Ticket {claim.vendor_id} is held already, by {held.message.reference} for {held.location}."
    return ""


def _assign(message: Message, claims: list[Claim]) -> None:
    """By Granite's own name of the place first, then by what the person said."""
    free = {location.index: location for location in message.locations.filter(ticket=None)}
    by_name = {place_key(one.location_name, one.location_number): one for one in free.values()}
    for claim in claims:
        if claim.told is None:
            continue
        named = by_name.pop(place_key(claim.told.location_name, claim.told.location_number), None)
        if named is not None:
            claim.location = free.pop(named.index)
            if named.index != claim.place:
                claim.notes.append("It was entered at another location; Granite's own name decided.")
    for claim in claims:
        if claim.location is None and claim.place in free and claim.told is not None:
            claim.location = free.pop(claim.place)
            claim.notes.append(
                f"Granite calls the place “{claim.told.location_name or 'nothing'}”; please compare."
            )


def _keep(message: Message, claim: Claim, told: TicketOnWire) -> int:
    """Write one ticket down. Returns 1 if a location has its ticket now."""
    ticket = mirror.save_created(message, claim.location, told, source=mirror.POLL)
    if claim.location is None:
        claim.sentence = (
            f"Ticket {claim.vendor_id} carries {message.reference}, but belongs to none of its locations: "
            "a possible duplicate."
        )
        strays.raise_stray(
            ticket, message, f"It carries {message.reference} and belongs to none of its locations."
        )
        return 0
    strays.adopt(ticket)
    claim.sentence = " ".join([f"Ticket {claim.vendor_id} is the one for {claim.location}.", *claim.notes])
    return 1
