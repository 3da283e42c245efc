"""Answers of every kind and their meaning, over real sockets to servers that break every rule."""

from __future__ import annotations

import gzip
import socket
import threading
import time

import pytest

from portal.vendors.answers import MAX_ANSWER_BYTES
from portal.vendors.errors import NotExecuted, NotFound, OutcomeUnknown, ReadFailed, Rejected
from portal.vendors.http import MultipartRequest
from tests.portal.socket_server import (
    OK_BODY,
    SocketServer,
    answer,
    drip,
    file_part,
    http_to,
    send,
    send_and_reset,
    serving,
    silence,
    write,
)

# The classification table


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_2xx_answer_to_a_write_is_handed_back(status):
    with serving(answer(status, b"" if status == 204 else OK_BODY)) as server:
        exchange = write(http_to(server))
    assert exchange.status == status
    assert exchange.connected


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (400, Rejected, None),
        (413, Rejected, None),
        (414, Rejected, None),
        (415, Rejected, None),
        (422, Rejected, None),
        (401, NotExecuted, "credential"),
        (403, NotExecuted, "permission"),
        (404, NotExecuted, "path"),
        (405, NotExecuted, "path"),
        (429, NotExecuted, "throttled"),
        (300, NotExecuted, "redirect"),
        (301, NotExecuted, "redirect"),
        (302, NotExecuted, "redirect"),
        (303, NotExecuted, "redirect"),
        (307, NotExecuted, "redirect"),
        (308, NotExecuted, "redirect"),
        *[(status, OutcomeUnknown, None) for status in (408, 409, 425, 500, 502, 503, 504, 599)],
        *[(status, OutcomeUnknown, None) for status in (101, 402, 406, 410, 412, 418, 423, 451, 600, 999)],
    ],
)
def test_what_each_status_of_a_write_means(status, kind, reason):
    with serving(answer(status, b'{"detail": "no"}', "Location: /elsewhere\r\n")) as server:
        with pytest.raises(kind) as caught:
            write(http_to(server))
        assert server.connections == 1
    error = caught.value
    assert type(error) is kind
    assert getattr(error, "reason", None) == reason
    assert error.exchange.status == status
    assert error.exchange.connected
    if status >= 200:
        assert error.exchange.text() == '{"detail": "no"}'
    assert error.message[0].isupper()
    assert error.message.endswith(".")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ReadFailed),
        (401, NotExecuted),
        (403, NotExecuted),
        (404, NotExecuted),
        (405, NotExecuted),
        (429, NotExecuted),
        (307, NotExecuted),
        (409, ReadFailed),
        (500, ReadFailed),
        (503, ReadFailed),
    ],
)
def test_what_each_status_of_a_read_means(status, kind):
    with serving(answer(status)) as server, pytest.raises(kind):
        http_to(server).read("/things", {"search": "a b&c"})
    assert server.requests[0].startswith(b"GET /things?search=a+b%26c HTTP/1.1\r\n")


def test_a_missing_single_thing_is_not_found():
    with serving(answer(404)) as server, pytest.raises(NotFound):
        http_to(server).read("/things/7", single=True)


def test_a_code_the_vendor_promised_about_is_not_executed_and_no_other():
    with serving(answer(503, headers="Retry-After: 7\r\n")) as server:
        with pytest.raises(NotExecuted) as caught:
            write(http_to(server, not_executed_codes={503}))
        assert (caught.value.reason, caught.value.retry_after) == ("promised", 7)
    with serving(answer(500)) as server, pytest.raises(OutcomeUnknown):
        write(http_to(server, not_executed_codes={503}))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ("", None),
        ("Retry-After: 12\r\n", 12),
        ("retry-after: 0\r\n", 0),
        ("Retry-After: -5\r\n", 0),
        ("Retry-After: 99999999\r\n", 86_400),
        ("Retry-After: soon\r\n", None),
        ("Retry-After: nan\r\n", None),
        ("Date: Wed, 21 Oct 2026 07:28:00 GMT\r\nRetry-After: Wed, 21 Oct 2026 07:29:30 GMT\r\n", 90),
        ("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n", 0),
    ],
)
def test_retry_after_in_all_its_forms(headers, seconds):
    with serving(answer(429, headers=headers)) as server, pytest.raises(NotExecuted) as caught:
        write(http_to(server))
    assert caught.value.retry_after == seconds


# Answers that break off


