"""What `make run` does, in order."""

import http.client
import os
import sys
from collections.abc import Mapping
from functools import partial

from portal.local import pages, ports
from portal.local.announce import announce
from portal.local.environment import Wanted, port_in, supply
from portal.local.folder import Folder
from portal.local.lock import Lock, Running, hold
from portal.local.problems import AskedToStop, CannotStart
from portal.local.processes import Program, end_orphans
from portal.local.servers import start_servers
from portal.local.supervisor import Supervisor

SANDBOX_PORT = 8900
STOP_GRACE = 180.0  # a worker told to stop finishes the message in hand, as long as the settings let it take
PYTHON = sys.executable


def start(folder: Folder, given: Mapping[str, str]) -> int:
    """Run the portal until it is told to stop. Returns the exit code; raises CannotStart or AlreadyRunning."""
    wanted, port = Wanted.by(given), port_in(given)
    with hold(folder) as lock:
        for name in end_orphans(folder):
            print(f"Stopped {name}, left behind by an earlier start that was killed.")
        if not ports.is_free(port):
            raise CannotStart(
                f"Port {port} is taken by {ports.holder(port)}.\nChoose another one: make run PORT={ports.choose(port + 1)}"
            )
        supervisor = Supervisor(folder, say=partial(print, flush=True))
        supervisor.catch_signals()
        try:
            _start_all(supervisor, folder, given, wanted, lock, port)
            supervisor.watch()
        except AskedToStop:
            pass
        finally:
            print("\nStopping…", flush=True)
            supervisor.stop()
    return 0


def _start_all(
    supervisor: Supervisor, folder: Folder, given: Mapping[str, str], wanted: Wanted, lock: Lock, port: int
) -> None:
    sandbox_port = ports.choose(SANDBOX_PORT) if wanted.sandbox else 0
    print("Starting the database and the broker…", flush=True)
    servers = start_servers(supervisor, folder, postgres=wanted.postgres, valkey=wanted.valkey)
    env = supply(
        given,
        folder,
        port=port,
        sandbox_port=sandbox_port,
        database_url=servers.database_url,
        broker_url=servers.broker_url,
    )
    print("Preparing the database and the pages…", flush=True)
    supervisor.run_step(preparation(env, folder, demo=wanted.demo))
    pages.note_collected(env, folder)
    print("Starting the portal…", flush=True)
    supervisor.start(*programs(env, folder, port=port, sandbox_port=sandbox_port))
    lock.tell(Running(os.getpid(), env["PUBLIC_URL"], port, sandbox_port))
    announce(env, demo=wanted.demo, sandbox=wanted.sandbox, logs=folder.logs)


def preparation(env: Mapping[str, str], folder: Folder, *, demo: bool) -> Program:
    commands = ["migrate", "bootstrap", *(["load_demo"] if demo else [])]
    if not pages.are_collected(env, folder):
        commands.append("collectstatic")
    return Program("prepare", [PYTHON, "manage.py", "prepare", *commands], env)


def programs(env: Mapping[str, str], folder: Folder, *, port: int, sandbox_port: int) -> list[Program]:
    address, schedule = f"{ports.HOST}:{port}", str(folder.path / "celerybeat-schedule")
    # Loaded once and not once per worker.
    gunicorn = ["gunicorn", "portal.wsgi", "--preload", "--bind", address, "--workers=3", "--timeout=60"]
    gunicorn += ["--access-logfile", "-", "--no-control-socket"]
    celery = ["celery", "--app", "portal"]
    beat = ["beat", "--loglevel", "WARNING", "--schedule", schedule, "--pidfile", ""]
    state = str(folder.path / "sandbox.json")
    sandbox = ["portal.vendors.sandbox", "--port", str(sandbox_port), "--state", state]
    found = [
        Program("web", _module(gunicorn), env, is_ready=lambda: _answers(port)),
        Program(
            "worker",
            _module([*celery, "worker", "--loglevel", "INFO"]),
            env,
            patience=float(env.get("STOP_GRACE_SECONDS") or STOP_GRACE),
            settle_seconds=4,
        ),
        Program("beat", _module([*celery, *beat]), env, settle_seconds=4),
    ]
    if sandbox_port:
        found.insert(
            0, Program("sandbox", _module(sandbox), env, is_ready=lambda: ports.is_listening(sandbox_port))
        )
    return found


def _module(arguments: list[str]) -> list[str]:
    """By module: the scripts in a venv name the folder it was made in, and break when the project moves."""
    return [PYTHON, "-m", *arguments]


def _answers(port: int) -> bool:
    """Whether a page comes, be it the way to the login page; a failing one shows up in the log in the end."""
    connection = http.client.HTTPConnection(ports.HOST, port, timeout=10)
    try:
        connection.request("GET", "/", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def describe(running: Running | None) -> str:
    if running is None:
        return "The portal is already running in this folder."
    if not running.address:
        return f"The portal is already being started in this folder (process {running.pid})."
    return f"The portal is already running in this folder: {running.address} (process {running.pid}).\nTo stop it: make stop"
