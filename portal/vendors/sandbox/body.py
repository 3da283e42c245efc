"""Reading a request's body: streamed, hashed as it passes, never held whole in memory unless it is small."""

import hashlib
import json
from collections.abc import Iterator
from io import BufferedIOBase
from urllib.parse import parse_qsl

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from portal.vendors.sandbox.message import FilePart, Request

MOST_BYTES = 300 * 1024 * 1024
MOST_TEXT = 8 * 1024 * 1024  # all text of one body together: five hundred locations need a hundredth of it
BLOCK = 64 * 1024


class CutShort(Exception):
    """The sender stopped before the body was complete."""


class TooLarge(Exception):
    """More than the sandbox is willing to read."""


class BadFraming(Exception):
    """The body's length cannot be told, so the connection cannot be used any more."""


def read_body(request: Request, stream: BufferedIOBase) -> None:
    """Read the body into the request, to its end or to `read_at_most`.

    Raises BadFraming; everything else is noted on the request.
    """
    media_type, options = parse_options_header(request.headers.get("content-type", ""))
    request.media_type = media_type.lower()
    reader = (
        _MultipartReader(request, options) if request.media_type == "multipart/form-data" else _TextReader()
    )
    digest = hashlib.sha256()
    try:
        for block in _blocks(request, stream):
            digest.update(block)
            request.body_length += len(block)
            if request.body_length > MOST_BYTES:
                raise TooLarge
            if request.read_at_most is not None and request.body_length >= request.read_at_most:
                break
            reader.feed(block)
    except (CutShort, TimeoutError, ConnectionError):
        request.is_cut_short = True
    except TooLarge:
        request.is_too_large = True
    request.body_sha256 = digest.hexdigest()
    reader.finish(request)


def _blocks(request: Request, stream: BufferedIOBase) -> Iterator[bytes]:
    if request.headers.get("transfer-encoding", "").lower() == "chunked":
        return _chunked(stream)
    length = request.headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()) or "transfer-encoding" in request.headers:
        raise BadFraming
    if int(length) > MOST_BYTES:
        raise TooLarge
    if request.read_at_most is not None:
        request.read_at_most = int(length) // 2
        return _counted(stream, request.read_at_most)
    return _counted(stream, int(length))


def _counted(stream: BufferedIOBase, length: int) -> Iterator[bytes]:
    while length:
        block = stream.read(min(length, BLOCK))
        if not block:
            raise CutShort
        length -= len(block)
        yield block


def _chunked(stream: BufferedIOBase) -> Iterator[bytes]:
    while True:
        line = stream.readline(100)
        if not line.endswith(b"\n"):
            raise CutShort
        try:
            length = int(line.split(b";")[0], 16)
        except ValueError:
            raise BadFraming from None
        if length < 0:
            raise BadFraming
        yield from _counted(stream, length)
        while (ending := stream.readline(BLOCK)) not in (b"\r\n", b"\n"):
            if length or not ending:  # after the last chunk come trailers, which we skip
                raise CutShort
        if not length:
            return


class _TextReader:
    """Forms and JSON: small, so kept and read at the end."""

    def __init__(self) -> None:
        self.text = bytearray()

    def feed(self, block: bytes) -> None:
        if len(self.text) <= MOST_TEXT:
            self.text += block

    def finish(self, request: Request) -> None:
        if len(self.text) > MOST_TEXT:
            request.trouble = "The body is too long."
            return
        try:
            if request.media_type == "application/x-www-form-urlencoded":
                request.texts = parse_qsl(self.text.decode(), keep_blank_values=True, max_num_fields=1000)
            elif request.media_type == "application/json" and self.text:
                request.json = json.loads(self.text)
                request.text = self.text.decode("utf-8", "replace")
        except (ValueError, RecursionError) as error:
            request.trouble = f"The body cannot be read: {error}"


class _MultipartReader:
    """Text parts are kept, files are only counted and hashed."""

    def __init__(self, request: Request, options: dict[str, str]) -> None:
        self.request = request
        self.text_bytes = 0
        self.part = bytearray()
        self.digest = hashlib.sha256()
        self.segment: MultipartSegment | None = None
        self.trouble = ""
        self.parser: PushMultipartParser | None = None
        try:
            self.parser = PushMultipartParser(
                options.get("boundary", ""), max_segment_count=2000, strict=True
            )
        except MultipartError as error:
            self.trouble = f"The multipart boundary is missing or malformed: {error}"

    def feed(self, block: bytes) -> None:
        if self.parser is None or self.trouble:
            return
        try:
            for event in self.parser.parse(block):
                self._take(event)
        except MultipartError as error:
            self.trouble = f"The multipart body is malformed: {error}"

    def finish(self, request: Request) -> None:
        if not self.trouble and self.parser is not None:
            try:
                self.parser.close()
            except MultipartError:
                self.trouble = "The multipart body has no end."
        request.trouble = self.trouble

    def _take(self, event: MultipartSegment | bytearray | bytes | None) -> None:
        if isinstance(event, MultipartSegment):
            self.segment, self.part, self.digest = event, bytearray(), hashlib.sha256()
        elif event is None:
            self._end_part()
        elif self.segment is not None and self.segment.filename is not None:
            self.digest.update(event)
        else:
            self.text_bytes += len(event)
            if self.text_bytes > MOST_TEXT:
                self.trouble = "The text parts are too long."
            else:
                self.part += event

    def _end_part(self) -> None:
        segment = self.segment
        if segment is None:
            return
        name = segment.name or ""
        if segment.filename is not None:
            kind = segment.content_type or ""
            self.request.files.append(
                FilePart(name, segment.filename, kind, segment.size, self.digest.hexdigest())
            )
            return
        try:
            self.request.texts.append((name, self.part.decode()))
        except UnicodeDecodeError:
            self.trouble = f"The part {name!r} is not UTF-8."
