"""One call's connection: how far it came, and a clock that can end it at any point.

A read timeout counts from byte to byte, so an answer that drips lives for ever; here a timer shuts the
connection down when the call's time is over, wherever it stands. And whether the vendor may have heard us
is not guessed from the name of an exception: the connection itself notes when it stood.
"""

from __future__ import annotations

import functools
import http.client
import io
import queue
import socket
import threading
import time
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection


class DeadlineOver(OSError):
    """The time for the whole call is up."""


class Call:
    """One request on the wire. Use as a context manager; `finish` says whether it ended in time."""

    def __init__(self, *, connect_timeout: float, read_timeout: float, deadline: float) -> None:
        self.connected = False
        self.stage = "before looking up its name"
        self.connect_timeout = connect_timeout
        self.read_timeout = read_timeout
        self._began = False
        self._expired = False
        self._ends = time.monotonic() + deadline
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(deadline, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Call:
        self._timer.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.finish()

    def finish(self) -> bool:
        """Stop the clock. False if it had run out before."""
        self._timer.cancel()
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None
        return not self._expired

    def begin(self) -> None:
        """Refuse a second connection: a call is one request, whatever a library thinks."""
        if self._began:
            raise ConnectionError("This call already had its connection.")
        self._began = True

    def open_socket(self, host: str, port: int, options: list[tuple[int, int, Any]]) -> socket.socket:
        """Look up and connect, within the connect timeout for all addresses together."""
        ends = min(self._ends, time.monotonic() + self.connect_timeout)
        self.stage = "while looking up its name"
        addresses = look_up(host, port, ends - time.monotonic())
        self.stage = "while connecting"
        error: OSError = DeadlineOver("No time was left to connect.")
        for family, kind, protocol, _, address in addresses:
            left = ends - time.monotonic()
            if left <= 0:
                break
            sock = socket.socket(family, kind, protocol)
            try:
                for option in options:
                    sock.setsockopt(*option)
                sock.settimeout(left)
                sock.connect(address)
                self._watch(sock)
            except OSError as failure:
                sock.close()
                error = failure
            else:
                self.stage = "during the TLS handshake"
                return sock
        raise error

    def stand(self) -> None:
        """Note that the connection stands. From here on nobody may claim that nothing was sent."""
        with self._lock:
            if self._expired:
                raise DeadlineOver("The time was up before the connection stood.")
            self.connected = True
            self.stage = "after the connection stood"

    def _watch(self, sock: socket.socket) -> None:
        # A duplicate of our own: shutting it down ends the connection, without touching an object (or a
        # reused descriptor) that another thread is reading from.
        with self._lock:
            if self._expired:
                raise DeadlineOver("The time was up before the connection stood.")
            self._socket = sock.dup()

    def _expire(self) -> None:
        with self._lock:
            self._expired = True
            if self._socket is not None:
                try:
                    self._socket.shutdown(socket.SHUT_RDWR)
                except OSError:
                    return  # The other side was faster; the reader notices by itself.


def look_up(host: str, port: int, seconds: float) -> list[Any]:
    """Addresses of a name. The resolver knows no timeout, so it is asked in a thread that we can leave."""
    answers: queue.SimpleQueue[list[Any] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=max(seconds, 0.001))
    except queue.Empty:
        raise DeadlineOver(f"Looking up {host} took too long.") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


class _LastLine(io.BufferedIOBase):
    """Passes lines on and remembers the last one, which tells a finished head from a cut one."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self.stream = stream
        self.line = b""

    def readline(self, size: int | None = -1, /) -> bytes:
        self.line = self.stream.readline(-1 if size is None else size)
        return self.line

    def close(self) -> None:
        """Leave the stream to its owner, also when this object is thrown away."""


class WholeHeadResponse(http.client.HTTPResponse):
    """Refuses an answer whose status line or headers were cut off: `HTTP/1.1 200` and an end reads as a 200 otherwise."""

    fp: Any

    def begin(self) -> None:
        if self.headers is not None:
            return
        stream, watch = self.fp, _LastLine(self.fp)
        self.fp = watch
        try:
            super().begin()
        finally:
            if self.fp is watch:
                self.fp = stream
        if watch.line not in (b"\r\n", b"\n"):
            raise http.client.BadStatusLine("the head of the answer was cut off")


class _OfOneCall:
    """What both kinds of connection add: they belong to one call and tell it how far they came."""

    call: Call

    def __init__(self, *args: Any, call: Call, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.call = call

    def _new_conn(self) -> socket.socket:
        connection: Any = self
        return self.call.open_socket(connection._dns_host, connection.port, connection.socket_options or [])

    def connect(self) -> None:
        connection: Any = self
        self.call.begin()
        super().connect()  # type: ignore[misc]
        self.call.stand()
        # Until now the connect timeout was set, which is too short for a slow upload.
        connection.timeout = self.call.read_timeout
        connection.sock.settimeout(self.call.read_timeout)


class PlainConnection(_OfOneCall, HTTPConnection):
    """HTTP, for one call."""

    response_class = WholeHeadResponse  # type: ignore[assignment]


class TlsConnection(_OfOneCall, HTTPSConnection):
    """HTTPS, for one call; `connect` includes the handshake and the check of the certificate."""

    response_class = WholeHeadResponse  # type: ignore[assignment]


class OneCallAdapter(HTTPAdapter):
    """Carries exactly one request: a reused connection would make a reset ambiguous."""

    def __init__(self, call: Call) -> None:
        self.call = call
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        kind = TlsConnection if pool.scheme == "https" else PlainConnection
        pool.ConnectionCls = functools.partial(kind, call=self.call)
        return pool
