"""Reading an answer's body whole or not at all: capped, decompressed, never silently cut short."""

from __future__ import annotations

import zlib
from typing import Any

MAX_ANSWER_BYTES = 5 * 1024 * 1024
BLOCK = 64 * 1024


class UnreadableAnswer(Exception):
    """The body was too long or its compression garbled."""


def read_body(raw: Any, start: bytearray) -> bytes:
    """The body of urllib3's answer `raw`; what came before an error is left in `start`.

    Raises UnreadableAnswer when it is too long; errors of the connection, among them a body shorter than
    its Content-Length or without its last chunk, pass through.
    """
    for block in raw.stream(BLOCK, decode_content=False):
        start += block
        if len(start) > MAX_ANSWER_BYTES:
            del start[MAX_ANSWER_BYTES:]
            raise UnreadableAnswer("The answer is longer than 5 MB.")
    return _decompress(bytes(start), raw.headers.get("Content-Encoding", ""))


def _decompress(body: bytes, encoding: str) -> bytes:
    # We ask for no compression; a proxy in between may do it all the same.
    if not body or encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        return body
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        plain = unpacker.decompress(body, MAX_ANSWER_BYTES + 1)
    except zlib.error as error:
        raise UnreadableAnswer("The answer's compression is broken.") from error
    if len(plain) > MAX_ANSWER_BYTES:
        raise UnreadableAnswer("The answer is longer than 5 MB.")
    if not unpacker.eof:
        raise UnreadableAnswer("The answer's compression ends too early.")
    return plain
