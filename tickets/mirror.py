"""Granite's tickets, copied in: the only writer of Ticket and TicketChange.

What Granite says is kept whole in `raw`; the columns hold what pages show and people search for, cut where a column
ends. Nothing a vendor can say raises here.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from portal.models import Message
from portal.outbox.clock import database_now
from portal.vendors.granite.wire import AttachmentOnWire, TicketOnWire
from tickets import urgency
from tickets.models import Location, Ticket, TicketChange

TEXTS = (
    "status_name",
    "service_type",
    "summary",
    "priority",
    "category",
    "location_name",
    "location_number",
    "address_1",
    "city",
    "state_identifier",
    "zip",
    "customer_ticket_number",
    "po_number",
    "technician_name",
    "technician_phone_number",
)
OTHERS = ("technician_id", "date_entered", "date_resolved", "last_updated")
# Empty is news for these: a technician can be taken off again, a ticket opened again. Elsewhere an empty or absent
# value says nothing (the details page was never seen whole), and what we know stays.
MAY_BECOME_EMPTY = {"technician_id", "technician_name", "technician_phone_number", "date_resolved"}
KEPT_AS_HISTORY = (
    "status_name",
    "technician_name",
    "technician_phone_number",
    "date_resolved",
    "priority",
    "category",
    "service_type",
    "address_1",
    "city",
    "state_identifier",
    "zip",
)
ANSWER, POLL = "answer", "poll"
CLAIM = timedelta(minutes=3)  # longer than any reading can take


def save_created(
    message: Message, location: Location | None, told: TicketOnWire, *, source: str = ANSWER
) -> Ticket:
    """Copy a ticket in from the answer that created it; `location` is None where it matched none of ours.

    A second copy of the same ticket of the same message changes nothing but the columns. One that belonged nowhere
    until now, wherever it was seen, becomes this message's.
    """
    if told.id is None:
        raise ValueError("A ticket without an id cannot be kept.")
    dispatch = _dispatch_of(message)
    known = Ticket.objects.filter(account_id=message.account_id, ticket_id=told.id)
    ticket = known.filter(Q(message=message) | Q(location=None)).first()
    if ticket is None:
        ticket = Ticket(account_id=message.account_id, ticket_id=told.id)
    if location is not None or ticket.pk is None:
        ticket.message, ticket.dispatch, ticket.location = message, dispatch, location
        ticket.team_id = dispatch.team_id
    return _write(ticket, told, now=database_now(), source=source)


def save_read(ticket_pk: int, told: TicketOnWire, *, asked_at: datetime) -> Ticket:
    """Copy in what a reading begun at `asked_at` said, unless something newer is here already."""
    with transaction.atomic():
        ticket = _lock(ticket_pk)
        now = database_now()
        if _is_older(told, ticket) or ticket.read_at > asked_at:
            ticket.tried_at = now
            ticket.next_read_at = urgency.next_reading(ticket, ticket.location, now)
            ticket.save(update_fields=["tried_at", "next_read_at"])
            return ticket
        return _write(ticket, told, now=now, source=POLL)


def save_problem(ticket_pk: int, problem: str) -> None:
    """Remember why a reading brought nothing, and wait a little longer than the last time."""
    with transaction.atomic():
        ticket = _lock(ticket_pk)
        now = database_now()
        ticket.read_problem = fit(Ticket, "read_problem", problem)
        ticket.tried_at = now
        ticket.next_read_at = urgency.after_problem(ticket, now)
        ticket.save(update_fields=["read_problem", "tried_at", "next_read_at"])


def claim_reading(due: QuerySet[Ticket]) -> tuple[Ticket, datetime] | None:
    """Take the first of `due` by moving its time on, with the database's time of doing so.

    A worker that dies leaves it due again; the row is locked no longer than this takes.
    """
    with transaction.atomic(durable=True):
        ticket = due.select_for_update(skip_locked=True, of=("self",)).first()
        if ticket is None:
            return None
        Ticket.objects.filter(pk=ticket.pk).update(next_read_at=Now() + CLAIM)
        return ticket, database_now()


def give_back(ticket: Ticket) -> None:
    """Undo a claim nothing came of; `ticket` is as it was before."""
    Ticket.objects.filter(pk=ticket.pk).update(next_read_at=ticket.next_read_at)


def want_reading(ticket: Ticket) -> None:
    """A person wants to know now: due at once, before all others."""
    Ticket.objects.filter(pk=ticket.pk).update(next_read_at=Now(), wanted_at=Now())


def fit(model: type[models.Model], name: str, text: str) -> str:
    """The text as far as its column goes."""
    limit: int | None = getattr(model._meta.get_field(name), "max_length", None)
    return text[:limit]


def _lock(ticket_pk: int) -> Ticket:
    return Ticket.objects.select_for_update(of=("self",)).select_related("location").get(pk=ticket_pk)


def _dispatch_of(message: Message) -> Any:
    location = message.locations.select_related("dispatch").first()
    if location is None:  # all of them are in a second message by now
        location = message.handed_on.select_related("location__dispatch").get(index=0).location
    return location.dispatch


def _is_older(told: TicketOnWire, ticket: Ticket) -> bool:
    return bool(told.last_updated and ticket.last_updated and told.last_updated < ticket.last_updated)


def _write(ticket: Ticket, told: TicketOnWire, *, now: datetime, source: str) -> Ticket:
    before = {name: getattr(ticket, name) for name in KEPT_AS_HISTORY}
    _copy_columns(ticket, told)
    ticket.raw = told.raw
    ticket.attachments = _merged(ticket.attachments, told.attachments)
    ticket.search = _search_text(ticket)
    ticket.read_at = ticket.tried_at = now
    ticket.read_by = source
    ticket.read_problem = ""
    ticket.next_read_at = urgency.next_reading(ticket, ticket.location, now)
    with transaction.atomic():
        ticket.save()
        _write_changes(ticket, before, now, source)
    return ticket


def _copy_columns(ticket: Ticket, told: TicketOnWire) -> None:
    for name in (*TEXTS, *OTHERS):
        value = getattr(told, name)
        is_news = value not in (None, "") or (name in MAY_BECOME_EMPTY and name in told.raw)
        if is_news:
            setattr(ticket, name, fit(Ticket, name, value) if name in TEXTS else value)


def _write_changes(ticket: Ticket, before: dict[str, Any], now: datetime, source: str) -> None:
    is_new = not ticket.changes.exists()
    TicketChange.objects.bulk_create(
        TicketChange(
            ticket=ticket,
            field=name,
            before=fit(TicketChange, "before", _as_text(old)),
            after=fit(TicketChange, "after", _as_text(getattr(ticket, name))),
            seen_at=now,
            source=source,
        )
        for name, old in before.items()
        # Of a new ticket only its first status is history; the rest is simply what it is.
        if (not is_new and old != getattr(ticket, name)) or (is_new and name == "status_name")
    )


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _merged(known: list[dict[str, Any]], told: list[AttachmentOnWire]) -> list[dict[str, Any]]:
    """Creation tells each file's status, reading only an id: neither wipes out the other. Files by their name."""
    merged = {str(item.get("filename", "")): dict(item) for item in known}
    for file in told:
        item = merged.setdefault(file.filename, {"filename": file.filename, "status": None, "id": None})
        item["status"] = file.status if file.status is not None else item.get("status")
        item["id"] = file.id if file.id is not None else item.get("id")
    return list(merged.values())


def _search_text(ticket: Ticket) -> str:
    """Everything one may look for, upper-cased, each thing once."""
    location = ticket.location
    site = location.site if location else None
    own = location.own if location else {}
    parts = [
        str(ticket.ticket_id),
        ticket.message.reference,
        ticket.customer_ticket_number,
        ticket.po_number or own.get("po_number") or ticket.dispatch.po_number,
        own.get("customer_ticket_number") or ticket.dispatch.customer_ticket_number,
        ticket.location_name,
        ticket.location_number,
        ticket.address_1,
        ticket.city,
        ticket.state_identifier,
        ticket.zip,
        ticket.technician_name,
        ticket.technician_phone_number,
    ]
    if location:
        parts += [
            location.location_name,
            location.location_number,
            location.local_contact_number,
            location.account_macnum,
        ]
    if site:
        parts += [site.name, site.number, site.address_line_1, site.city]
    return " ".join(dict.fromkeys(part.strip().upper() for part in parts if part and part.strip()))
