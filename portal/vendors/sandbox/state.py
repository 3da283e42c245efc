"""Tickets and cases on disk, so that a restart of the demo does not lose what the portal already shows."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from portal.vendors.sandbox.clock import Clock
from portal.vendors.sandbox.vendor import Vendor


def load(path: Path, clock: Clock, vendors: Sequence[Vendor]) -> None:
    """Raises ValueError with the file's name if it is not what `save` wrote."""
    if not path.exists():
        return
    try:
        content = json.loads(path.read_text())
        clock.offset = float(content["clock_offset"])
        for vendor in vendors:
            # A file from before a vendor was played here holds nothing of it.
            if vendor.name in content or vendor is vendors[0]:
                vendor.restore(content[vendor.name])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} is not a sandbox state file ({error}). Move it away to start empty."
        ) from error


def save(path: Path, clock: Clock, vendors: Sequence[Vendor]) -> None:
    """Written beside and moved over, so that a reader or a crash never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    with beside.open("w") as file:
        json.dump({"clock_offset": clock.offset} | {vendor.name: vendor.dump() for vendor in vendors}, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
