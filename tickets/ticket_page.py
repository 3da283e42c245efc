"""A ticket as its page shows it: history in words, the address beside ours, and what became of each file."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.utils import timezone

from sites import addresses
from tickets.models import Ticket, TicketChange
from tickets.windows import Window, window_of

# A worker that was asked to read and does not within this time has other troubles than this page.
PATIENCE = timedelta(minutes=3)
FIELD_WORDS = {
    "status_name": "Status",
    "technician_name": "Technician",
    "technician_phone_number": "Technician’s phone",
    "date_resolved": "Resolved",
    "priority": "Priority",
    "category": "Category",
    "service_type": "Service type",
    "address_1": "Address",
    "city": "City",
    "state_identifier": "State",
    "zip": "ZIP code",
}


@dataclass(frozen=True)
class Step:
    """One change in the ticket's history."""

    what: str
    before: str
    after: str
    when: datetime
    source: str


@dataclass(frozen=True)
class File:
    filename: str
    state: str  # a badge's word
    words: str


class TicketPage:
    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket

    @cached_property
    def window(self) -> Window | None:
        return window_of(self.ticket.location) if self.ticket.location else None

    @cached_property
    def history(self) -> list[Step]:
        return [_step(change) for change in self.ticket.changes.all()]

    @property
    def files(self) -> list[File]:
        return [_file(item) for item in self.ticket.attachments]

    @cached_property
    def differences(self) -> list[addresses.Difference]:
        """Where Granite's address leads elsewhere than our site's: possibly the wrong site."""
        site = self.ticket.location.site if self.ticket.location else None
        if site is None:
            return []
        return addresses.differences(
            site,
            address=self.ticket.address_1,
            city=self.ticket.city,
            state=self.ticket.state_identifier,
            zip_code=self.ticket.zip,
        )

    @property
    def raw(self) -> str:
        return json.dumps(self.ticket.raw, indent=2, ensure_ascii=False)

    @property
    def phone_link(self) -> str:
        """`tel:+16175550123`, or "" where the number is none we could dial.

        More digits than ten without a country's code are a number with its extension: dialled, they ring abroad.
        """
        text = self.ticket.technician_phone_number.strip()
        digits = re.sub(r"[^0-9]", "", text)
        if len(digits) == 10 and not text.startswith("+"):
            return f"tel:+1{digits}"
        has_country = text.startswith("+") or (len(digits) == 11 and digits.startswith("1"))
        return f"tel:+{digits}" if has_country and 8 <= len(digits) <= 15 else ""

    @property
    def is_being_read(self) -> bool:
        wanted_at = self.ticket.wanted_at
        return self.ticket.is_wanted and wanted_at is not None and timezone.now() - wanted_at < PATIENCE

    @property
    def is_late(self) -> bool:
        """A person asked for a reading, and none came in good time."""
        return self.ticket.is_wanted and not self.is_being_read

    @property
    def source(self) -> str:
        return "by poll" if self.ticket.read_by == "poll" else "from the answer to our request"


def _step(change: TicketChange) -> Step:
    return Step(
        FIELD_WORDS.get(change.field, change.field),
        _words(change.field, change.before),
        _words(change.field, change.after),
        change.seen_at,
        change.source,
    )


def _words(field: str, text: str) -> str:
    if field == "date_resolved" and text:
        moment = timezone.localtime(datetime.fromisoformat(text))
        return f"{moment.day} {moment:%b %Y %H:%M %Z}"
    return text


def _file(item: dict[str, Any]) -> File:
    name = str(item.get("filename") or "unnamed file")
    status = str(item.get("status") or "")
    if status.strip().lower() == "success":
        return File(name, "good", "Received by Granite")
    if status:
        return File(
            name,
            "bad",
            f"Not received: Granite says “{status}”. The ticket exists; only this file is missing.",
        )
    if item.get("id"):
        return File(name, "good", "Listed on Granite’s ticket")
    return File(name, "warn", "Granite did not say what became of it")