CUT_ANSWERS = {
    "nothing at all": send(b""),
    "reset without a byte": send_and_reset(b""),
    "cut version": send(b"HTT"),
    "cut status line": send(b"HTTP/1.1 200"),
    "cut status code": send(b"HTTP/1.1 20"),
    "cut refusal": send(b"HTTP/1.1 400 Bad Request"),
    "cut headers": send(b"HTTP/1.1 200 OK\r\nContent-Type: appl"),
    "no blank line": send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n"),
    "no HTTP": send(b"SSH-2.0-OpenSSH_9\r\n\r\n"),
    "status of words": send(b"HTTP/1.1 OK fine\r\n\r\n"),
    "short of its length": send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + OK_BODY),
    "refusal short of its length": send(b"HTTP/1.1 400 No\r\nContent-Length: 100\r\n\r\n{}"),
    "reset in the body": send_and_reset(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + OK_BODY),
    "no last chunk": send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n" + OK_BODY + b"\r\n"),
    "cut chunk": send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" + OK_BODY),
    "garbled chunk": send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + OK_BODY),
    "too long": answer(200, b" " * (MAX_ANSWER_BYTES + 1)),
    "too long without a length": send(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (MAX_ANSWER_BYTES + 1)),
    "cut compression": answer(200, gzip.compress(OK_BODY * 50)[:-9], "Content-Encoding: gzip\r\n"),
    "garbled compression": answer(200, b"not gzip", "Content-Encoding: gzip\r\n"),
    "bomb": answer(200, gzip.compress(b" " * (MAX_ANSWER_BYTES + 1)), "Content-Encoding: gzip\r\n"),
    "endless header": send(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n"),
    "endless headers": send(b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 1000 + b"\r\n"),
}


@pytest.mark.parametrize("name", CUT_ANSWERS)
def test_a_broken_answer_leaves_a_write_unknown_and_a_read_failed(name):
    with serving(CUT_ANSWERS[name]) as server:
        with pytest.raises(OutcomeUnknown) as caught:
            write(http_to(server), multipart=MultipartRequest([("a", "b")], [file_part()]))
        assert server.connections == 1
        with pytest.raises(ReadFailed):
            http_to(server).read("/x")
    exchange = caught.value.exchange
    assert exchange.connected
    assert len(exchange.response_body) <= MAX_ANSWER_BYTES
    assert "We do not know" in caught.value.message


def test_what_came_of_a_broken_answer_is_kept_as_evidence():
    with serving(CUT_ANSWERS["short of its length"]) as server, pytest.raises(OutcomeUnknown) as caught:
        write(http_to(server))
    assert caught.value.exchange.status == 200
    assert caught.value.exchange.response_body == OK_BODY


@pytest.mark.parametrize(
    "whole",
    [
        b"HTTP/1.1 200 OK\r\n\r\n" + OK_BODY,
        b"HTTP/1.0 200 OK\r\n\r\n" + OK_BODY,
        b"HTTP/1.1 200\r\nContent-Length: 9\r\n\r\n" + OK_BODY,
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + OK_BODY,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n"
        + OK_BODY[:4]
        + b"\r\n5\r\n"
        + OK_BODY[4:]
        + b"\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(OK_BODY, mtime=0),
    ],
)
def test_whole_answers_in_their_various_forms(whole):
    with serving(send(whole)) as server:
        assert write(http_to(server)).response_body == OK_BODY


def test_the_longest_answer_is_still_taken():
    with serving(answer(200, b" " * MAX_ANSWER_BYTES)) as server:
        assert len(http_to(server).read("/x").response_body) == MAX_ANSWER_BYTES


# Time


@pytest.mark.parametrize(
    "behave",
    [
        silence,
        drip(b""),
        drip(b"HTTP/1.1 200 OK\r\nX-Slow: "),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\n\r\n" + OK_BODY),
    ],
    ids=["silence", "status line", "header", "body", "body without a length"],
)
def test_the_total_deadline_ends_even_a_dripping_answer(behave):
    with serving(behave) as server:
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown, match=r"within 0.5 s"):
            write(http_to(server, read_timeout=5), deadline=0.5)
        assert 0.4 < time.monotonic() - started < 1.5


def test_a_read_timeout_is_unknown_too():
    with serving(silence) as server, pytest.raises(OutcomeUnknown):
        write(http_to(server, read_timeout=0.3))


def test_a_server_that_does_not_read_cannot_hold_a_large_upload():
    big = file_part(data=b"x" * 20_000_000)
    with serving(silence, read=False) as server:
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown) as caught:
            write(http_to(server), multipart=MultipartRequest([], [big]), deadline=0.5)
        assert time.monotonic() - started < 1.5
    assert 0 < caught.value.exchange.request_bytes_sent < 20_000_000


def test_an_early_refusal_of_a_large_upload_is_read():
    def refuse(connection: socket.socket, server: SocketServer) -> None:
        connection.recv(1000)
        answer(413, b"{}")(connection, server)
        server.stopping.wait(1)

    big = file_part(data=b"x" * 200_000)
    with serving(refuse, read=False) as server, pytest.raises(Rejected):
        write(http_to(server), multipart=MultipartRequest([], [big]))


def test_deadlines_leave_no_threads_behind():
    before = threading.active_count()
    with serving(answer(200, OK_BODY)) as server:
        for _ in range(5):
            write(http_to(server, total_deadline=60))
    time.sleep(0.05)
    assert threading.active_count() <= before
