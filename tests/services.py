"""A pytest plugin: real servers and a ready environment for every test run.

It is loaded early (`-p tests.services` in pyproject.toml), because pytest-django reads the settings before any
conftest. The servers belong to the one process that was started by hand; the workers of xdist inherit the environment.
Everything lies in a folder of its own under the system's temporary one, so runs do not meet each other.
"""

import atexit
import base64
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from portal.local.folder import Folder
from portal.local.lock import AlreadyRunning, hold
from portal.local.problems import CannotStart
from portal.local.processes import Program, end_orphans
from portal.local.servers import DATABASE, Servers, start_servers
from portal.local.supervisor import Supervisor

PREFIX = "portal-test-"
OPTIONS = {"max_connections": "200", "shared_buffers": "128MB", "autovacuum": "off"}
STARTED = "PORTAL_TEST_SERVICES"  # set for the workers: somebody above them has done this already


class Services:
    def __init__(self) -> None:
        self.folder = Folder(Path(tempfile.mkdtemp(prefix=PREFIX)))
        self.folder.path.chmod(0o755)  # PostgreSQL may have to run under another account
        self.lock = hold(self.folder)
        self.lock.__enter__()
        self.supervisor = Supervisor(self.folder)

    def start(self) -> None:
        servers = start_servers(
            self.supervisor,
            self.folder,
            postgres=not os.environ.get("DATABASE_URL"),
            valkey=not os.environ.get("CELERY_BROKER_URL"),
            durable=False,
            options=OPTIONS,
        )
        os.environ.update(_environment(self.folder, servers) | {STARTED: str(os.getpid())})
        (self.folder.path / "static").mkdir()  # empty, but there: its absence is warned of at every request
        if servers.postgres:
            self._migrate()
            os.environ["TEST_DATABASE_TEMPLATE"] = DATABASE

    def stop(self) -> None:
        self.supervisor.stop()
        self.lock.__exit__(None, None, None)
        shutil.rmtree(self.folder.path, ignore_errors=True)

    def _migrate(self) -> None:
        """Once per run; every worker's database is then a copy, which takes a tenth of a second."""
        command = [sys.executable, "manage.py", "migrate", "--no-input", "--skip-checks", "-v", "0"]
        self.supervisor.run_step(Program("migrate", command, dict(os.environ)))


def _environment(folder: Folder, servers: Servers) -> dict[str, str]:
    """What the settings need. Only servers may be chosen from outside; the rest must be the same for everybody."""
    found = {
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FIELD_ENCRYPTION_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
        "PUBLIC_URL": "http://localhost",
        "MEDIA_ROOT": str(folder.path / "media"),
        "JOURNAL_ROOT": str(folder.path / "journal"),
        "STATIC_ROOT": str(folder.path / "static"),
        "DEBUG": "0",
        "DEMO": "0",
        "EMAIL_URL": "",
        "MAIL_FROM": "",
    }
    if servers.postgres:
        found["DATABASE_URL"] = servers.database_url
    if servers.valkey:
        found["CELERY_BROKER_URL"] = servers.broker_url
    return found


def clean_leftovers(where: Path, prefix: str = PREFIX) -> None:
    """End and delete what killed runs of ours left; a run that still lives holds its folder's lock."""
    for path in where.glob(f"{prefix}*"):
        try:
            if not path.is_dir() or path.stat().st_uid != os.geteuid() or _is_new(path):
                continue
            with hold(Folder(path)):
                end_orphans(Folder(path), patience=3)
            shutil.rmtree(path, ignore_errors=True)
        except (AlreadyRunning, OSError):
            continue  # in use, or just being deleted by another run


def _is_new(path: Path) -> bool:
    """Made a moment ago, and perhaps not locked yet."""
    return time.time() - path.stat().st_mtime < 10


running: Services | None = None


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, args: list[str]
) -> Generator[None, object, object]:
    """A wrapper runs before every plain hook, and so before pytest-django reads the settings."""
    global running
    if _needs_servers(early_config, args):
        clean_leftovers(Path(tempfile.gettempdir()))
        atexit.register(_stop)  # Ctrl-C before pytest has configured itself ends without pytest_unconfigure
        running = Services()
        try:
            running.start()
        except (CannotStart, OSError, subprocess.SubprocessError) as error:
            _stop()
            raise pytest.UsageError(f"The servers for the tests could not be started.\n{error}") from error
        except BaseException:
            _stop()
            raise
    return (yield)


def _needs_servers(config: pytest.Config, args: list[str]) -> bool:
    """Not in a worker, and not for `-p no:django`, which says that the chosen tests are plain Python."""
    is_worker = STARTED in os.environ or "PYTEST_XDIST_WORKER" in os.environ
    is_question = bool({"--help", "-h", "--version", "-V"} & set(args))
    return not is_worker and not is_question and not config.pluginmanager.is_blocked("django")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores: a good part of the flows waits for processes, minutes and silences."""
    return (os.cpu_count() or 1) + 1


def pytest_unconfigure() -> None:
    _stop()


def _stop() -> None:
    global running
    if running is not None:
        running.stop()
        running = None
