"""multipart/form-data whose bytes depend on its parts and nothing else.

A message is frozen when a person submits it, and what is sent later must be what was previewed, byte for
byte, even if a library was upgraded in between. Hence our own few lines instead of a library's encoder.
File names follow RFC 7578 as browsers do: UTF-8, with quote, CR and LF percent-escaped.
"""

from __future__ import annotations

import hashlib
import io
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import BinaryIO

BLOCK = 64 * 1024
FILE_PART = "file"
_BOUNDARY = re.compile(r"[0-9A-Za-z_-]{16,70}")
_CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w-]+=[\w.-]+)*", re.ASCII)
_ESCAPES = {ord('"'): "%22", ord("\r"): "%0D", ord("\n"): "%0A"}
_ESCAPES |= {code: f"%{code:02X}" for code in (*range(32), 127) if code not in _ESCAPES}


def new_boundary() -> str:
    """A boundary no file contains by chance. Keep it with the message: the hash depends on it."""
    return "portal-" + secrets.token_hex(16)


@dataclass(frozen=True)
class FilePart:
    """One file, sent as a part named `file`. `open` gives a fresh stream of exactly `size` bytes."""

    filename: str
    content_type: str
    size: int
    open: Callable[[], BinaryIO]

    def __post_init__(self) -> None:
        if not self.filename:
            raise ValueError("A file needs a name.")
        if not _CONTENT_TYPE.fullmatch(self.content_type):
            raise ValueError(f"{self.content_type!r} is not a content type.")


@dataclass(frozen=True)
class MultipartRequest:
    """Text fields in order, then the files. Sending it twice gives the same bytes."""

    fields: list[tuple[str, str]]
    files: list[FilePart] = field(default_factory=list)
    boundary: str = field(default_factory=new_boundary)

    def __post_init__(self) -> None:
        if not _BOUNDARY.fullmatch(self.boundary):
            raise ValueError("A boundary has 16 to 70 letters, digits, hyphens or underscores.")
        if any(self.boundary in value for _, value in self.fields):
            raise ValueError("The boundary occurs in a field.")

    @property
    def content_type(self) -> str:
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def content_length(self) -> int:
        return sum(len(piece) if isinstance(piece, bytes) else piece.size for piece in self._pieces())

    def open(self) -> MultipartBody:
        """The body as a readable stream. Opens every file now, so that a missing one is noticed before sending."""
        return MultipartBody(self)

    def body_sha256(self) -> str:
        """Hash of exactly the bytes which will be sent. Reads every file once."""
        with self.open() as body:
            while body.read(BLOCK):
                pass
            return body.sha256()

    def summary(self) -> str:
        """What it is made of, without anybody's data."""
        names = ", ".join(name for name, _ in self.fields)
        files = "; ".join(f"{file.filename} ({file.size} bytes)" for file in self.files) or "none"
        return f"multipart/form-data, {self.content_length} bytes; fields: {names}; files: {files}"

    def _pieces(self) -> Iterator[bytes | FilePart]:
        for name, value in self.fields:
            yield self._head(f'name="{_escape(name)}"', "") + value.encode() + b"\r\n"
        for file in self.files:
            yield self._head(f'name="{FILE_PART}"; filename="{_escape(file.filename)}"', file.content_type)
            yield file
            yield b"\r\n"
        yield f"--{self.boundary}--\r\n".encode()

    def _head(self, disposition: str, content_type: str) -> bytes:
        lines = [f"--{self.boundary}", f"Content-Disposition: form-data; {disposition}"]
        if content_type:
            lines.append(f"Content-Type: {content_type}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


class MultipartBody:
    """A stream over a request's pieces, for one sending. Knows the length and hashes what was read."""

    def __init__(self, request: MultipartRequest) -> None:
        self._length = request.content_length
        self._files = ExitStack()
        self._hash = hashlib.sha256()
        self.bytes_read = 0
        try:
            streams = [self._open_file(file) for file in request.files]
        except BaseException:
            self._files.close()
            raise
        self._blocks = _blocks(request._pieces(), iter(streams))
        self._rest = b""

    def _open_file(self, file: FilePart) -> BinaryIO:
        stream = file.open()
        self._files.callback(stream.close)
        if stream.seekable():
            # A changed file is found out here, while nothing is sent, rather than in the middle of the body.
            if stream.seek(0, io.SEEK_END) != file.size:
                raise ValueError(f"The file {file.filename!r} is not {file.size} bytes long.")
            stream.seek(0)
        return stream

    def __enter__(self) -> MultipartBody:
        return self

    def __exit__(self, *exc: object) -> None:
        self._files.close()

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, fewer only at the end. Raises ValueError when a file is not of its stated size."""
        while size < 0 or len(self._rest) < size:
            block = next(self._blocks, b"")
            if not block:
                break
            self._rest += block
        cut = len(self._rest) if size < 0 else size
        data, self._rest = self._rest[:cut], self._rest[cut:]
        self._hash.update(data)
        self.bytes_read += len(data)
        return data

    def sha256(self) -> str:
        return self._hash.hexdigest()


def _blocks(pieces: Iterator[bytes | FilePart], streams: Iterator[BinaryIO]) -> Iterator[bytes]:
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
        else:
            yield from _file_blocks(piece, next(streams))


def _file_blocks(file: FilePart, stream: BinaryIO) -> Iterator[bytes]:
    left = file.size
    while block := stream.read(BLOCK):
        left -= len(block)
        if left < 0:
            break
        yield block
    if left:
        raise ValueError(f"The file {file.filename!r} is not {file.size} bytes long.")


def _escape(text: str) -> str:
    return text.translate(_ESCAPES)
