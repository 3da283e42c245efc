"""Starts programs in order, keeps them running, stops them in reverse order."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from portal.local.folder import Folder
from portal.local.problems import AskedToStop, CannotStart, tail
from portal.local.processes import Program, forget, kill_group, record, spawn

KEPT_LOGS = 3


@dataclass
class Patience:
    """How a supervisor treats a program that keeps dying."""

    quick_seconds: float = 10.0  # dying younger than this is a quick death
    quick_deaths: int = 5  # so many in a row, and we give up
    first_delay: float = 0.5  # doubled after each quick death
    poll_seconds: float = 0.1


@dataclass
class Child:
    program: Program
    process: "subprocess.Popen[bytes] | None"
    started_at: float
    quick_deaths: int = 0
    start_again_at: float = 0.0


class Supervisor:
    def __init__(
        self, folder: Folder, *, say: Callable[[str], None] = print, patience: Patience | None = None
    ) -> None:
        self.folder = folder
        self.say = say
        self.patience = patience or Patience()
        self.children: dict[str, Child] = {}
        self.is_asked_to_stop = False

    def catch_signals(self) -> None:
        """Ctrl-C, a termination signal and a closed terminal all mean: stop everything, in order."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)

    def run_step(self, program: Program) -> None:
        """Run something to its end. Raises CannotStart with the last lines of its log when it fails."""
        child = self._spawn(program)
        process = child.process
        assert process is not None
        while process.poll() is None:
            if self.is_asked_to_stop:
                self._end(child)
                raise AskedToStop
            time.sleep(self.patience.poll_seconds / 2)
        forget(self.folder, program.name)
        del self.children[program.name]
        if process.returncode:
            raise CannotStart(f"{program.name} failed ({_how(process)}).\n{tail(self.log(program.name))}")

    def start(self, *programs: Program) -> None:
        """Start them together and wait until all are ready. Deaths on the way are treated as later: again, then no more."""
        waiting = {program.name: self._spawn(program) for program in programs}
        deadline = time.monotonic() + max(program.ready_within for program in programs)
        while waiting := {name: child for name, child in waiting.items() if not self._is_ready(child)}:
            if self.is_asked_to_stop:
                raise AskedToStop
            if time.monotonic() > deadline:
                name = next(iter(waiting))
                raise CannotStart(f"{name} does not get ready.\n{tail(self.log(name))}")
            for child in list(self.children.values()):
                self._look_after(child)
            time.sleep(self.patience.poll_seconds)

    def watch(self) -> None:
        """Until asked to stop. Raises CannotStart when a program dies again and again."""
        while not self.is_asked_to_stop:
            for child in list(self.children.values()):
                self._look_after(child)
            time.sleep(self.patience.poll_seconds)

    def stop(self) -> None:
        """Everything, the last started first, each with the time it needs and no longer."""
        for child in reversed(list(self.children.values())):
            self._end(child)

    def log(self, name: str) -> Path:
        return self.folder.logs / f"{name}.log"

    def _ask_to_stop(self, _number: int, _frame: object) -> None:
        self.is_asked_to_stop = True

    def _spawn(self, program: Program) -> Child:
        _rotate(self.log(program.name))
        child = Child(program, None, 0.0)
        self.children[program.name] = child
        self._run(child)
        return child

    def _run(self, child: Child) -> None:
        try:
            child.process = spawn(child.program, self.log(child.program.name))
        except OSError as error:
            raise CannotStart(f"{child.program.name} cannot be started: {error}") from error
        child.started_at = time.monotonic()
        record(self.folder, child.program.name, child.process.pid)

    def _is_ready(self, child: Child) -> bool:
        if child.process is None or child.process.poll() is not None:
            return False
        if child.program.is_ready is None:
            return time.monotonic() - child.started_at > child.program.settle_seconds
        return child.program.is_ready()

    def _look_after(self, child: Child) -> None:
        """Notice a death, and start again when its pause is over."""
        if child.process is not None and child.process.poll() is not None:
            self._note_death(child, child.process)
        elif child.process is None and time.monotonic() >= child.start_again_at:
            self._run(child)

    def _note_death(self, child: Child, process: "subprocess.Popen[bytes]") -> None:
        name, settings = child.program.name, self.patience
        kill_group(process.pid)  # what it left behind would hold its port
        forget(self.folder, name)
        is_quick = time.monotonic() - child.started_at < settings.quick_seconds
        child.quick_deaths = child.quick_deaths + 1 if is_quick else 0
        child.process = None
        if child.quick_deaths >= settings.quick_deaths:
            raise CannotStart(
                f"{name} died {child.quick_deaths} times in a row ({_how(process)}).\n{tail(self.log(name))}"
            )
        delay = settings.first_delay * 2 ** max(0, child.quick_deaths - 1)
        child.start_again_at = time.monotonic() + delay
        self.say(
            f"{name} ended ({_how(process)}); starting it again in {delay:g} s. Its log: {self.log(name)}"
        )

    def _end(self, child: Child) -> None:
        name, process = child.program.name, child.process
        if process is not None:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, child.program.stop_signal)
                try:
                    process.wait(child.program.patience)
                except subprocess.TimeoutExpired:
                    self.say(f"{name} did not stop within {child.program.patience:g} s and was killed.")
            kill_group(process.pid)
            process.wait()
        forget(self.folder, name)
        self.children.pop(name, None)


def _how(process: "subprocess.Popen[bytes]") -> str:
    code = process.returncode
    return f"exit {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


def _rotate(log: Path) -> None:
    """The log of this start begins empty; the ones before are kept as .1, .2, .3."""
    if not log.exists() or not log.stat().st_size:
        return
    for number in range(KEPT_LOGS, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        newer = log.with_name(f"{log.name}.{number - 1}") if number > 1 else log
        if newer.exists():
            newer.replace(older)
