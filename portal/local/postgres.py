"""A private PostgreSQL: made once, started on a unix socket only, recovered after any kind of death."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from portal.local.accounts import Account, account_for_postgres
from portal.local.folder import Folder, socket_folder
from portal.local.postgres_binaries import ROOTS_FOLDER, find_binaries
from portal.local.problems import CannotStart, tail
from portal.local.processes import Program

SOCKET = ".s.PGSQL.5432"
INITDB = [
    "-U",
    "postgres",
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
]


class Postgres:
    def __init__(
        self, folder: Folder, *, options: Mapping[str, str] | None = None, durable: bool = True
    ) -> None:
        """`durable=False` is for tests: fast, and worth nothing after a power cut."""
        self.folder = folder
        self.account = account_for_postgres()
        self.binaries = find_binaries(self.account)
        self.data = self._place()
        self.sockets = self.data
        self.options = dict(options or {})
        self.durable = durable
        if not durable:
            self.options |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={quote(str(self.sockets))}"

    def prepare(self) -> None:
        """Make the cluster if there is none, and clear away what a killed server left."""
        if not (self.data / "global" / "pg_control").exists():
            self._initdb()
        self._check_version()
        self._end_strays()
        self._drop_stale_locks()
        self.located()

    def located(self) -> "Postgres":
        """Knows where the socket is, of a server that runs already or will."""
        self.sockets = socket_folder(self.data, SOCKET)
        if self.account and self.sockets != self.data:
            os.chown(self.sockets, self.account.uid, self.account.gid)
        return self

    def program(self) -> Program:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self.sockets}"',
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **self.options,
        }
        command = [str(self.binaries / "postgres"), "-D", str(self.data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        return Program(
            "postgres",
            command,
            cwd=Path("/"),
            account=self.account,
            stop_signal=signal.SIGINT,  # "fast": ends the sessions, then shuts down in order
            patience=30,
            is_ready=self.is_ready,
        )

    def is_ready(self) -> bool:
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def create_database(self, name: str) -> None:
        """Nothing happens when it is there already."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))

    def _place(self) -> Path:
        data = (self.folder.path / "postgres").resolve()
        if self.account is None or _may_enter(self.folder.path.resolve(), self.account):
            return data
        return ROOTS_FOLDER / f"data-{self.folder.key}" / "postgres"

    def _initdb(self) -> None:
        """Into a folder beside, renamed when whole: a start that is killed half-way leaves no half database."""
        half = self.data.with_name("postgres.half-made")
        shutil.rmtree(half, ignore_errors=True)
        if self.data.exists() and any(self.data.iterdir()):
            self.data.rename(self.data.with_name(f"postgres.broken-{int(time.time())}"))
        self.data.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        half.mkdir(mode=0o700)
        if self.account:
            os.chown(half, self.account.uid, self.account.gid)
        command = [str(self.binaries / "initdb"), "-D", str(half), *INITDB, "--locale=C"]
        log = self.folder.logs / "initdb.log"
        arguments = self.account.popen_arguments() if self.account else {}
        with log.open("wb") as output:
            done = subprocess.run(  # noqa: S603
                [*command, *([] if self.durable else ["--no-sync"])],
                cwd="/",
                stdout=output,
                stderr=output,
                **arguments,
            )
        if done.returncode:
            raise CannotStart(f"PostgreSQL could not make its folder {self.data}.\n{tail(log)}")
        half.replace(self.data)

    def _check_version(self) -> None:
        command = [str(self.binaries / "postgres"), "--version"]
        text = subprocess.run(command, capture_output=True, text=True).stdout  # noqa: S603
        ours, theirs = text.split()[-1].split(".")[0], (self.data / "PG_VERSION").read_text().strip()
        if ours != theirs:
            raise CannotStart(
                f"{self.data} was made by PostgreSQL {theirs}, and PostgreSQL {ours} is installed now. "
                "`make clean` starts over with an empty database; `pg_dump` of the old version saves what is there."
            )

    def _end_strays(self, patience: float = 15.0) -> None:
        """A postmaster killed with -9 leaves helpers behind for a moment; two servers on one folder would ruin it."""
        asked_at = time.monotonic()
        sent: set[int] = set()
        while strays := self._strays():
            waited = time.monotonic() - asked_at
            for process in strays:
                if process.pid not in sent or waited > patience:
                    sent.add(process.pid)
                    with contextlib.suppress(psutil.Error):
                        process.send_signal(signal.SIGKILL if waited > patience else signal.SIGINT)
            if waited > 2 * patience:
                raise CannotStart(
                    f"Process {strays[0].pid} still works on {self.data} and cannot be stopped."
                )
            time.sleep(0.1)

    def _strays(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter(["name"]):
            with contextlib.suppress(psutil.Error, OSError):
                ours = (process.info["name"] or "").startswith("postgres") and process.cwd() == str(self.data)
                if ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def _drop_stale_locks(self) -> None:
        """Nobody works on the folder any more: a lock file whose number now belongs to a stranger is only in the way."""
        for name in ("postmaster.pid", SOCKET, f"{SOCKET}.lock"):
            (self.data / name).unlink(missing_ok=True)


def _may_enter(path: Path, account: Account) -> bool:
    while not path.exists():
        path = path.parent
    command = ["/bin/sh", "-c", 'cd "$1" 2>/dev/null', "sh", str(path)]
    test = subprocess.run(command, cwd="/", **account.popen_arguments())  # noqa: S603
    return test.returncode == 0
