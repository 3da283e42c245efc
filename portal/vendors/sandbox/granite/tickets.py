"""Granite's tickets: made from an order, moved on by time or by hand, shown as the two pages show them."""

import copy
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from portal.vendors.sandbox.clock import Clock, utc_text
from portal.vendors.sandbox.granite.accounts import BY_MACNUM, COMPANY_ID, COMPANY_IDENTIFIER, COMPANY_NAME
from portal.vendors.sandbox.granite.order import OPTIONAL_LOCATION_KEYS, OPTIONAL_PARTS, Order

# Minutes after creation, and what the ticket says from then on.
STEPS = (
    (0, "Pending Tech Assignment"),
    (45, "Tech Assigned"),
    (90, "En Route"),
    (150, "On Site"),
    (240, "Completed"),
)
STATUSES = tuple(name for _, name in STEPS)
CANCELLED = "Cancelled"  # only ever set by hand
TECHNICIANS = (
    (8101, "Marcus Webb", "8005550141"),
    (8114, "Elena Vasquez", "8005550142"),
    (8120, "Darnell Hughes", "8005550143"),
    (8133, "Sofia Lindgren", "8005550144"),
    (8147, "Pete Yamamoto", "8005550145"),
)
NOT_ECHOED = ("contact_name", "initial_description", "granted_tenant_macnum")


@dataclass
class Ticket:
    """`shown` is what both pages answer, `sent` what the order said and Granite does not echo."""

    id: int
    shown: dict[str, Any]
    sent: dict[str, Any]
    account_id: int
    created: float
    step: int = 0
    is_by_hand: bool = False
    files: list[dict[str, Any]] = field(default_factory=list)  # filename, status, id

    def as_created(self) -> dict[str, Any]:
        """The answer of create: each attachment with its status."""
        files = [{"filename": file["filename"], "status": file["status"]} for file in self.files]
        return copy.deepcopy({"id": self.id, **self.shown, "attachments": files})

    def as_details(self) -> dict[str, Any]:
        """The answer of ticket details: attachments that were kept, with their ids, and two fields more."""
        kept = [file for file in self.files if file["status"] == "success"]
        files = [{"filename": file["filename"], "id": file["id"]} for file in kept]
        more = {"account_id": self.account_id, "board_name": "TechExpress", "attachments": files}
        return copy.deepcopy({"id": self.id, **self.shown, **more})

    def as_truth(self) -> dict[str, Any]:
        """Everything, for tests and the trainer."""
        own = {"account_id": self.account_id, "is_by_hand": self.is_by_hand, "attachments": self.files}
        return copy.deepcopy({"id": self.id, **self.sent, **self.shown, **own})


