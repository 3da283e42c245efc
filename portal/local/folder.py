"""Where one local portal keeps everything that it writes."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from portal.local.problems import CannotStart

PROJECT = Path(__file__).resolve().parents[2]
LONGEST_SOCKET_PATH = 100  # the system's limit is 104 or 108 bytes


@dataclass(frozen=True)
class Folder:
    path: Path

    @property
    def logs(self) -> Path:
        return self.path / "log"

    @property
    def records(self) -> Path:
        """One file for each process that runs on our behalf, to find those that a killed start left behind."""
        return self.path / "processes"

    @property
    def lock(self) -> Path:
        return self.path / "running.lock"

    @property
    def keys(self) -> Path:
        return self.path / "demo.env"

    @property
    def key(self) -> str:
        """Short and the same at every start: names what must lie outside the folder."""
        return hashlib.sha256(str(self.path.resolve()).encode()).hexdigest()[:12]

    def make(self) -> None:
        for path in (self.path, self.logs, self.records):
            path.mkdir(parents=True, exist_ok=True)


def socket_folder(wanted: Path, socket_name: str) -> Path:
    """`wanted` itself, or a short private folder elsewhere when the socket's path would be too long for the system."""
    if len(str(wanted / socket_name).encode()) <= LONGEST_SOCKET_PATH:
        return wanted
    key = hashlib.sha256(str(wanted).encode()).hexdigest()[:12]
    short = Path(tempfile.gettempdir() if len(tempfile.gettempdir()) < 60 else "/tmp") / f"portal-{key}"  # noqa: S108
    short.mkdir(mode=0o700, exist_ok=True)
    if short.is_symlink() or (os.geteuid() and short.stat().st_uid != os.geteuid()):
        raise CannotStart(f"{short} belongs to somebody else, and the socket of {wanted} has to lie there.")
    return short


def default_folder() -> Folder:
    return Folder(PROJECT / "var")
