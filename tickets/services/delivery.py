"""What the outbox asks of whoever sends a dispatch to Granite: where, what, and what the answer meant."""

from collections.abc import Callable, Sequence
from functools import partial

from django.conf import settings
from django.db import IntegrityError, transaction

from portal import files
from portal.accounts import granite_client, token_source
from portal.models import Attempt, Message, StoredFile, VendorAccount
from portal.models.accounts import CREATE_PATH
from portal.models.messages import SETTLED, State
from portal.outbox.handlers import Settlement
from portal.vendors.errors import Exchange
from portal.vendors.granite.client import Created, other_create_path
from portal.vendors.granite.wire import TicketOnWire
from portal.vendors.http import FilePart, MultipartRequest
from tickets import mirror
from tickets.matching import Matching, match
from tickets.models import Location, Ticket
from tickets.services import finding, renewing, strays


class CreateTickets:
    """Granite's create ticket, as the outbox handles it."""

    def path(self, message: Message) -> str:
        """The spelling that answered last; after a 404 or 405 the other one, once (the outbox then holds)."""
        account = message.account
        usual = account.answering_path or account.create_path or CREATE_PATH
        last = message.attempts.exclude(finished_at=None).order_by("-number").first()
        if last and last.outcome == Attempt.Outcome.NOT_EXECUTED and last.reason == "path":
            return other_create_path(last.path) or usual
        return usual

    def prepare(self, message: Message, path: str) -> Callable[[Attempt], Created]:
        """One request, frozen when it was promised, with its files found and its token in hand."""
        client = granite_client(message.account, token=token_source(message.account).get())
        request = as_request(message)

        def send(attempt: Attempt) -> Created:
            return client.create_tickets(
                path,
                request,
                expected=message.weight,
                correlation_id=str(attempt.correlation_id),
                deadline=settings.SEND_DEADLINE_SECONDS,
            )

        return send

    def read(self, message: Message, exchange: Exchange) -> Created:
        return granite_client(message.account).read_created(exchange, expected=message.weight)

    def record(self, message: Message, attempt: Attempt, answer: Created) -> Settlement:
        """Copy the tickets in and say whether every location has its own."""
        _remember_path(message.account, attempt.path)
        if message.state in SETTLED:  # people were faster than the answer
            renewing.take_back(message)
        locations = list(message.locations.select_related("dispatch", "site").order_by("index"))
        known_elsewhere, tickets = _without_known(message, answer.tickets)
        found = match(locations, tickets, message.reference)
        known_elsewhere += _save(message, found)
        if message.state in SETTLED:
            named = ", ".join(str(ticket.id) for ticket in answer.tickets if ticket.id is not None)
            return Settlement(State.DONE, f"It names {named}.")
        if found.is_complete and not known_elsewhere and len(answer.tickets) == len(locations):
            return Settlement(State.DONE, " ".join(found.notes))
        sentence = _does_not_add_up(found, len(answer.tickets), len(locations), known_elsewhere)
        # Every location has its ticket: nothing is in doubt, and what came beside them is raised on its own.
        return Settlement(State.UNKNOWN if self.parts_in_doubt(message) else State.DONE, sentence)

    def parts_in_doubt(self, message: Message) -> list[int]:
        without = Location.objects.filter(message=message, ticket=None)
        return list(without.order_by("index").values_list("index", flat=True))

    look = staticmethod(finding.look)
    keep_found = staticmethod(finding.keep_found)
    renew = staticmethod(renewing.renew)
    hand_on = staticmethod(renewing.hand_on)


CREATE_TICKETS = CreateTickets()


def as_request(message: Message) -> MultipartRequest:
    """The frozen payload as the bytes that leave. Files are opened, and checked again, when it is sent."""
    payload = message.payload
    stored = StoredFile.objects.in_bulk([file["id"] for file in payload["files"]])
    parts = [
        FilePart(
            filename=file["filename"],
            content_type=file["content_type"],
            size=file["size"],
            open=partial(files.open_checked, stored[file["id"]]),
        )
        for file in payload["files"]
    ]
    fields = [(name, value) for name, value in payload["fields"]]
    return MultipartRequest(fields=fields, files=parts, boundary=payload["boundary"])


def _remember_path(account: VendorAccount, path: str) -> None:
    if account.answering_path != path:
        VendorAccount.objects.filter(pk=account.pk).update(answering_path=path)


def _without_known(message: Message, tickets: Sequence[TicketOnWire]) -> tuple[list[str], list[TicketOnWire]]:
    """Tickets we hold already for another message cannot be this one's: sentences about them, and the others."""
    ids = [ticket.id for ticket in tickets if ticket.id is not None]
    held = dict(
        Ticket.objects.filter(account_id=message.account_id, ticket_id__in=ids)
        .exclude(message=message)
        .exclude(location=None)
        .values_list("ticket_id", "message__reference")
    )
    sentences = [f"Ticket {number} is held already, by {reference}." for number, reference in held.items()]
    return sentences, [ticket for ticket in tickets if ticket.id not in held]


def _save(message: Message, found: Matching) -> list[str]:
    """Write what was found, matched or not. Returns sentences on what could not be kept."""
    kept: list[tuple[Location | None, TicketOnWire]] = [
        *found.pairs,
        *((None, ticket) for ticket in found.tickets_left),
    ]
    sentences = []
    for location, ticket in kept:
        try:
            with transaction.atomic():
                saved = mirror.save_created(message, location, ticket)
                _raise_or_adopt(message, saved, ticket)
        except IntegrityError:
            # Another message settled with the very same id at this moment: as good as held already.
            sentences.append(f"Ticket {ticket.id} could not be kept: another message holds it.")
    return sentences


def _raise_or_adopt(message: Message, saved: Ticket, told: TicketOnWire) -> None:
    again = message.repeated_by.exclude(state=State.CANCELLED).values_list("reference", flat=True)
    if message.state == State.NOT_CREATED and again:
        words = f"was not found and sent again as {', '.join(again)}; now its answer came after all."
        strays.raise_stray(saved, message, f"{message.reference} {words}")
    elif saved.location is not None:
        strays.adopt(saved)
    else:
        owner = strays.whose(told, but=message)
        why = f"It came in the answer to {message.reference} and belongs to none of its locations."
        strays.raise_stray(saved, owner, why)


def _does_not_add_up(found: Matching, told: int, asked: int, more: list[str]) -> str:
    """A sentence or two for the work list on what does not add up."""
    words = [
        f"Granite answered with {told} {'ticket' if told == 1 else 'tickets'} "
        f"for {asked} {'location' if asked == 1 else 'locations'}."
    ]
    if found.locations_left:
        words.append(f"No ticket for {', '.join(str(location) for location in found.locations_left)}.")
    for ticket in found.tickets_left:
        name = ticket.location_name or "an unnamed location"
        number = ticket.customer_ticket_number or "no reference"
        words.append(f"Ticket {ticket.id} ({name}, {number}) matches none of ours.")
    return " ".join([*words, *more, *found.notes])
