"""The only code that touches the network.

Every call has a connection of its own, one total deadline, no redirects, no retries, no proxy or password
taken from the environment, and a verified certificate. What it means when a call fails is decided by how far
the connection came (`sockets`) and by the status code (`classify`), never by the look of an exception.
"""

from __future__ import annotations

import contextlib
import hashlib
import json as jsonlib
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests

from portal.vendors import classify
from portal.vendors.answers import UnreadableAnswer, read_body
from portal.vendors.errors import Exchange, Forbidden, NotSent, OutcomeUnknown, ReadFailed
from portal.vendors.multipart import FilePart, MultipartBody, MultipartRequest, new_boundary
from portal.vendors.sockets import Call, OneCallAdapter

__all__ = ["FilePart", "MultipartRequest", "VendorHttp", "new_boundary"]

CORRELATION_HEADER = "X-Request-ID"
REDACTED = "[not kept]"
_SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie", "set-cookie"}


class _Interrupted(Exception):
    """The connection stood, but no whole answer came. `exchange` holds what did."""

    def __init__(self, message: str, exchange: Exchange) -> None:
        super().__init__(message)
        self.message = message
        self.exchange = exchange


class VendorHttp:
    """Calls one vendor. Cheap to make; holds no connection and may be shared by threads.

    `not_executed_codes`: status codes of which the vendor has promised in writing that nothing was done.
    `why_not`: asked before every call; a sentence of it keeps the call back (Forbidden).
    `ca_bundle`: a file of certificates to trust instead of the public ones; there is no way to trust none.
    """

    def __init__(
        self,
        base_url: str,
        *,
        vendor: str = "The vendor",
        connect_timeout: float = 5,
        read_timeout: float = 30,
        total_deadline: float = 60,
        not_executed_codes: Collection[int] = frozenset(),
        ca_bundle: str | None = None,
        why_not: Callable[[], str] | None = None,
    ) -> None:
        if urlsplit(base_url).scheme not in ("http", "https") or not urlsplit(base_url).hostname:
            raise ValueError(f"{base_url!r} is not an http or https address.")
        self.base_url = base_url.rstrip("/")
        self.vendor = vendor
        self.connect_timeout = connect_timeout
        self.read_timeout = read_timeout
        self.total_deadline = total_deadline
        self.not_executed_codes = frozenset(not_executed_codes)
        self.ca_bundle = ca_bundle
        self.why_not = why_not

    def write(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        multipart: MultipartRequest | None = None,
        json: Any = None,
        body: bytes | None = None,
        deadline: float | None = None,
        correlation_id: str | None = None,
    ) -> Exchange:
        """Send something that cannot be taken back, once. Returns the exchange of a 2xx answer, whatever its body.

        `body` is sent as it is; its Content-Type is among the `headers`.
        `deadline` is the number of seconds the whole call may take.
        Raises NotSent, NotExecuted, Rejected (without `problems`: the client reads the body) or OutcomeUnknown.
        """
        call_headers = dict(headers or {})
        payload: MultipartBody | bytes = b""
        summary = "no body"
        if multipart is not None:
            payload, summary = self._open(multipart), multipart.summary()
            call_headers["Content-Type"] = multipart.content_type
        elif json is not None:
            payload = jsonlib.dumps(json, ensure_ascii=False, separators=(",", ":")).encode()
            summary = f"application/json, {len(payload)} bytes"
            call_headers["Content-Type"] = "application/json"
        elif body is not None:
            payload = body
            summary = f"{call_headers.get('Content-Type', 'no type')}, {len(payload)} bytes"
        try:
            exchange = self._call(method, path, call_headers, payload, summary, deadline, correlation_id)
        except _Interrupted as cut:
            message = f"We do not know whether {self.vendor} carried this out: {cut.message}"
            raise OutcomeUnknown(message, cut.exchange) from cut
        if error := classify.write_error(exchange, self.vendor, self.not_executed_codes):
            raise error
        return exchange

    def read(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        single: bool = False,
        deadline: float | None = None,
        correlation_id: str | None = None,
    ) -> Exchange:
        """Ask for something. Returns the exchange of a 2xx answer.

        `single`: one object is asked for by its name, so that 404 means NotFound rather than a wrong path.
        Raises NotSent, NotExecuted, NotFound or ReadFailed.
        """
        if params:
            path = f"{path}?{urlencode(params)}"
        try:
            exchange = self._call("GET", path, dict(headers or {}), b"", "no body", deadline, correlation_id)
        except _Interrupted as cut:
            raise ReadFailed(f"{self.vendor} gave no whole answer: {cut.message}", cut.exchange) from cut
        if error := classify.read_error(exchange, self.vendor, single=single):
            raise error
        return exchange

    def post_form(
        self, url: str, form: Mapping[str, str], headers: Mapping[str, str], *, deadline: float
    ) -> Exchange:
        """Ask a token endpoint (an absolute address). Returns whatever it answered; raises NotSent or ReadFailed."""
        body = urlencode(form).encode()
        # Neither the fields nor their hash are kept: a secret may be among them.
        summary = f"application/x-www-form-urlencoded, {len(body)} bytes"
        call_headers = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            return self._call("POST", url, call_headers, body, summary, deadline, None, keep_hash=False)
        except _Interrupted as cut:
            message = f"{self.vendor} gave no whole answer to our request for a token: {cut.message}"
            raise ReadFailed(message, cut.exchange) from cut

    def _open(self, multipart: MultipartRequest) -> MultipartBody:
        try:
            return multipart.open()
        except (OSError, ValueError) as error:
            raise NotSent(
                "A file of this message cannot be read or was changed, so nothing was sent."
            ) from error

    def _call(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: MultipartBody | bytes,
        summary: str,
        deadline: float | None,
        correlation_id: str | None,
        *,
        keep_hash: bool = True,
    ) -> Exchange:
        if self.why_not and (sentence := self.why_not()):
            raise Forbidden(sentence)
        correlation_id = correlation_id or str(uuid.uuid4())
        with body if isinstance(body, MultipartBody) else contextlib.nullcontext():
            request = self._prepare(method, path, headers, body, correlation_id)
            exchange = Exchange(
                method=method,
                url=request.url or "",
                request_headers=_without_secrets(request.headers),
                request_summary=summary,
                started_at=datetime.now(UTC),
                correlation_id=correlation_id,
            )
            seconds = self.total_deadline if deadline is None else deadline
            started = time.monotonic()
            try:
                self._exchange(request, exchange, seconds)
            finally:
                exchange.elapsed_seconds = time.monotonic() - started
                if keep_hash:
                    _note_what_was_sent(exchange, body)
        return exchange

    def _prepare(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: MultipartBody | bytes,
        correlation_id: str,
    ) -> requests.PreparedRequest:
        # Prepared without a session: a session adds cookies, .netrc, proxies and redirects.
        all_headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
            "User-Agent": "portal",
            CORRELATION_HEADER: correlation_id,
            **headers,
        }
        for value in all_headers.values():
            value.encode("latin-1")  # A header the connection would refuse must not cost an open connection.
        url = path if path.startswith(("http://", "https://")) else self.base_url + path
        request = requests.Request(method, url, headers=all_headers).prepare()
        if len(body):
            request.body = body  # type: ignore[assignment]
        if len(body) or method != "GET":
            request.headers["Content-Length"] = str(len(body))
        return request

    def _exchange(self, request: requests.PreparedRequest, exchange: Exchange, seconds: float) -> None:
        """Send and receive. Any exception before the connection stood is NotSent, any after it _Interrupted."""
        call = Call(connect_timeout=self.connect_timeout, read_timeout=self.read_timeout, deadline=seconds)
        adapter = OneCallAdapter(call)
        start = bytearray()
        with contextlib.closing(adapter), call:
            try:
                self._send_and_receive(adapter, request, exchange, start)
            except Exception as error:
                exchange.connected = call.connected
                in_time = call.finish()
                if not call.connected:
                    message = f"{self.vendor} could not be reached ({call.stage}), so nothing was sent."
                    raise NotSent(message, exchange) from error
                exchange.response_body = bytes(start)
                raise _Interrupted(_words(error, seconds, in_time), exchange) from error
            exchange.connected = True
            if not call.finish():
                raise _Interrupted(_words(None, seconds, False), exchange)

    def _send_and_receive(
        self, adapter: OneCallAdapter, request: requests.PreparedRequest, exchange: Exchange, start: bytearray
    ) -> None:
        timeouts = (self.connect_timeout, self.read_timeout)
        response = adapter.send(request, stream=True, timeout=timeouts, verify=self.ca_bundle or True)
        with contextlib.closing(response):
            exchange.status = response.status_code
            exchange.response_headers = _without_secrets(response.headers)
            exchange.response_body = read_body(response.raw, start)


def _words(error: Exception | None, seconds: float, in_time: bool) -> str:
    if not in_time:
        return f"there was no whole answer within {seconds:g} s."
    if isinstance(error, UnreadableAnswer):
        return f"{error}"
    return "the connection broke or the answer was garbled."


def _note_what_was_sent(exchange: Exchange, body: MultipartBody | bytes) -> None:
    if isinstance(body, MultipartBody):
        exchange.request_body_sha256, exchange.request_bytes_sent = body.sha256(), body.bytes_read
    elif body and exchange.connected:
        exchange.request_body_sha256 = hashlib.sha256(body).hexdigest()
        exchange.request_bytes_sent = len(body)


def _without_secrets(headers: Mapping[str, Any]) -> dict[str, str]:
    return {
        str(name): REDACTED if str(name).lower() in _SECRET_HEADERS else str(value)
        for name, value in headers.items()
    }
