"""Numbers a person found at the vendor, one for each part of a message in doubt."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

LARGEST_ID = 2**63 - 1
NOT_A_NUMBER = "A ticket number at Granite has digits only."
NOT_A_CASE = "A case number at GTT looks like CS0074187."
TWICE = "The same number stands at another location."
NONE = "Enter the number of at least one ticket."
NO_CASE = "Enter the number of the case."


class Part(Protocol):
    """A location, or the one case a message is about."""

    @property
    def index(self) -> int: ...


def ticket_number(typed: str) -> str:
    """Granite's id from what was typed; "" for nothing. Raises ValueError with a sentence."""
    digits = re.sub(r"[\s#]", "", typed)
    if not digits:
        return ""
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20 and 0 < int(digits) <= LARGEST_ID):
        raise ValueError(NOT_A_NUMBER)
    return str(int(digits))


def case_number(typed: str) -> str:
    """GTT's number or system id from what was typed; "" for nothing. Raises ValueError with a sentence."""
    text = re.sub(r"[\s#]", "", typed)
    if not text:
        return ""
    if re.fullmatch(r"[0-9a-fA-F]{32}", text):
        return text.lower()
    if not re.fullmatch(r"[A-Za-z]{1,6}[0-9]{3,15}", text):
        raise ValueError(NOT_A_CASE)
    return text.upper()


class FoundForm:
    """What was typed at each part, and what is wrong with it; good numbers with their places in the message."""

    def __init__(
        self,
        parts: Sequence[Part],
        typed: Mapping[str, str] | None = None,
        *,
        read: Callable[[str], str] = ticket_number,
    ) -> None:
        self.rows = [FoundRow(part, (typed or {}).get(name_of(part), ""), read) for part in parts]
        self.nothing = NO_CASE if read is case_number else NONE
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
            self.error = self.nothing


class FoundRow:
    def __init__(self, part: Part, typed: str, read: Callable[[str], str]) -> None:
        self.location, self.typed, self.error, self.vendor_id = part, typed, "", ""
        self.name = name_of(part)
        try:
            self.vendor_id = read(typed)
        except ValueError as error:
            self.error = str(error)


def name_of(part: Part) -> str:
    return f"ticket-{part.index}"
