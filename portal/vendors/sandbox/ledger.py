"""The truth on disk, line by line: a sandbox that was killed knows afterwards all it did, and so does whoever asks.

A line is handed to the operating system before the answer leaves. That outlives the death of the process, which is
what it is for; after a power cut the last lines may be missing.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from portal.vendors.sandbox.message import FilePart
from portal.vendors.sandbox.truth import Record
from portal.vendors.sandbox.vendor import Line, Vendor


class Ledger:
    """The caller holds the sandbox's lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        _drop_half_a_line(path)
        self._file = path.open("ab", buffering=0)

    def note(self, record: Record, vendors: Sequence[Vendor]) -> None:
        """A request, and what it made or changed."""
        self._write({"record": record.as_json()}, (vendor.noted(record) for vendor in vendors))

    def keep(self, offset: float, vendors: Sequence[Vendor]) -> None:
        """Everything, after a change that was no request: by hand, or by moving the clock."""
        self._write({"clock_offset": offset}, (vendor.kept() for vendor in vendors))

    def _write(self, line: Line, more: Iterable[Line]) -> None:
        for one in more:
            line |= one
        self._file.write(json.dumps(line).encode() + b"\n")


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


def _drop_half_a_line(path: Path) -> None:
    if not path.exists():
        return
    content = path.read_bytes()
    if not content.endswith(b"\n"):
        path.write_bytes(content[: content.rfind(b"\n") + 1])
