"""`make manage`: a command in the environment of the local portal, whether that is running or not."""

import subprocess
import sys
from collections.abc import Mapping

from portal.local.environment import Wanted, port_in, supply
from portal.local.folder import PROJECT, Folder
from portal.local.lock import AlreadyRunning, Running, hold
from portal.local.postgres import Postgres
from portal.local.processes import end_orphans
from portal.local.servers import Servers, start_servers
from portal.local.start import SANDBOX_PORT
from portal.local.supervisor import Supervisor
from portal.local.valkey import Valkey


def manage(folder: Folder, given: Mapping[str, str], arguments: list[str]) -> int:
    """Run a command of manage.py."""
    return run(folder, given, [sys.executable, "manage.py", *arguments])


def run(folder: Folder, given: Mapping[str, str], command: list[str]) -> int:
    """Run one command and return its exit code. The servers are started for it if they are not there."""
    wanted = Wanted.by(given)
    try:
        with hold(folder):
            end_orphans(folder)
            supervisor = Supervisor(folder)
            try:
                servers = start_servers(supervisor, folder, postgres=wanted.postgres, valkey=wanted.valkey)
                return _run(folder, given, servers, command, port_in(given), SANDBOX_PORT)
            finally:
                supervisor.stop()
    except AlreadyRunning as error:
        running = error.running or Running(0)
        servers = Servers(
            Postgres(folder).located() if wanted.postgres else None,
            Valkey(folder).located() if wanted.valkey else None,
        )
        port, sandbox_port = running.port or port_in(given), running.sandbox_port or SANDBOX_PORT
        return _run(folder, given, servers, command, port, sandbox_port)


def _run(
    folder: Folder,
    given: Mapping[str, str],
    servers: Servers,
    command: list[str],
    port: int,
    sandbox_port: int,
) -> int:
    env = supply(
        given,
        folder,
        port=port,
        sandbox_port=sandbox_port,
        database_url=servers.database_url,
        broker_url=servers.broker_url,
    )
    # The command keeps the terminal: Ctrl-C is its own affair, and we wait for what it makes of it.
    process = subprocess.Popen(command, env=env, cwd=PROJECT)  # noqa: S603
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue
