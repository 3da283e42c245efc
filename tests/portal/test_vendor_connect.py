"""Connections that never come about: nothing was sent, and the error says so."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import time
from pathlib import Path

import pytest

from portal.vendors import sockets
from portal.vendors.errors import NotSent, OutcomeUnknown
from portal.vendors.http import MultipartRequest, VendorHttp
from tests.portal.socket_server import (
    OK_BODY,
    SocketServer,
    answer,
    closed_port,
    drip,
    file_part,
    http_to,
    read_request,
    send,
    send_and_reset,
    serving,
    silence,
    write,
)


def assert_not_sent(http: VendorHttp) -> NotSent:
    with pytest.raises(NotSent) as caught:
        write(http)
    assert not caught.value.exchange.connected
    assert caught.value.exchange.request_bytes_sent == 0
    with pytest.raises(NotSent):
        http.read("/x")
    return caught.value


def test_a_refused_connection_is_not_sent():
    error = assert_not_sent(VendorHttp(f"http://127.0.0.1:{closed_port()}"))
    assert "while connecting" in error.message


def test_a_name_that_does_not_exist_is_not_sent():
    error = assert_not_sent(VendorHttp("http://nowhere.invalid", connect_timeout=2))
    assert "looking up its name" in error.message


def test_a_slow_name_server_is_not_sent(monkeypatch):
    # The resolver is the one thing that a socket server cannot play.
    monkeypatch.setattr(sockets.socket, "getaddrinfo", lambda *args, **kwargs: time.sleep(3))
    started = time.monotonic()
    assert_not_sent(VendorHttp("http://slow.invalid", connect_timeout=0.3))
    assert time.monotonic() - started < 1.5


def test_a_full_backlog_is_a_connect_timeout_and_not_sent():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        error = assert_not_sent(
            VendorHttp(f"http://127.0.0.1:{listener.getsockname()[1]}", connect_timeout=0.3)
        )
        for filler in fillers:
            filler.close()
    assert "while connecting" in error.message


def test_tls_to_a_server_that_speaks_plainly_is_not_sent():
    def plain(connection: socket.socket, server: SocketServer) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with serving(plain, read=False) as server:
        error = assert_not_sent(VendorHttp(server.url.replace("http:", "https:")))
    assert "TLS" in error.message


@pytest.mark.parametrize("behave", [silence, drip(b"\x16\x03\x03\x40\x00")], ids=["silence", "drip"])
def test_a_tls_handshake_that_never_ends_is_not_sent(behave):
    with serving(behave, read=False) as server:
        started = time.monotonic()
        assert_not_sent(
            VendorHttp(server.url.replace("http:", "https:"), connect_timeout=5, total_deadline=0.4)
        )
        assert time.monotonic() - started < 2.5


def test_a_certificate_nobody_vouches_for_is_not_sent(certificate):
    with serving(answer(200, OK_BODY), tls=server_context(certificate)) as server:
        assert_not_sent(VendorHttp(server.url))
        assert server.requests == []


def test_a_certificate_of_another_name_is_not_sent(certificate):
    with serving(answer(200, OK_BODY), tls=server_context(certificate)) as server:
        assert_not_sent(VendorHttp(server.url.replace("127.0.0.1", "localhost"), ca_bundle=str(certificate)))
        assert server.requests == []


def test_plain_http_to_a_tls_server_is_unknown(certificate):
    # The connection stood, and who knows what is at the other end of it.
    with (
        serving(answer(200, OK_BODY), tls=server_context(certificate)) as server,
        pytest.raises(OutcomeUnknown),
    ):
        write(VendorHttp(server.url.replace("https:", "http:")))


def test_over_tls_the_same_rules_hold(certificate):
    context = server_context(certificate)
    with serving(answer(200, OK_BODY), tls=context) as server:
        exchange = write(
            http_to(server, ca_bundle=str(certificate)), multipart=MultipartRequest([("a", "b")])
        )
        assert exchange.response_body == OK_BODY
    for behave in (send_and_reset(b""), send(b"HTTP/1.1 200"), drip(b"HTTP/1.1 200 OK\r\n\r\n")):
        with serving(behave, tls=context) as server, pytest.raises(OutcomeUnknown):
            write(http_to(server, ca_bundle=str(certificate)), deadline=0.6)


def test_a_header_the_connection_would_refuse_is_loud_and_opens_none(certificate):
    with serving(answer(200, OK_BODY), tls=server_context(certificate)) as server:
        for value in ("a\r\nX-Evil: 1", "“quoted”"):
            with pytest.raises(ValueError):  # noqa: PT011
                http_to(server, ca_bundle=str(certificate)).write("POST", "/x", headers={"X-A": value})
        assert server.connections == 0


@pytest.mark.parametrize("over_tls", [False, True])
def test_an_upload_may_stall_for_longer_than_connecting_may_take(certificate, over_tls):
    def reads_late(connection: socket.socket, server: SocketServer) -> None:
        time.sleep(0.6)
        read_request(connection)
        answer(200, OK_BODY)(connection, server)

    big = file_part(data=b"x" * 8_000_000)
    tls = server_context(certificate) if over_tls else None
    with serving(reads_late, tls=tls, read=False) as server:
        http = http_to(server, connect_timeout=0.3, ca_bundle=str(certificate))
        assert write(http, multipart=MultipartRequest([], [big])).response_body == OK_BODY


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return path


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
