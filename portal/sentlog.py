"""What this machine sent, on its own disk: a memory that a database set back to yesterday does not take away.

A line is written and synced before the first byte of a create leaves, and another one when it ends. Kept for three
months in one file a day below `JOURNAL_ROOT`; the database is never asked.
"""

import json
import logging
import os
import platform
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from portal.models import Arming, Attempt, Message

log = logging.getLogger(__name__)
KEPT_FOR = timedelta(days=90)
# These prove that nothing exists at the vendor; whatever else became of a request, something may.
NOTHING_THERE = frozenset({Attempt.Outcome.NOT_SENT, Attempt.Outcome.NOT_EXECUTED, Attempt.Outcome.REJECTED})
NAME = re.compile(r"sent-(\d{4}-\d\d-\d\d)\.log")


@dataclass
class Sent:
    """One request that left this machine, or was about to."""

    correlation_id: str
    reference: str
    payload_hash: str
    account: str
    weight: int
    attempt: int  # its number among all attempts of the database it was written down in
    at: str
    machine: str
    lineage: str
    key: str
    armed_at: str
    outcome: str = ""
    ids: list[str] = field(default_factory=list)

    @property
    def may_exist(self) -> bool:
        return self.outcome not in NOTHING_THERE


def note(message: Message, attempt: Attempt, armed: Arming) -> None:
    """Write and sync that bytes are about to leave. Raises OSError: then nothing may be sent."""
    sent = Sent(
        correlation_id=str(attempt.correlation_id),
        reference=message.reference,
        payload_hash=message.payload_hash,
        account=str(message.account),
        weight=message.weight,
        attempt=attempt.pk,
        at=attempt.started_at.isoformat(),
        machine=machine_name(),
        lineage=str(armed.lineage),
        key=str(armed.key),
        armed_at=armed.armed_at.isoformat() if armed.armed_at else "",
    )
    _append(vars(sent), sync=True)


def note_end(attempt: Attempt, outcome: str, answer: object = None) -> None:
    """Write what became of it. Losing this line costs a person a look at the vendor, so no disk is waited for.

    From an answer, the ids of the tickets it tells of are kept, if it tells of any.
    """
    ids = [str(made.id) for made in getattr(answer, "tickets", []) if made.id is not None]
    line = {"ended": str(attempt.correlation_id), "outcome": outcome, "ids": ids[:50]}
    try:
        _append(line, sync=False)
    except OSError:
        log.exception("The end of a request could not be noted")


def machine_name() -> str:
    return platform.node()[:100]


class SentLog:
    """All lines of this machine's log in memory; each look reads only what was added since the last one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.read_to: dict[str, int] = {}
        self.sent: dict[str, Sent] = {}
        self.by_payload: dict[str, list[Sent]] = {}
        # Of each arming the last attempt, and of each lineage the last arming: asked at every claim.
        self.last_attempt: dict[tuple[str, str], int] = {}
        self.last_armed: dict[str, datetime] = {}
        self.lock = threading.Lock()

    def look(self) -> "SentLog":
        with self.lock:
            try:
                for entry in sorted(os.scandir(self.folder), key=lambda one: one.name):
                    if NAME.fullmatch(entry.name) and entry.stat().st_size > self.read_to.get(entry.name, 0):
                        self._read(Path(entry.path))
            except FileNotFoundError:
                log.debug("Nothing was sent from this machine yet")
            except OSError as error:
                log.error("This machine's log of what it sent cannot be read, and so nor written: %s", error)
        return self

    def of_lineage(self, lineage: object) -> list[Sent]:
        return [sent for sent in list(self.sent.values()) if sent.lineage == str(lineage)]

    def of_payload(self, payload_hash: str) -> list[Sent]:
        return list(self.by_payload.get(payload_hash, []))

    def _read(self, path: Path) -> None:
        with path.open("rb") as file:
            file.seek(self.read_to.get(path.name, 0))
            for line in file:
                if not line.endswith(b"\n"):
                    break  # being written at this moment, or cut by a power failure
                self.read_to[path.name] = self.read_to.get(path.name, 0) + len(line)
                try:
                    self._take(json.loads(line))
                except (ValueError, TypeError, KeyError, AttributeError):
                    log.error("%s has a line that cannot be read", path.name)

    def _take(self, line: dict[str, Any]) -> None:
        if "ended" in line:
            if sent := self.sent.get(line["ended"]):
                sent.outcome, sent.ids = line["outcome"], list(line["ids"])
            return
        sent = Sent(**line)
        self.sent[sent.correlation_id] = sent
        self.by_payload.setdefault(sent.payload_hash, []).append(sent)
        arming = (sent.lineage, sent.key)
        self.last_attempt[arming] = max(sent.attempt, self.last_attempt.get(arming, 0))
        if sent.armed_at:
            when = datetime.fromisoformat(sent.armed_at)
            self.last_armed[sent.lineage] = max(when, self.last_armed.get(sent.lineage, when))


_logs: dict[Path, SentLog] = {}


def look() -> SentLog:
    """The log of this machine as it is now."""
    folder = _folder()
    return _logs.setdefault(folder, SentLog(folder)).look()


def _folder() -> Path:
    return Path(settings.JOURNAL_ROOT) / "sent"


def _append(line: dict[str, Any], *, sync: bool) -> None:
    """One line with one write, so that lines of many workers never mix."""
    folder = _folder()
    path = folder / f"sent-{datetime.now(UTC):%Y-%m-%d}.log"
    is_new = not path.exists()
    if is_new:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _forget_old(folder)
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        text = json.dumps(line).encode() + b"\n"
        if os.fstat(file).st_size and os.pread(file, 1, os.fstat(file).st_size - 1) != b"\n":
            text = b"\n" + text  # a power failure cut the line before
        if os.write(file, text) != len(text):
            raise OSError(f"{path} took only a part of a line")
        if sync:
            os.fsync(file)
    finally:
        os.close(file)
    if is_new:
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    there = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(there)
    finally:
        os.close(there)


def _forget_old(folder: Path) -> None:
    oldest = f"{datetime.now(UTC) - KEPT_FOR:%Y-%m-%d}"
    for path in folder.iterdir():
        if (named := NAME.fullmatch(path.name)) and named[1] < oldest:
            path.unlink(missing_ok=True)
