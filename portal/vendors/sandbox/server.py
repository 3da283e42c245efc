"""The server: reads requests, has them answered, and keeps track of the connections."""

import contextlib
import http
import socket
import socketserver
import sys
import threading
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from portal.vendors.sandbox.body import BadFraming, read_body
from portal.vendors.sandbox.message import STEERING, Answer, Request
from portal.vendors.sandbox.wire import Wire, framing

IDLE_SECONDS = 75


class Server(ThreadingHTTPServer):
    """Listens from its creation until `stop`."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(
        self,
        host: str,
        port: int,
        answer: Callable[[Request], Answer],
        *,
        is_reading: Callable[[], bool],
        begin: Callable[[Request], None],
        end: Callable[[Request], None],
    ) -> None:
        """`begin` sees a request before its body is read, `end` when all is over, whatever came of it."""
        self.answer, self.is_reading, self.begin, self.end = answer, is_reading, begin, end
        self.round = 0
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._spared: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__((host, port), Handler)
        self._thread = threading.Thread(
            target=self.serve_forever, args=(0.05,), name="vendor-sandbox", daemon=True
        )
        self._thread.start()

    def server_bind(self) -> None:
        # The base class looks its own name up in the DNS, which may take seconds and is used for nothing here.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def stop(self) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()
        self.close_connections()
        self._thread.join(5)

    def process_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request) -> None:  # type: ignore[no-untyped-def]
        with self._open_lock:
            self._open.discard(request)
            self._spared.discard(request)
        super().shutdown_request(request)

    def let_go(self) -> None:
        """Whoever is kept waiting at this moment is waited with no longer."""
        self.round += 1

    def spare(self, connection: socket.socket) -> None:
        """Leave this one open when the vendor goes down: it is the one on which that was asked."""
        with self._open_lock:
            self._spared.add(connection)

    def close_connections(self) -> None:
        with self._open_lock:
            # A copy: connections end, and leave the set, while the others are being closed.
            open_now = self._open - (set() if self.stopping.is_set() else self._spared)
        for connection in open_now:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "VendorSandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS
    server: Server

    def handle(self) -> None:
        if self.server.is_reading() or self._is_for_steering():
            super().handle()

    def _is_for_steering(self) -> bool:
        """Looked at without reading it: a vendor that is down reads nothing."""
        with contextlib.suppress(OSError):
            start = self.connection.recv(200, socket.MSG_PEEK)
            return start.split(b"\r\n")[0].partition(b" ")[2].startswith(STEERING.encode())
        return False

    def serve(self) -> None:
        request = self._request()
        if request.path.startswith(STEERING):
            self.server.spare(self.connection)
        self.server.begin(request)
        try:
            if answer := self._answer(request):
                self._deliver(answer)
            else:
                self.close_connection = True
                self._wire().reset()
        finally:
            self.server.end(request)

    def _answer(self, request: Request) -> Answer | None:
        """None when the vendor went down meanwhile."""
        try:
            read_body(request, self.rfile)
        except BadFraming:
            self.close_connection = True
            return Answer(400, {"detail": "The length of the body cannot be told."})
        if request.is_too_large:
            self.close_connection = True
            return Answer(413, {"detail": "The body is larger than 300 MB."})
        if not self.server.is_reading() and not request.path.startswith(STEERING):
            return None
        try:
            return self.server.answer(request)
        except Exception:
            # A bug of the sandbox must be loud, yet the next request deserves an answer.
            traceback.print_exc()
            return Answer(500, {"detail": "The sandbox itself is broken; its log has the traceback."})

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = serve

    def log_message(self, format: str, *args: object) -> None:
        """The truth log says it better."""

    def _request(self) -> Request:
        path, _, text = self.path.partition("?")
        query = dict(parse_qsl(text, keep_blank_values=True))
        headers = {name.lower(): value.strip() for name, value in self.headers.items()}
        return Request(self.command, path, query, headers, peer=self.client_address[0])

    def _deliver(self, answer: Answer) -> None:
        wire = self._wire()
        if answer.delay and wire.wait(answer.delay):
            self.close_connection = True
            return
        if answer.delivery != "whole" or answer.framing == "none":
            self.close_connection = True
        wire.deliver(answer, self._head(answer), is_head=self.command == "HEAD")

    def _head(self, answer: Answer) -> bytes:
        phrase = http.HTTPStatus(answer.status).phrase
        lines = [
            f"HTTP/1.1 {answer.status} {phrase}",
            f"Server: {self.server_version}",
            f"Date: {self.date_time_string()}",
            *framing(answer),
            *(f"{name}: {value}" for name, value in answer.headers.items()),
        ]
        if answer.body:
            lines.append(f"Content-Type: {answer.content_type}")
        if self.close_connection:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _wire(self) -> Wire:
        server, started = self.server, self.server.round
        return Wire(
            self.connection,
            self.rfile,
            lambda: server.stopping.is_set() or not server.is_reading() or server.round != started,
        )
