"""Tickets on disk, so that a restart of the demo does not lose what the portal already shows."""

import json
import os
from pathlib import Path

from portal.vendors.sandbox.clock import Clock
from portal.vendors.sandbox.granite.tickets import TicketBook


def load(path: Path, clock: Clock, book: TicketBook) -> None:
    """Raises ValueError with the file's name if it is not what `save` wrote."""
    if not path.exists():
        return
    try:
        content = json.loads(path.read_text())
        clock.offset = float(content["clock_offset"])
        book.restore(content["granite"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} is not a sandbox state file ({error}). Move it away to start empty."
        ) from error


def save(path: Path, clock: Clock, book: TicketBook) -> None:
    """Written beside and moved over, so that a reader or a crash never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    with beside.open("w") as file:
        json.dump({"clock_offset": clock.offset, "granite": book.dump()}, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
