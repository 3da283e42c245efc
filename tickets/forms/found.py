"""Ticket numbers a person found at Granite, one for each location in doubt."""

import re
from collections.abc import Mapping, Sequence

from tickets.models import Location

LARGEST_ID = 2**63 - 1
NOT_A_NUMBER = "A ticket number at Granite has digits only."
TWICE = "The same number stands at another location."
NONE = "Enter the number of at least one ticket."


class FoundForm:
    """What was typed at each location, and what is wrong with it; good numbers with their places in the message."""

    def __init__(self, locations: Sequence[Location], typed: Mapping[str, str] | None = None) -> None:
        self.rows = [FoundRow(location, (typed or {}).get(name_of(location), "")) for location in locations]
        self.error = ""
        if typed is not None:
            self._check()

    @property
    def is_good(self) -> bool:
        return not self.error and not any(row.error for row in self.rows)

    @property
    def places(self) -> dict[str, int]:
        return {row.vendor_id: row.location.index for row in self.rows if row.vendor_id}

    def _check(self) -> None:
        seen: set[str] = set()
        for row in self.rows:
            if row.vendor_id and row.vendor_id in seen:
                row.error = TWICE
            seen.add(row.vendor_id)
        if not any(row.typed.strip() for row in self.rows):
            self.error = NONE


class FoundRow:
    def __init__(self, location: Location, typed: str) -> None:
        self.location, self.typed, self.error = location, typed, ""
        self.name = name_of(location)
        digits = re.sub(r"[\s#]", "", typed)
        is_number = digits.isascii() and digits.isdigit() and 0 < int(digits[:20]) <= LARGEST_ID
        self.vendor_id = str(int(digits)) if is_number and len(digits) < 20 else ""
        if digits and not self.vendor_id:
            self.error = NOT_A_NUMBER


def name_of(location: Location) -> str:
    return f"ticket-{location.index}"
