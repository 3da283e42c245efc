"""Access tokens over real sockets: asked for once, renewed early, never shown."""

from __future__ import annotations

import base64
import datetime as dt
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from portal.vendors import oauth
from portal.vendors.errors import NotExecuted, NotSent
from portal.vendors.http import VendorHttp
from portal.vendors.oauth import MemoryTokenStore, TokenSource
from tests.portal.socket_server import (
    SocketServer,
    answer,
    closed_port,
    http_to,
    send,
    send_and_reset,
    serving,
)


def token_answer(**fields):
    return answer(
        200,
        json.dumps({"access_token": "t0ken", "token_type": "Bearer", "expires_in": 3600} | fields).encode(),
    )


def source(server: SocketServer, store=None, **options) -> TokenSource:
    settings = {"client_id": "app1", "client_secret": "xyz123", "scope": "urn:grt:techexpress"} | options
    return TokenSource(http_to(server), server.url + "/token", store=store or MemoryTokenStore(), **settings)


def test_a_token_is_asked_for_with_basic_credentials_and_kept():
    with serving(token_answer()) as server:
        tokens = source(server)
        first, second = tokens.get(), tokens.get()
    assert first == second
    assert (first.value, first.version) == ("t0ken", 1)
    assert 3590 < first.seconds_left() <= 3600
    assert len(server.requests) == 1
    assert b"Authorization: Basic YXBwMTp4eXoxMjM=\r\n" in server.requests[0]
    assert server.requests[0].endswith(b"\r\n\r\ngrant_type=client_credentials&scope=urn%3Agrt%3Atechexpress")
    assert "t0ken" not in repr(first)


def test_credentials_in_the_form_and_no_scope_where_the_vendor_wants_it_so():
    with serving(token_answer()) as server:
        source(server, auth_style="post", scope="").get()
    assert server.requests[0].endswith(b"grant_type=client_credentials&client_id=app1&client_secret=xyz123")
    assert b"Authorization" not in server.requests[0]


@pytest.mark.parametrize("expires_in", [None, "soon", True, -1, 0, [], 10**400, "1e999"])
def test_an_odd_lifetime_counts_as_a_minute(expires_in):
    with serving(token_answer(expires_in=expires_in)) as server:
        tokens = source(server)
        token = tokens.get()
        assert 50 < token.seconds_left() <= 60
        assert tokens.get() == token


@pytest.mark.parametrize(
    ("lifetime", "left", "renewed"),
    [
        (3600, 730, False),
        (3600, 700, True),
        (300, 70, False),
        (300, 50, True),
        (60, 40, False),
        (60, 20, True),
    ],
)
def test_a_token_is_renewed_a_fifth_of_its_life_or_a_minute_before_its_end(lifetime, left, renewed):
    store = AgedStore(lifetime, left)
    with serving(token_answer()) as server:
        assert (source(server, store).get().version == 2) is renewed


class AgedStore(MemoryTokenStore):
    """A store holding a token of which only some seconds are left."""

    def __init__(self, lifetime: float, left: float) -> None:
        super().__init__()
        token = self.save("old", lifetime)
        ends = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=left)
        self._token = type(token)("old", token.version, ends, lifetime)


def test_many_workers_ask_once():
    def slow(connection: socket.socket, server: SocketServer) -> None:
        time.sleep(0.3)
        token_answer()(connection, server)

    with serving(slow) as server:
        store = MemoryTokenStore()
        with ThreadPoolExecutor(16) as pool:
            got = list(pool.map(lambda _: source(server, store).get(), range(16)))
        assert len(server.requests) == 1
    assert {token.version for token in got} == {1}


def test_a_renewal_that_happened_between_look_and_claim_is_used():
    class JustRenewed(MemoryTokenStore):
        def claim_renewal(self, seconds: float) -> bool:
            self.save("theirs", 3600)
            return super().claim_renewal(seconds)

    with serving(token_answer()) as server:
        assert source(server, JustRenewed()).get().value == "theirs"
        assert server.connections == 0


def test_while_one_renews_early_the_others_use_the_old_one():
    store = AgedStore(3600, 600)
    assert store.claim_renewal(30)
    with serving(token_answer()) as server:
        assert source(server, store).get().value == "old"
        assert server.connections == 0


def test_an_early_renewal_that_fails_leaves_the_old_one_in_use():
    store = AgedStore(3600, 600)
    with serving(answer(503)) as server:
        assert source(server, store).get().value == "old"
        with pytest.raises(NotSent):
            source(server, store).get(min_life=700)


