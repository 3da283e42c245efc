"""The truth on disk, line by line: a sandbox that was killed knows afterwards all it did, and so does whoever asks.

A line is handed to the operating system before the answer leaves. That outlives the death of the process, which is
what it is for; after a power cut the last lines may be missing.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from portal.vendors.sandbox.granite.tickets import Ticket, TicketBook
from portal.vendors.sandbox.message import FilePart
from portal.vendors.sandbox.truth import Record

Line = dict[str, Any]


class Ledger:
    """The caller holds the sandbox's lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        _drop_half_a_line(path)
        self._file = path.open("ab", buffering=0)

    def note(self, record: Record, book: TicketBook) -> None:
        """A request, and the tickets it made as they are now."""
        made = [ticket for number in record.ticket_ids if (ticket := book.get(number))]
        self._write({"record": record.as_json(), "tickets": [asdict(ticket) for ticket in made]}, book)

    def keep(self, book: TicketBook, offset: float) -> None:
        """All tickets, after a change that was no request: by hand, or by moving the clock."""
        self._write({"all": [asdict(ticket) for ticket in book.all()], "clock_offset": offset}, book)

    def _write(self, line: Line, book: TicketBook) -> None:
        self._file.write(json.dumps(line | {"next_id": book.next_id}).encode() + b"\n")


def lines(path: Path) -> Iterator[Line]:
    """What was written, oldest first. Raises ValueError for a file that is none of ours."""
    with path.open("rb") as file:
        for text in file:
            if not text.endswith(b"\n"):
                return  # being written just now, or cut off by a death
            line = json.loads(text)
            if not isinstance(line, dict) or "next_id" not in line:
                raise ValueError("a line without a next id")
            yield line


def record_of(line: Line) -> Record | None:
    if "record" not in line:
        return None
    files = [FilePart(**file) for file in line["record"]["files"]]
    return Record(**line["record"] | {"files": files})


def tickets_of(line: Line) -> list[Ticket]:
    rows = line["all"] if "all" in line else line.get("tickets", [])
    return [Ticket(**row) for row in rows]


def _drop_half_a_line(path: Path) -> None:
    if not path.exists():
        return
    content = path.read_bytes()
    if not content.endswith(b"\n"):
        path.write_bytes(content[: content.rfind(b"\n") + 1])
