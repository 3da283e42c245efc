"""Style sheets and scripts are collected only when one of them may have changed: it takes longer than all the rest."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from portal.local.folder import PROJECT, Folder

# What decides which files there are and what becomes of them; those of packages change with the pins.
SOURCES = ("requirements.txt", "package-lock.json", "portal/settings.py", "portal/static_storage.py")


def fingerprint(env: Mapping[str, str]) -> str:
    found = hashlib.sha256(f"{env['STATIC_ROOT']} {env.get('DEBUG', '')}".encode())
    for name in SOURCES:
        path = PROJECT / name
        found.update(path.read_bytes() if path.exists() else b"-")
    for folder in ("static", "portal/static", "sites/static", "tickets/static"):
        for path in sorted((PROJECT / folder).rglob("*")):
            status = path.stat()
            found.update(f"{path} {status.st_size} {status.st_mtime_ns}".encode())
    return found.hexdigest()


def are_collected(env: Mapping[str, str], folder: Folder) -> bool:
    stamp = _stamp(folder)
    return Path(env["STATIC_ROOT"]).is_dir() and stamp.exists() and stamp.read_text() == fingerprint(env)


def note_collected(env: Mapping[str, str], folder: Folder) -> None:
    _stamp(folder).write_text(fingerprint(env))


def _stamp(folder: Folder) -> Path:
    return folder.path / "static.stamp"
