"""The embedded servers, started by the same few lines for the demo, for one command and for the tests."""

from dataclasses import dataclass

from portal.local.folder import Folder
from portal.local.postgres import Postgres
from portal.local.supervisor import Supervisor
from portal.local.valkey import Valkey

DATABASE = "portal"


@dataclass(frozen=True)
class Servers:
    """Empty addresses where the environment names servers of its own."""

    postgres: Postgres | None
    valkey: Valkey | None

    @property
    def database_url(self) -> str:
        return self.postgres.url(DATABASE) if self.postgres else ""

    @property
    def broker_url(self) -> str:
        return self.valkey.url if self.valkey else ""


def start_servers(
    supervisor: Supervisor,
    folder: Folder,
    *,
    postgres: bool,
    valkey: bool,
    durable: bool = True,
    options: dict[str, str] | None = None,
) -> Servers:
    servers = Servers(
        Postgres(folder, options=options, durable=durable) if postgres else None,
        Valkey(folder, durable=durable) if valkey else None,
    )
    if servers.postgres:
        servers.postgres.prepare()
        supervisor.start(servers.postgres.program())
        servers.postgres.create_database(DATABASE)
    if servers.valkey:
        servers.valkey.prepare()
        supervisor.start(servers.valkey.program())
    return servers
