"""Ports on the loopback address: which are free, and who holds the others."""

import contextlib
import socket

import psutil

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether we may listen there. A listener on all addresses does not stop us binding everywhere, so we knock too."""
    with socket.socket() as knock:
        knock.settimeout(0.5)
        if knock.connect_ex((HOST, port)) == 0:
            return False
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((HOST, port))
        except OSError:
            return False
    return True


def choose(preferred: int) -> int:
    """The preferred port, or any free one."""
    if is_free(preferred):
        return preferred
    with socket.socket() as attempt:
        attempt.bind((HOST, 0))
        return int(attempt.getsockname()[1])


def holder(port: int) -> str:
    """Who listens on the port, as far as this machine tells us."""
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections(kind="tcp"):
            local = tuple(connection.laddr)  # (address, port), or nothing
            listens = connection.status == psutil.CONN_LISTEN and local[1:] == (port,)
            if listens and connection.pid:
                process = psutil.Process(connection.pid)
                command = " ".join(process.cmdline())[:80]
                return f"process {process.pid} of {process.username()} ({command})"
    return "another program"


def is_listening(port: int) -> bool:
    with socket.socket() as knock:
        knock.settimeout(1)
        return knock.connect_ex((HOST, port)) == 0
