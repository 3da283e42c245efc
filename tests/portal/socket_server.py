"""A server of a few lines that misbehaves exactly as a test says. It speaks bytes, not HTTP."""

from __future__ import annotations

import contextlib
import io
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from portal.vendors.errors import Exchange
from portal.vendors.http import FilePart, VendorHttp

OK_BODY = b'{"id": 1}'
Behaviour = Callable[[socket.socket, "SocketServer"], None]


class SocketServer:
    """Listens on the loopback; every connection is read to the end of its request and given to `behave`."""

    def __init__(self, behave: Behaviour, *, tls: ssl.SSLContext | None = None, read: bool = True) -> None:
        self.behave, self.tls, self.read = behave, tls, read
        self.requests: list[bytes] = []
        self.connections = 0
        self.stopping = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> SocketServer:
        self._start(self._accept)
        return self

    def __exit__(self, *exc: object) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(5)

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ssl.SSLError):
            connection.settimeout(10)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            if self.read:
                self.requests.append(read_request(connection))
            self.behave(connection, self)
        with contextlib.suppress(OSError):
            connection.close()


def read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        block = connection.recv(65536)
        if not block:
            return data
        data += block
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        block = connection.recv(65536)
        if not block:
            break
        body += block
    return head + b"\r\n\r\n" + body


def answer(status: int, body: bytes = b"{}", headers: str = "") -> Behaviour:
    """A well-formed answer."""
    head = f"HTTP/1.1 {status} Words\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return send(head.encode() + body)


def send(data: bytes) -> Behaviour:
    """These bytes, then the end."""
    return lambda connection, server: connection.sendall(data)


def send_and_reset(data: bytes) -> Behaviour:
    """These bytes, then a reset."""

    def behave(connection: socket.socket, server: SocketServer) -> None:
        if data:
            connection.sendall(data)
            time.sleep(0.1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    return behave


def drip(first: bytes, seconds: float = 10) -> Behaviour:
    """These bytes, then one more every 0.05 s: no single read ever times out."""

    def behave(connection: socket.socket, server: SocketServer) -> None:
        connection.sendall(first)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and not server.stopping.wait(0.05):
            connection.sendall(b"a")

    return behave


def silence(connection: socket.socket, server: SocketServer) -> None:
    """Nothing, until the test is over."""
    server.stopping.wait(10)


@contextlib.contextmanager
def serving(behave: Behaviour, **options: object) -> Iterator[SocketServer]:
    with SocketServer(behave, **options) as server:  # type: ignore[arg-type]
        yield server


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def file_part(name: str = "plan.pdf", data: bytes = b"%PDF-1.7 data", size: int | None = None) -> FilePart:
    return FilePart(name, "application/pdf", len(data) if size is None else size, lambda: io.BytesIO(data))


def http_to(server: SocketServer, **options: Any) -> VendorHttp:
    settings: dict[str, Any] = {
        "connect_timeout": 1,
        "read_timeout": 5,
        "total_deadline": 5,
        "vendor": "Granite",
    }
    return VendorHttp(server.url, **(settings | options))


def write(http: VendorHttp, **options: Any) -> Exchange:
    return http.write("POST", "/create", headers={"Authorization": "Bearer abc"}, **options)
