"""Putting an answer on a connection, whole or broken the way it says."""

import contextlib
import select
import socket
import struct
import time
from collections.abc import Callable
from io import BufferedIOBase

from portal.vendors.sandbox.message import Answer

CHUNK = 512  # small, so that the answer of a single ticket has several


class Wire:
    """One connection, for one answer. `is_let_go`: nobody is to be kept waiting any longer."""

    def __init__(
        self, connection: socket.socket, reader: BufferedIOBase, is_let_go: Callable[[], bool]
    ) -> None:
        self.connection, self.reader, self.is_let_go = connection, reader, is_let_go

    def deliver(self, answer: Answer, head: bytes, *, is_head: bool = False) -> None:
        """After anything but a whole answer with a length or chunks, the connection has to be closed."""
        pieces = [] if is_head else answer.pieces
        match answer.delivery:
            case "reset":
                self.reset()
            case "close":
                return
            case "hang":
                self.wait(float("inf"))
            case "cut status":
                self.connection.sendall(head[: len("HTTP/1.1 2")])
            case "cut head":
                self.connection.sendall(head[: len(head) // 2])
            case "drip":
                self._drip(head + b"".join(pieces), answer.drip_seconds)
            case "truncated":
                self._send(head, _chunked(_half(pieces)) if answer.framing == "chunked" else _half(pieces))
            case "half and reset":
                self._send(head, _half(pieces))
                time.sleep(0.1)  # a reset throws away what the client has not taken in yet
                self.reset()
            case _:
                self._send(head, _ended(_chunked(pieces)) if answer.framing == "chunked" else pieces)

    def wait(self, seconds: float) -> bool:
        """Wait; True as soon as there is nobody left to answer."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.is_let_go():
                return True
            if select.select([self.connection], [], [], min(left, 0.1))[0]:
                try:
                    if not self.connection.recv(1, socket.MSG_PEEK):
                        return True
                except OSError:
                    return True
                time.sleep(min(left, 0.05))  # a pipelined request is waiting; it must not make us spin
        return False

    def reset(self) -> None:
        """Break the connection with RST: lingering off makes the close throw away what is unsent."""
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.reader.close()
        self.connection.close()

    def _send(self, head: bytes, pieces: list[bytes]) -> None:
        # The first piece goes with the head, so that an ordinary answer is one packet.
        self.connection.sendall(head + b"".join(pieces[:1]))
        for piece in pieces[1:]:
            self.connection.sendall(piece)

    def _drip(self, data: bytes, seconds: float) -> None:
        for byte in data:
            self.connection.sendall(bytes([byte]))
            if self.wait(seconds):
                return


def framing(answer: Answer) -> list[str]:
    """The header that says where the body ends, if anything says it."""
    if answer.framing == "chunked":
        return ["Transfer-Encoding: chunked"]
    return [f"Content-Length: {sum(map(len, answer.pieces))}"] if answer.framing == "length" else []


def _half(pieces: list[bytes]) -> list[bytes]:
    body = b"".join(pieces)
    return [body[: len(body) // 2]]


def _chunked(pieces: list[bytes]) -> list[bytes]:
    """Every chunk whole; the last one, which says that there are no more, is not among them."""
    body = b"".join(pieces)
    chunks = [body[start : start + CHUNK] for start in range(0, len(body), CHUNK)]
    return [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks]


def _ended(chunks: list[bytes]) -> list[bytes]:
    return [*chunks, b"0\r\n\r\n"]
