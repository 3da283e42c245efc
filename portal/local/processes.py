"""Programs, the processes they become, and how to know a process again after its parent was killed."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from portal.local.accounts import Account
from portal.local.folder import PROJECT, Folder

PR_SET_PDEATHSIG = 1
SAME_START_SECONDS = 1.5  # start times are worked out from the boot time, which moves a little with the clock


@dataclass(frozen=True)
class Program:
    """Something to run. Without `is_ready` it counts as ready once it has lived for `settle_seconds`."""

    name: str
    command: list[str]
    env: Mapping[str, str] | None = None
    cwd: Path = PROJECT
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 10.0
    is_ready: Callable[[], bool] | None = None
    ready_within: float = 60.0
    settle_seconds: float = 0.3


def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if sys.platform == "linux" else None


_LIBC = _libc()  # loaded here, because the moment between fork and exec is no place for it


def spawn(program: Program, log: Path) -> "subprocess.Popen[bytes]":
    """Start the program in a process group of its own, so that Ctrl-C reaches only its supervisor."""

    def die_with_parent() -> None:
        if _LIBC is not None:
            _LIBC.prctl(PR_SET_PDEATHSIG, int(program.stop_signal))

    account = program.account.popen_arguments() if program.account else {}
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603
            program.command,
            env=None if program.env is None else dict(program.env),
            cwd=program.cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
            **account,
        )


# --- Records: which processes are ours ------------------------------------------------------------------------


def record(folder: Folder, name: str, pid: int) -> None:
    with contextlib.suppress(psutil.Error):
        born_at = psutil.Process(pid).create_time()
        (folder.records / f"{name}.json").write_text(json.dumps({"pid": pid, "born_at": born_at}))


def forget(folder: Folder, name: str) -> None:
    (folder.records / f"{name}.json").unlink(missing_ok=True)


def is_alive(pid: int, born_at: float) -> bool:
    """Whether the very process still runs: the number alone may belong to somebody else by now."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - born_at) < SAME_START_SECONDS
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def group_members(group: int, born_at: float) -> list[psutil.Process]:
    """Living processes of a group that is not older than `born_at`."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            young = process.create_time() >= born_at - SAME_START_SECONDS
            if os.getpgid(process.pid) == group and young and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def end_orphans(folder: Folder, patience: float = 10.0) -> list[str]:
    """Stop what a killed supervisor left running, gently first. Returns the names of what was still alive."""
    orphans: dict[str, tuple[int, float]] = {}
    for file in folder.records.glob("*.json"):
        try:
            known = json.loads(file.read_text())
            orphans[file.stem] = (int(known["pid"]), float(known["born_at"]))
        except (ValueError, KeyError, TypeError):
            pass  # half-written when the power went; it names nobody
        file.unlink(missing_ok=True)
    alive = {name: known for name, known in orphans.items() if is_alive(*known) or group_members(*known)}
    for name, (pid, born_at) in alive.items():
        gentle = signal.SIGINT if name == "postgres" else signal.SIGTERM
        if is_alive(pid, born_at):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, gentle)
    give_up_at = time.monotonic() + patience
    while time.monotonic() < give_up_at and any(is_alive(*known) for known in alive.values()):
        time.sleep(0.1)
    for pid, born_at in alive.values():
        if group_members(pid, born_at):
            kill_group(pid)
    return sorted(alive)
