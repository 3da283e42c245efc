"""One portal at a time in a folder, and what the running one tells about itself.

The system drops the lock when its holder dies in whatever way, so it is never stale; the text in the file may be, and
is believed only while the lock is held.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import IO

from portal.local.folder import Folder


@dataclass(frozen=True)
class Running:
    pid: int
    address: str = ""  # empty while it is still starting
    port: int = 0
    sandbox_port: int = 0


class AlreadyRunning(Exception):
    def __init__(self, running: Running | None) -> None:
        super().__init__("A portal runs in this folder already.")
        self.running = running


class Lock:
    def __init__(self, file: IO[str]) -> None:
        self.file = file

    def tell(self, running: Running) -> None:
        self.file.seek(0)
        self.file.truncate()
        self.file.write(json.dumps(asdict(running)))
        self.file.flush()


@contextmanager
def hold(folder: Folder) -> Iterator[Lock]:
    """Hold the folder. Raises AlreadyRunning with what the holder says of itself."""
    folder.make()
    with folder.lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(_read(file)) from None
        lock = Lock(file)
        lock.tell(Running(os.getpid()))
        yield lock


def find_running(folder: Folder) -> Running | None:
    """The portal that runs in this folder now, or None."""
    try:
        with hold(folder):
            return None
    except AlreadyRunning as error:
        return error.running


def _read(file: IO[str]) -> Running | None:
    file.seek(0)
    try:
        return Running(**json.loads(file.read()))
    except (ValueError, TypeError):
        return None