def test_a_waiter_takes_over_when_the_one_who_asked_came_back_with_nothing():
    store = MemoryTokenStore()
    assert store.claim_renewal(30)
    threading.Timer(0.3, store.release_renewal).start()
    with serving(token_answer()) as server:
        assert source(server, store).get().version == 1


def test_a_waiter_takes_over_when_the_one_who_asks_has_died(monkeypatch):
    monkeypatch.setattr(oauth, "CLAIM_SECONDS", 0.5)
    monkeypatch.setattr(oauth, "WAIT_SECONDS", 1.5)
    store = MemoryTokenStore()
    assert store.claim_renewal(oauth.CLAIM_SECONDS), "and never came back"
    with serving(token_answer()) as server:
        assert source(server, store).get().version == 1


def test_who_waits_outlives_the_claim_of_a_dead_one():
    assert oauth.ASK_SECONDS < oauth.CLAIM_SECONDS < oauth.WAIT_SECONDS


def test_a_dropped_token_is_asked_for_again_and_a_newer_one_is_not_dropped():
    with serving(token_answer()) as server:
        tokens = source(server)
        first = tokens.get()
        tokens.drop(first.version)
        second = tokens.get()
        tokens.drop(first.version)
        assert tokens.get() == second
    assert second.version == first.version + 1
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 403])
def test_refused_credentials_are_named_and_never_shown(status):
    body = b'{"error": "invalid_client", "error_description": "client app1 with xyz123 is unknown"}'
    with serving(answer(status, body)) as server:
        for style in ("basic", "post"):
            with pytest.raises(NotExecuted) as caught:
                source(server, auth_style=style).get()
            error = caught.value
            assert (error.reason, error.token_version) == ("credential", None)
            assert "invalid_client" in error.message
            assert not any(
                secret in error.message + repr(error.exchange) for secret in ("xyz123", "YXBwMTp4")
            )
            assert error.exchange.response_body == b""


@pytest.mark.parametrize(
    "behave",
    [
        answer(200, b"<html>"),
        answer(200, b'{"token": "secret"}'),
        answer(200, '{"access_token": "naïve"}'.encode()),
        answer(200, b'{"access_token": "a\\r\\nX: 1"}'),
        answer(500),
        answer(503),
        send(b"HTTP/1.1 200"),
        send_and_reset(b""),
    ],
)
def test_without_a_token_nothing_was_sent(behave):
    with serving(behave) as server, pytest.raises(NotSent) as caught:
        source(server).get()
    assert caught.value.exchange.response_body == b""


def test_an_unreachable_token_endpoint_is_not_sent():
    http = VendorHttp("http://127.0.0.1:1")
    store = MemoryTokenStore()
    with pytest.raises(NotSent):
        TokenSource(http, f"http://127.0.0.1:{closed_port()}/token", "a", "b", "", store).get()
    assert store.claim_renewal(1), "the claim was given back"


@pytest.mark.parametrize(("status", "reason"), [(429, "throttled"), (404, "path"), (302, "redirect")])
def test_other_refusals_of_the_token_endpoint_keep_their_reason(status, reason):
    with (
        serving(answer(status, headers="Retry-After: 3\r\n")) as server,
        pytest.raises(NotExecuted) as caught,
    ):
        source(server).get()
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("secret", "pairs"),
    [("p%s+x:y", [b"app1:p%s+x:y", b"app1:p%25s%2Bx%3Ay"]), ("xyz123", [b"app1:xyz123"])],
)
def test_a_secret_of_unusual_characters_is_tried_once_more_as_in_a_form(secret, pairs):
    unauthorized = answer(401, b'{"error": "unauthorized_client"}')
    with serving(unauthorized) as server, pytest.raises(NotExecuted) as refused:
        source(server, client_secret=secret).get()
    assert refused.value.reason == "credential"
    told = [request.split(b"Authorization: Basic ")[1].split(b"\r\n")[0] for request in server.requests]
    assert [base64.b64decode(pair) for pair in told] == pairs


def test_only_a_401_is_a_reason_to_write_the_secret_otherwise():
    with serving(answer(400, b'{"error": "invalid_scope"}')) as server, pytest.raises(NotExecuted):
        source(server, client_secret="p%s").get()
    assert len(server.requests) == 1
    with serving(answer(401)) as server, pytest.raises(NotExecuted):
        source(server, client_secret="p%s", auth_style="post").get()
    assert len(server.requests) == 1