class TicketBook:
    """All tickets. The caller holds the sandbox's lock."""

    def __init__(self, clock: Clock, speed: float) -> None:
        if speed <= 0:
            raise ValueError("The speed must be above zero.")
        self.clock, self.speed = clock, speed
        self._tickets: dict[int, Ticket] = {}
        # From the clock, so that a sandbox started afresh does not give out the ids of the one before it.
        self._next_id = int(time.time()) - 1_700_000_000

    @property
    def next_id(self) -> int:
        return self._next_id

    def new_id(self) -> int:
        self._next_id += 1
        return self._next_id

    def add(self, order: Order) -> list[Ticket]:
        """One ticket per location, in their order."""
        tickets = [self._make(order, location) for location in order.locations]
        self._tickets.update({ticket.id: ticket for ticket in tickets})
        return tickets

    def get(self, ticket_id: int) -> Ticket | None:
        ticket = self._tickets.get(ticket_id)
        if ticket:
            self._move(ticket)
        return ticket

    def all(self) -> list[Ticket]:
        for ticket in self._tickets.values():
            self._move(ticket)
        return list(self._tickets.values())

    def snapshot(self) -> dict[int, dict[str, Any]]:
        return {ticket.id: ticket.as_truth() for ticket in self.all()}

    def change(self, ticket_id: int, fields: dict[str, Any]) -> None:
        """Raises ValueError for a ticket or field nobody knows."""
        ticket = self.get(ticket_id)
        if ticket is None:
            raise ValueError(f"There is no ticket {ticket_id}.")
        if unknown := set(fields) - set(ticket.shown):
            raise ValueError(f"A ticket has no {', '.join(sorted(unknown))}.")
        now = utc_text(self.clock.now())
        fields = {**_technician_called(fields.get("technician_name")), **fields}
        ticket.shown.update({"last_updated": now, **fields})
        if "status_name" in fields:
            ticket.is_by_hand = True
            self._fit_to_status(ticket, fields, now)

    def let_go(self, ticket_id: int) -> None:
        ticket = self.get(ticket_id)
        if ticket is None:
            raise ValueError(f"There is no ticket {ticket_id}.")
        ticket.is_by_hand = False
        ticket.step = min(ticket.step, self._due_step(ticket))
        if ticket.shown["status_name"] != STATUSES[ticket.step]:
            self._enter(ticket, ticket.step, self.clock.now())

    def clear(self) -> None:
        self._tickets.clear()

    def dump(self) -> dict[str, Any]:
        return {"next_id": self._next_id, "tickets": [asdict(ticket) for ticket in self._tickets.values()]}

    def take_back(self, tickets: list[Ticket], next_id: int, *, instead: bool = False) -> None:
        """Tickets as they were written down; `instead` of all there are."""
        self._next_id = max(self._next_id, next_id)
        self._tickets = ({} if instead else self._tickets) | {ticket.id: ticket for ticket in tickets}

    def restore(self, content: dict[str, Any]) -> None:
        self._next_id = max(self._next_id, int(content["next_id"]))
        self._tickets = {row["id"]: Ticket(**row) for row in content["tickets"]}

    def _make(self, order: Order, location: dict[str, Any]) -> Ticket:
        account = BY_MACNUM[location["account_macnum"]]
        now = self.clock.now()
        shown = {
            **_shown_from_order(order, location),
            "address_1": account.address_line_1,
            "city": account.city,
            "state_identifier": account.state,
            "zip": account.zip,
            "category": "Active",
            "company_id": COMPANY_ID,
            "company_identifier": COMPANY_IDENTIFIER,
            "company_name": COMPANY_NAME,
            "date_entered": utc_text(now),
            "date_resolved": None,
            "last_updated": utc_text(now),
            "status_name": STATUSES[0],
            "priority": "Priority 3",
            "technician_id": None,
            "technician_name": None,
            "technician_phone_number": None,
        }
        keys = ("account_macnum", "start_date", "end_date")
        sent = {key: location[key] for key in keys} | {name: order.fields.get(name) for name in NOT_ECHOED}
        files = [
            {"filename": file.filename, "status": "success", "id": self.new_id()} for file in order.files
        ]
        return Ticket(self.new_id(), shown, sent, account.id, now, files=files)

    def _move(self, ticket: Ticket) -> None:
        """Take every step that is due, each at its own moment, however long nobody looked."""
        if ticket.is_by_hand:
            return
        while ticket.step < self._due_step(ticket):
            step = ticket.step + 1
            self._enter(ticket, step, ticket.created + self._seconds(step))

    def _seconds(self, step: int) -> float:
        return STEPS[step][0] * 60 / self.speed

    def _due_step(self, ticket: Ticket) -> int:
        age = self.clock.now() - ticket.created
        return max((step for step in range(len(STEPS)) if age >= self._seconds(step)), default=0)

    def _enter(self, ticket: Ticket, step: int, moment: float) -> None:
        ticket.step = step
        ticket.shown["status_name"] = STATUSES[step]
        ticket.shown["last_updated"] = utc_text(moment)
        self._fit_to_status(ticket, {}, utc_text(moment))

    def _fit_to_status(self, ticket: Ticket, given: dict[str, Any], now: str) -> None:
        """A technician once one is assigned, a date once it is over; what was given by hand stays."""
        status = ticket.shown["status_name"]
        if status == CANCELLED:
            ticket.shown["date_resolved"] = given.get("date_resolved", now)
        if status not in STATUSES:
            return
        ticket.step = STATUSES.index(status)
        who = TECHNICIANS[ticket.id % len(TECHNICIANS)] if ticket.step else (None, None, None)
        names = ("technician_id", "technician_name", "technician_phone_number")
        if not ticket.step or not any(ticket.shown[name] for name in names):
            ticket.shown.update(
                {name: value for name, value in zip(names, who, strict=True) if name not in given}
            )
        if "date_resolved" not in given:
            is_over = status == STATUSES[-1]
            ticket.shown["date_resolved"] = (ticket.shown["date_resolved"] or now) if is_over else None


def _technician_called(name: object) -> dict[str, Any]:
    """The number and telephone of a technician we know by name."""
    return next(
        (
            {"technician_id": id_, "technician_phone_number": phone}
            for id_, known, phone in TECHNICIANS
            if known == name
        ),
        {},
    )


def _shown_from_order(order: Order, location: dict[str, Any]) -> dict[str, Any]:
    fields = {name: order.fields.get(name) for name in OPTIONAL_PARTS if name not in NOT_ECHOED}
    places = {key: location.get(key) for key in OPTIONAL_LOCATION_KEYS}
    return {
        **fields,
        **places,
        "automatic_email_cc": order.fields["automatic_email_cc"],
        "automatic_email_contact": order.fields["automatic_email_contact"],
        "contact_email_address": order.fields["contact_email_address"],
        "customer_preferred_tech": bool(order.fields.get("customer_preferred_tech")),
        "local_contact_name": location["local_contact_name"],
        "local_contact_number": location["local_contact_number"],
        "location_name": location["location_name"],
        "service_type": order.fields["service_type"],
        "summary": f"{order.fields['service_type']} – {location['location_name']}",
    }


def tickets_of(line: dict[str, Any]) -> list[Ticket]:
    """The tickets in a line of the ledger."""
    rows = line["all"] if "all" in line else line.get("tickets", [])
    return [Ticket(**row) for row in rows]
