"""Faults that only make sense for Granite's answers: right status, wrong content.

Those about content change the answer alone, except a failed attachment and a wrong address: there the tickets themselves
are so, as a later look at their details shows.
"""

from collections.abc import Callable
from typing import Any

from portal.vendors.sandbox.faults import Kind
from portal.vendors.sandbox.granite import order as rules
from portal.vendors.sandbox.granite.accounts import ACCOUNTS
from portal.vendors.sandbox.granite.errors import Problem, invalid
from portal.vendors.sandbox.granite.tickets import Ticket, TicketBook
from portal.vendors.sandbox.message import Answer, Request

# What every answer must have, even one full of nulls: without these nobody could tell which ticket is which.
NEVER_NULL = {
    "id",
    "location_name",
    "location_number",
    "local_contact_name",
    "local_contact_number",
    "status_name",
    "service_type",
    "summary",
    "date_entered",
    "last_updated",
}
Args = dict[str, Any]


def kinds(book: TicketBook, shape: Callable[[], str]) -> list[Kind]:
    """Granite's own faults, for a book of tickets and the error shape in force."""

    def field_refused(request: Request, args: Args) -> Answer:
        name = args.get("field", "local_contact_number")
        is_of_location = name in (*rules.REQUIRED_LOCATION_KEYS, *rules.OPTIONAL_LOCATION_KEYS)
        loc = ("locations", int(args.get("index", 0)), name) if is_of_location else (name,)
        return invalid([Problem(loc, args.get("message", "This value is not accepted."))], shape())

    def failed_attachment(answer: Answer, args: Args) -> Answer:
        for ticket in _created(book, answer):
            if ticket.files:
                position = min(int(args.get("index", 0)), len(ticket.files) - 1)
                ticket.files[position]["status"] = "failure"
        return _told_again(book, answer)

    def wrong_address(answer: Answer, args: Args) -> Answer:
        for ticket in _created(book, answer)[:1]:
            other = next(account for account in ACCOUNTS if account.city != ticket.shown["city"])
            address = {"address_1": other.address_line_1, "city": other.city}
            ticket.shown.update({**address, "state_identifier": other.state, "zip": other.zip})
        return _told_again(book, answer)

    def more(answer: Answer, args: Args) -> Answer:
        if isinstance(answer.data, list) and answer.data:
            foreign = {"location_name": "Somebody else's shop", "location_number": "9999"}
            answer.data.append(
                {**answer.data[0], **foreign, "id": book.new_id(), "customer_ticket_number": "X-1"}
            )
        return answer

    def other_ids(answer: Answer, args: Args) -> Answer:
        older = [ticket.id for ticket in book.all() if ticket.id not in answer.ticket_ids]
        for position, row in enumerate(_rows(answer)):
            row["id"] = older[position] if position < len(older) else book.new_id()
        return answer

    none = "Nothing is created."
    return [
        Kind(
            "400_field",
            f"One field is refused and named. {none}",
            instead=field_refused,
            args=("field", "index", "message"),
        ),
        Kind(
            "failed_attachment",
            "All tickets are created, one file fails on each.",
            after=failed_attachment,
            args=("index",),
        ),
        Kind("fewer", "All tickets are created, the answer leaves the last one out.", after=fewer),
        Kind("more", "All tickets are created, the answer holds a stranger's too.", after=more),
        Kind("reordered", "All tickets are created, the answer turns their order round.", after=reordered),
        Kind("wrong_address", "All tickets are created, the first at another address.", after=wrong_address),
        Kind("string_ids", "All tickets are created, their ids come as text.", after=string_ids),
        Kind(
            "other_ids",
            "All tickets are created, the answer names older ones, or none that exist.",
            after=other_ids,
        ),
        Kind(
            "repeated_ids",
            "All tickets are created, the answer gives all of them one id.",
            after=repeated_ids,
        ),
        Kind("no_ids", "All tickets are created, the answer does not name them.", after=no_ids),
        Kind(
            "unknown_fields",
            "All tickets are created, with a field and a status never seen.",
            after=unknown_fields,
        ),
        Kind("nulls", "All tickets are created, every optional field is null.", after=nulls),
    ]


def _created(book: TicketBook, answer: Answer) -> list[Ticket]:
    found = [book.get(ticket_id) for ticket_id in answer.ticket_ids]
    return [ticket for ticket in found if ticket]


def _told_again(book: TicketBook, answer: Answer) -> Answer:
    """The answer of a create, after its tickets were changed."""
    if answer.ticket_ids:
        answer.data = [ticket.as_created() for ticket in _created(book, answer)]
    return answer


def _rows(answer: Answer) -> list[dict[str, Any]]:
    rows = answer.data if isinstance(answer.data, list) else [answer.data]
    return [row for row in rows if isinstance(row, dict)]


def fewer(answer: Answer, args: Args) -> Answer:
    if isinstance(answer.data, list):
        answer.data = answer.data[:-1]
    return answer


def reordered(answer: Answer, args: Args) -> Answer:
    if isinstance(answer.data, list):
        answer.data = answer.data[::-1]
    return answer


def string_ids(answer: Answer, args: Args) -> Answer:
    for row in _rows(answer):
        if "id" in row:
            row["id"] = str(row["id"])
    return answer


def repeated_ids(answer: Answer, args: Args) -> Answer:
    rows = _rows(answer)
    for row in rows[1:]:
        row["id"] = rows[0]["id"]
    return answer


def no_ids(answer: Answer, args: Args) -> Answer:
    for row in _rows(answer):
        row["id"] = None
    return answer


def unknown_fields(answer: Answer, args: Args) -> Answer:
    for row in _rows(answer):
        row["dispatch_zone"] = "Zone 7"
        if "status_name" in row:
            row["status_name"] = "Awaiting Parts Depot"
    return answer


def nulls(answer: Answer, args: Args) -> Answer:
    for row in _rows(answer):
        row.update({name: None for name in row if name not in NEVER_NULL})
    return answer
