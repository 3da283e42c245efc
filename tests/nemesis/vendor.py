"""The sandbox from outside: its faults are set over HTTP, its truth is read from the ledger it wrote."""

import contextlib
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import requests

from portal.vendors.sandbox.granite.tickets import Ticket, tickets_of
from portal.vendors.sandbox.ledger import lines, record_of
from portal.vendors.sandbox.truth import Record

WINDOW = 60.0
# Name, chance for each create, arguments. One create in five meets one of them.
FAULTS: list[tuple[str, float, dict[str, object]]] = [
    ("reset_in_upload", 0.015, {}),
    ("reset_before", 0.015, {}),
    ("close_before", 0.005, {}),
    ("lose_answer", 0.02, {}),
    ("close_after", 0.005, {}),
    ("reset_in_answer", 0.01, {}),
    ("hang_before", 0.005, {}),
    ("hang", 0.005, {}),
    ("drip", 0.005, {"seconds": 0.2}),
    ("slow", 0.01, {"seconds": 4}),
    ("500", 0.01, {}),
    ("500_after", 0.01, {}),
    ("502_html", 0.005, {}),
    ("502_after", 0.01, {}),
    ("truncated", 0.01, {}),
    ("truncated_chunked", 0.005, {}),
    ("truncated_no_length", 0.005, {}),
    ("truncated_gzip", 0.005, {}),
    ("cut_status_line", 0.005, {}),
    ("cut_headers", 0.005, {}),
    ("html_200", 0.005, {}),
    ("empty_200", 0.005, {}),
    ("no_ids", 0.005, {}),
    ("fewer", 0.005, {}),
    ("more", 0.005, {}),
    ("reordered", 0.005, {}),
    ("repeated_ids", 0.005, {}),
    ("string_ids", 0.005, {}),
    ("nulls", 0.005, {}),
    ("chunked", 0.005, {}),
    ("no_length", 0.005, {}),
    ("401", 0.01, {}),
    ("422", 0.01, {}),
    ("400_field", 0.01, {}),
    ("429", 0.005, {"retry_after": 1}),
    ("redirect", 0.002, {}),
]
ON_OTHERS = [("token", "500", 0.05), ("token", "reset_before", 0.05), ("details", "lose_answer", 0.05)]


class Vendor:
    """Steers the sandbox. What is asked while it is dead is asked again when it lives."""

    def __init__(self, url: str, faults: float = 1.0) -> None:
        """`faults`: times the chance of each."""
        self.url, self.faults = f"{url}/_sandbox/", faults

    def be_faulty(self, seed: int) -> None:
        """Every fault by its chance; a dead sandbox forgets them, so this is done after each start."""
        self._post("seed", seed=seed)
        for name, chance, more in FAULTS if self.faults else ():
            self._post("faults", name=name, chance=min(1.0, chance * self.faults), **more)
        for operation, name, chance in ON_OTHERS:
            self._post("faults", name=name, on=operation, chance=chance)

    def be_good(self) -> None:
        self._post("faults/clear")

    def always(self, name: str, on: str = "create", **more: object) -> None:
        self._post("faults", name=name, on=on, chance=1, **more)

    def revoke_tokens(self) -> None:
        self._post("revoke")

    def _post(self, action: str, **fields: object) -> None:
        requests.post(self.url + action, json=fields, timeout=10).raise_for_status()

    def try_to(self, action: str, **fields: object) -> None:
        with contextlib.suppress(requests.RequestException):
            self._post(action, **fields)


@dataclass
class Truth:
    """What truly happened at the vendor."""

    records: list[Record] = field(default_factory=list)
    tickets: dict[int, Ticket] = field(default_factory=dict)

    @classmethod
    def of(cls, ledger: Path) -> "Truth":
        found = cls()
        for line in lines(ledger):
            if record := record_of(line):
                found.records.append(record)
            found.tickets.update({ticket.id: ticket for ticket in tickets_of(line)})
        return found

    @property
    def creates(self) -> list[Record]:
        return [record for record in self.records if record.operation == "create"]

    def most_in_any_minute(self) -> int:
        """Requests of the interface, refused ones included; the machine's clock runs on while a sandbox is dead."""
        window: deque[float] = deque()
        most = 0
        for moment in sorted(record.monotonic for record in self.records if record.path.startswith("/api/")):
            window.append(moment)
            while moment - window[0] >= WINDOW:
                window.popleft()
            most = max(most, len(window))
        return most


def reference_of(ticket: Ticket) -> str:
    """Our reference stands first among the customer's numbers."""
    return str(ticket.shown.get("customer_ticket_number") or "").split(",")[0].strip()


def place_of(ticket: Ticket) -> tuple[str, str]:
    return str(ticket.shown["location_name"]), str(ticket.shown.get("location_number") or "")
