"""The portal as a handful of processes that can be killed, paused and started again, and what was done to them when."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from portal.local import ports
from portal.local.environment import supply
from portal.local.folder import Folder
from portal.local.lock import hold
from portal.local.postgres import Postgres
from portal.local.postgres_binaries import ROOTS_FOLDER
from portal.local.problems import CannotStart, tail
from portal.local.processes import Program, forget, kill_group, record, spawn
from portal.local.servers import DATABASE
from portal.local.start import programs
from portal.local.valkey import Valkey
from tests.nemesis.options import Options
from tests.services import clean_leftovers

PREFIX = "portal-nemesis-"
WORKERS = ("worker1", "worker2")
NAIVE_WORKERS = ("naive1", "naive2")
IN_ORDER = ("postgres", "valkey", "sandbox", "web", *WORKERS, "beat")


@dataclass
class Blow:
    """Something was done to a program, and until when that lasted. Times are seconds since the epoch."""

    name: str
    deed: str  # killed, paused, told to stop
    at: float
    until: float = float("inf")
    pids: set[int] = field(default_factory=set)

    def touches(self, start: float, end: float) -> bool:
        return self.at <= end and start <= self.until


class Stack:
    """Only the thread that made it may start programs: the system ends a program with the thread that started it."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.folder = Folder(Path(tempfile.mkdtemp(prefix=PREFIX)))
        self.folder.path.chmod(0o755)  # PostgreSQL may have to run under another account
        self.folder.make()
        self.ledger = self.folder.path / "ledger.jsonl"
        self.postgres = Postgres(self.folder)
        self.valkey = Valkey(self.folder)
        self.web_port, self.sandbox_port = _free_port(), _free_port()
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.blows: list[Blow] = []
        self.programs: dict[str, Program] = {}

    @property
    def url(self) -> str:
        return f"http://{ports.HOST}:{self.web_port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://{ports.HOST}:{self.sandbox_port}"

    @property
    def database_url(self) -> str:
        return self.postgres.url(DATABASE)

    @property
    def workers(self) -> tuple[str, ...]:
        return NAIVE_WORKERS if self.options.naive else WORKERS

    def prepare(self) -> None:
        """Servers, tables, people and places; nothing of the portal itself runs yet."""
        self.postgres.prepare()
        self.valkey.prepare()
        self.programs |= {"postgres": self.postgres.program(), "valkey": self.valkey.program()}
        self.start("postgres", "valkey")
        self.postgres.create_database(DATABASE)
        self.env = self._environment()
        self.programs |= self._portal()
        self.start("sandbox")
        command = [sys.executable, "-m", "tests.nemesis.preparing", str(self.options.clients)]
        self.run(Program("prepare", command, self.env | {"DEMO": "1"}))

    def start_all(self) -> None:
        self.start("web", *self.workers, *(() if self.options.naive else ("beat",)))

    def run(self, program: Program) -> None:
        log = self.log(program.name)
        if spawn(program, log).wait(120):
            raise CannotStart(f"{program.name} failed.\n{tail(log)}")

    # --- What may happen to a program ---------------------------------------------------------------------------

    def start(self, *names: str, wait: bool = True) -> None:
        for name in names:
            if name == "postgres":
                self.postgres.prepare()  # ends what the killed one left behind
            if name == "valkey":
                self.valkey.prepare()
            self.running[name] = spawn(self.programs[name], self.log(name))
            record(self.folder, name, self.running[name].pid)
        for name in names if wait else ():
            self._await(name)
        for name in names:
            self._over(name)

    def kill(self, name: str) -> None:
        """As a power cut does it: the program and all its children at once. Nothing happens to a dead one."""
        if name not in self.running:
            return
        pids = self.pids(name)
        self.blows.append(Blow(name, "killed", time.time(), pids=pids))
        self._kill(name, pids)

    def pause(self, name: str) -> None:
        pids = self.pids(name)
        self.blows.append(Blow(name, "paused", time.time(), pids=pids))
        os.killpg(self.running[name].pid, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        if name in self.running:
            os.killpg(self.running[name].pid, signal.SIGCONT)
        self._over(name)

    def tell_to_stop(self, name: str) -> None:
        """As a deployment does it. It is over when the program has ended."""
        self.blows.append(Blow(name, "told to stop", time.time(), pids=self.pids(name)))
        self.running[name].terminate()

    def has_ended(self, name: str) -> bool:
        return name not in self.running or self.running[name].poll() is not None

    def bury(self, name: str) -> None:
        """After it ended by itself."""
        if process := self.running.pop(name, None):
            kill_group(process.pid)
            process.wait()

    def is_up(self, name: str) -> bool:
        return name in self.running and self.running[name].poll() is None

    def pids(self, name: str) -> set[int]:
        process = self.running[name]
        with contextlib.suppress(psutil.Error):
            return {
                process.pid,
                *(child.pid for child in psutil.Process(process.pid).children(recursive=True)),
            }
        return {process.pid}

    def stop_all(self) -> None:
        for name in reversed([*IN_ORDER, *NAIVE_WORKERS]):
            if name in self.running:
                self._kill(name, self.pids(name))
        for path in (self.folder.path, ROOTS_FOLDER / f"data-{self.folder.key}"):
            shutil.rmtree(path, ignore_errors=True)

    def log(self, name: str) -> Path:
        return self.folder.logs / f"{name}.log"

    # --- Inside -------------------------------------------------------------------------------------------------

    def _kill(self, name: str, pids: set[int]) -> None:
        process = self.running.pop(name)
        forget(self.folder, name)
        kill_group(process.pid)
        for pid in pids - {process.pid}:  # PostgreSQL's children lead groups of their own
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()

    def _over(self, name: str) -> None:
        for blow in self.blows:
            if blow.name == name and blow.until == float("inf"):
                blow.until = time.time()

    def _await(self, name: str) -> None:
        program, started = self.programs[name], time.monotonic()
        while True:
            waited = time.monotonic() - started
            if program.is_ready() if program.is_ready else waited > program.settle_seconds:
                return
            if self.has_ended(name) or waited > program.ready_within:
                raise CannotStart(f"{name} does not get ready.\n{tail(self.log(name))}")
            time.sleep(0.05)

    def _environment(self) -> dict[str, str]:
        given = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        options = self.options
        given |= {
            "DEMO": "0",
            "GRANITE_REQUESTS_PER_MINUTE": str(options.limit),
            "GRANITE_LOCATIONS_PER_MESSAGE": str(options.locations_per_message),
            "SEND_DEADLINE_SECONDS": str(options.deadline),
            "WORKER_CONCURRENCY": str(options.worker_processes),
        }
        return supply(
            given,
            self.folder,
            port=self.web_port,
            sandbox_port=self.sandbox_port,
            database_url=self.database_url,
            broker_url=self.valkey.url,
        )

    def _portal(self) -> dict[str, Program]:
        """As `make run` starts them; two workers, and a vendor that remembers."""
        made = {
            program.name: program
            for program in programs(self.env, self.folder, port=self.web_port, sandbox_port=self.sandbox_port)
        }
        sandbox, worker = made["sandbox"], made.pop("worker")
        more = ["--ledger", str(self.ledger), "--limit", str(self.options.limit), "--speed", "1"]
        made["sandbox"] = replace(
            sandbox, command=[*sandbox.command[: sandbox.command.index("--state")], *more]
        )
        for name in WORKERS:
            made[name] = replace(worker, name=name, command=[*worker.command, "--hostname", f"{name}@%h"])
        for name in NAIVE_WORKERS:
            command = [sys.executable, "-m", "tests.nemesis.naive"]
            made[name] = Program(name, command, self.env, settle_seconds=2)
        return made


def _free_port() -> int:
    with socket.socket() as attempt:
        attempt.bind((ports.HOST, 0))
        return int(attempt.getsockname()[1])


@contextmanager
def prepared_stack(options: Options) -> Iterator[Stack]:
    """A prepared stack; all of it is dead and gone afterwards, whatever happened.

    What a run left that was killed itself is ended by the next one.
    """
    clean_leftovers(Path(tempfile.gettempdir()), PREFIX)
    stack = Stack(options)
    with hold(stack.folder):
        try:
            stack.prepare()
            yield stack
        finally:
            stack.stop_all()


def wait_until(is_true: Callable[[], object], seconds: float, every: float = 0.2) -> bool:
    ends = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > ends:
            return False
        time.sleep(every)
    return True
