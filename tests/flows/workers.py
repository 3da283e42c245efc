"""Real Celery workers, as processes of their own, on the test's database."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from django.db import connection

NOWHERE = "redis+socket:///nowhere/valkey.sock"


def database_url() -> str:
    """The address of the database this test runs in, for a process that must see the same rows."""
    settings = connection.settings_dict
    user, host, port = settings["USER"], settings["HOST"], settings["PORT"]
    login = quote(user) + (f":{quote(settings['PASSWORD'])}" if settings["PASSWORD"] else "")
    if host.startswith("/"):
        return f"postgresql://{login}@/{settings['NAME']}?host={host}" + (f"&port={port}" if port else "")
    return f"postgresql://{login}@{host}:{port or 5432}/{settings['NAME']}"


class Worker:
    """One `celery worker` with its pool; ended with its whole process group."""

    def __init__(
        self, *, broker_url: str, concurrency: int = 2, extra: Sequence[str] = (), **environment: str
    ) -> None:
        self.log = Path(tempfile.mkstemp(suffix=".worker.log")[1])
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "portal",
            "worker",
            "-l",
            "info",
            "-c",
            str(concurrency),
            *extra,
        ]
        self.process = subprocess.Popen(
            command,
            env=os.environ | {"DATABASE_URL": database_url(), "CELERY_BROKER_URL": broker_url} | environment,
            stdout=self.log.open("w"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def kill(self) -> None:
        """As a power cut does it: everything at once, nobody is asked."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """As a deployment does it."""
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        self.process.wait(10)


@contextmanager
def working(**options: object) -> Iterator[Worker]:
    worker = Worker(**options)  # type: ignore[arg-type]
    try:
        yield worker
    except BaseException:
        print(worker.log.read_text()[-30000:])
        raise
    finally:
        worker.stop()
        worker.log.unlink(missing_ok=True)


def wait_until(is_true: Callable[[], object], *, seconds: float = 30, what: str) -> None:
    ends = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < ends, f"waited {seconds:g} s in vain: {what}"
        time.sleep(0.1)
