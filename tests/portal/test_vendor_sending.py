"""What goes out, byte for byte, and what is kept of it."""

from __future__ import annotations

import hashlib
import io

import pytest

from portal.vendors.errors import NotExecuted, NotSent
from portal.vendors.http import FilePart, MultipartRequest, VendorHttp
from tests.portal.socket_server import (
    OK_BODY,
    answer,
    closed_port,
    file_part,
    http_to,
    serving,
    write,
)


def test_a_redirect_is_not_followed_and_its_body_is_not_sent_again():
    with serving(answer(200, OK_BODY)) as elsewhere:
        with (
            serving(answer(307, b"", f"Location: {elsewhere.url}/create\r\n")) as server,
            pytest.raises(NotExecuted),
        ):
            write(http_to(server), multipart=MultipartRequest([("a", "b")]))
        assert elsewhere.connections == 0


def test_headers_and_nothing_from_the_environment(monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login eve password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    with serving(answer(200, OK_BODY, "Set-Cookie: session=1\r\n")) as server:
        http = http_to(server)
        http.read("/a", correlation_id="corr-1")
        http.read("/b", headers={"Authorization": "Bearer abc"})
    first, second = (request.decode().lower() for request in server.requests)
    assert "x-request-id: corr-1" in first
    assert "accept: application/json" in first
    assert "accept-encoding: identity" in first
    assert "authorization" not in first
    assert "authorization: bearer abc" in second
    assert "cookie" not in second
    assert server.connections == 2


def test_the_credential_is_nowhere_in_the_exchange():
    with serving(answer(200, OK_BODY, "Set-Cookie: session=1\r\n")) as server:
        exchange = write(http_to(server), json={"x": 1}, correlation_id="corr-2")
    assert "abc" not in repr(exchange)
    assert "session=1" not in repr(exchange)
    assert exchange.request_headers["Authorization"] == "[not kept]"
    assert exchange.correlation_id == exchange.request_headers["X-Request-ID"] == "corr-2"
    assert exchange.started_at.tzinfo is not None
    assert exchange.elapsed_seconds > 0


def test_json_goes_out_compact_and_in_utf8():
    with serving(answer(200, OK_BODY)) as server:
        write(http_to(server), json={"a": "ü", "b": [1, 2]})
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert body == '{"a":"ü","b":[1,2]}'.encode()
    assert b"Content-Type: application/json" in head


def test_a_write_without_a_body_says_so():
    with serving(answer(200, OK_BODY)) as server:
        write(http_to(server))
    assert b"Content-Length: 0\r\n" in server.requests[0]


def test_the_bytes_sent_are_the_bytes_hashed_every_time():
    request = MultipartRequest(
        [("contact_name", "Zoë “Z” Roe"), ("locations", '[{"a":1}]')],
        [file_part(data=b"x" * 300_000), file_part("b.csv", b""), file_part("b.csv", b"1;2\r\n")],
        "portal-0123456789abcdef",
    )
    with serving(answer(200, OK_BODY)) as server:
        exchanges = [write(http_to(server), multipart=request) for _ in range(2)]
    bodies = [sent.partition(b"\r\n\r\n")[2] for sent in server.requests]
    assert bodies[0] == bodies[1]
    assert len(bodies[0]) == request.content_length
    assert hashlib.sha256(bodies[0]).hexdigest() == request.body_sha256() == exchanges[0].request_body_sha256
    assert exchanges[0].request_bytes_sent == len(bodies[0])
    assert "Zoë" not in exchanges[0].request_summary
    assert b'name="contact_name"\r\n\r\nZo\xc3\xab \xe2\x80\x9cZ' in bodies[0]
    assert b"multipart/form-data; boundary=portal-0123456789abcdef" in server.requests[0]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("plan.pdf", "plan.pdf"),
        ("Grundriß 平面図.pdf", "Grundriß 平面図.pdf"),
        ('a"b.pdf', "a%22b.pdf"),
        (
            'x.pdf"\r\nContent-Type: text/html\r\n\r\n<b>',
            "x.pdf%22%0D%0AContent-Type: text/html%0D%0A%0D%0A<b>",
        ),
        ("nul\x00tab\t.pdf", "nul%00tab%09.pdf"),
    ],
)
def test_file_names_cannot_break_out_of_their_header(name, written):
    body = MultipartRequest([], [file_part(name, b"data")], "portal-0123456789abcdef").open().read()
    assert (
        body
        == (
            "--portal-0123456789abcdef\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{written}"\r\n'
            "Content-Type: application/pdf\r\n\r\ndata\r\n--portal-0123456789abcdef--\r\n"
        ).encode()
    )


@pytest.mark.parametrize(
    "boundary", ["short", "has space in the middle", "x" * 71, "portal-\r\nX: 1-0123456"]
)
def test_a_bad_boundary_is_refused(boundary):
    with pytest.raises(ValueError, match="boundary"):
        MultipartRequest([], [], boundary)


def test_a_boundary_inside_a_field_is_refused():
    with pytest.raises(ValueError, match="occurs"):
        MultipartRequest([("a", "x portal-0123456789abcdef")], [], "portal-0123456789abcdef")


def test_a_content_type_cannot_carry_a_header():
    with pytest.raises(ValueError, match="content type"):
        FilePart("a.pdf", "text/html\r\nX: 1", 1, io.BytesIO)


@pytest.mark.parametrize("size", [3, 5])
def test_a_file_that_changed_or_went_is_found_before_anything_is_sent(size):
    def missing():
        raise FileNotFoundError("gone")

    with serving(answer(200, OK_BODY)) as server:
        for file in (file_part(data=b"four", size=size), FilePart("a.pdf", "application/pdf", 4, missing)):
            with pytest.raises(NotSent):
                write(http_to(server), multipart=MultipartRequest([], [file]))
        assert server.connections == 0


def test_files_are_streamed_and_closed():
    opened = []

    class Watched(io.BytesIO):
        def read(self, size=-1):
            assert 0 < size <= 65536
            return super().read(size)

    def open_it():
        opened.append(Watched(b"x" * 500_000))
        return opened[-1]

    with serving(answer(200, OK_BODY)) as server:
        write(
            http_to(server),
            multipart=MultipartRequest([], [FilePart("a.png", "image/png", 500_000, open_it)]),
        )
    assert [stream.closed for stream in opened] == [True]


@pytest.mark.parametrize("url", ["", "ftp://x", "api.example.com", "https://"])
def test_an_address_that_is_none_is_refused_at_once(url):
    with pytest.raises(ValueError, match="address"):
        VendorHttp(url)
