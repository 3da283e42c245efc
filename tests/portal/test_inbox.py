"""What vendors tell us unasked: kept as it came, acknowledged at once, and never a reason to fail."""

import json
import logging
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import DatabaseError, connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import inbox
from portal.inbox import Heard
from portal.logs import LineFormatter
from portal.models import AuditEntry, Delivery, VendorAccount
from portal.views import hooks
from portal.wsgi import application
from tests.casework import gtt_account
from tests.cast import Cast, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db: None) -> VendorAccount:
    return gtt_account()


@pytest.fixture
def address(account: VendorAccount) -> str:
    return f"/hooks/gtt/{inbox.new_token(account)[1]}/"


def send(
    address: str, body: bytes = b"{}", method: str = "POST", content_type: str = "application/json", **more
):
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    return client.generic(method, address, body, content_type, **more)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", ""),
        (b"{}", "application/json"),
        (b"[" * 10_000 + b"]" * 10_000, "application/json"),
        (b'{"kind":"case"}\x00\x00', "application/json"),
        ('{"name": "Zürich"}'.encode("utf-16"), "application/json; charset=iso-8859-1"),
        (b"{}", "application/json; charset=klingon"),
        (b"a=b&c=%00", "application/x-www-form-urlencoded"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"\xff\xfe\x00\xd8", "text/html"),
        (b"x" * inbox.LONGEST_BODY, "application/json"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_whatever_comes_is_kept_byte_by_byte(
    address: str, body: bytes, content_type: str, method: str
) -> None:
    assert send(address, body, method, content_type).status_code == 202
    kept = Delivery.objects.get()
    assert (bytes(kept.body), kept.method, kept.content_type) == (body, method, content_type)
    assert kept.state == "waiting"


def test_too_long_is_refused_and_nothing_of_it_kept(address: str) -> None:
    assert send(address, b"x" * (inbox.LONGEST_BODY + 1)).status_code == 413
    assert not Delivery.objects.exists()


def test_sent_in_chunks_it_is_whole(address: str) -> None:
    """Django takes a body of no announced length for an empty one; the server has put it together all the same."""
    request = RequestFactory().post(address, content_type="application/json")
    del request.META["CONTENT_LENGTH"]
    request.META |= {"wsgi.input_terminated": True, "wsgi.input": BytesIO(b'{"kind": "case"}')}
    assert hooks.gtt(request, address.split("/")[-2]).status_code == 202
    assert bytes(Delivery.objects.get().body) == b'{"kind": "case"}'


def test_a_wrong_address_is_none_and_writes_nothing(account: VendorAccount) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert send("/hooks/gtt/" + "A" * 43 + "/").status_code == 404
    assert [query["sql"][:6] for query in asked] == ["SELECT"]
    token, secret = inbox.new_token(account)
    token.valid_until = timezone.now()
    token.save()
    assert send(f"/hooks/gtt/{secret}/").status_code == 404
    assert not Delivery.objects.exists()


def test_other_methods_are_refused(address: str) -> None:
    assert {send(address, b"", method).status_code for method in ("GET", "DELETE", "PATCH")} == {405}


def test_two_addresses_hold_while_one_follows_the_other(account: VendorAccount) -> None:
    secrets = [inbox.new_token(account)[1] for _ in range(2)]
    assert [send(f"/hooks/gtt/{secret}").status_code for secret in secrets] == [202, 202]
    assert len({delivery.token_id for delivery in Delivery.objects.all()}) == 2


def test_nothing_kept_is_a_credential(address: str) -> None:
    answer = send(address, HTTP_AUTHORIZATION="Bearer abc", HTTP_COOKIE="a=b", HTTP_X_SIGNATURE="sig\x00")
    assert answer.status_code == 202
    kept = Delivery.objects.get()
    assert "abc" not in json.dumps(kept.headers)
    assert "Cookie" not in kept.headers
    assert kept.headers["X-Signature"] == "sig\ufffd"
    assert address.split("/")[-2] not in json.dumps(kept.headers)


def test_a_database_that_is_away_is_told_with_a_503(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(Delivery.objects, "create", fail)
    answer = send(address)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")


def test_a_body_that_breaks_off_is_not_kept(address: str) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("The request ended 10 bytes too early.")

    request = RequestFactory().post(address, b"{}", content_type="application/json")
    request._stream = Broken()  # type: ignore[attr-defined]
    assert hooks.gtt(request, address.split("/")[-2]).status_code == 400
    assert not Delivery.objects.exists()


def test_broken_chunks_are_refused(address: str) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ValueError("Invalid chunk size")

    request = RequestFactory().post(address, content_type="application/json")
    del request.META["CONTENT_LENGTH"]
    request.META |= {"wsgi.input_terminated": True, "wsgi.input": Broken()}
    assert hooks.gtt(request, address.split("/")[-2]).status_code == 400


def test_no_log_has_the_secret_of_an_address(address: str) -> None:
    record = logging.LogRecord("x", logging.ERROR, "", 0, "Service Unavailable: %s", (address,), None)
    record.request_id = "-"
    said = LineFormatter().format(record)
    assert said.endswith("Service Unavailable: /hooks/gtt/•••/")
    environ: dict[str, Any] = {"RAW_URI": f"{address}?a=1", "REQUEST_METHOD": "GET", "PATH_INFO": "/healthz"}
    environ |= {"wsgi.input": BytesIO(), "SERVER_NAME": "x", "SERVER_PORT": "80"}
    application(environ, lambda *args: None)
    assert environ["RAW_URI"] == "/hooks/gtt/•••/?a=1"  # what the server logs when it is done


def test_who_stumbles_over_a_delivery_sees_it_again(address: str) -> None:
    send(address)

    def stumble(delivery: Delivery) -> Heard:
        raise RuntimeError("our mistake")

    assert inbox.heed_next(stumble)
    assert not inbox.heed_next(stumble)  # it waits a little
    kept = Delivery.objects.get()
    assert (kept.state, kept.tries, kept.problem) == ("waiting", 1, "RuntimeError('our mistake')")
    Delivery.objects.update(due_at=timezone.now())
    assert inbox.heed_next(lambda delivery: Heard("processed", "Understood.", "CS1"))
    kept.refresh_from_db()
    assert (kept.state, kept.outcome, kept.object_key, kept.problem) == (
        "processed",
        "Understood.",
        "CS1",
        "",
    )
    assert not inbox.heed_next(stumble)


# --- The pages


def test_administrators_find_a_delivery_and_have_it_heeded_again(address: str, people: Cast) -> None:
    send(address, b'{"kind":"case","name":"CS0000001","spec":{"description":"Call 617-555-0101"}}')
    inbox.heed_next(lambda delivery: Heard("ignored", "Of no case of ours.", "CS0000001"))
    root, found = client_of(people.root), Delivery.objects.get()
    assert f"/deliveries/{found.pk}/" in root.get("/deliveries/?q=cs0000001&state=ignored").content.decode()
    assert f"/deliveries/{found.pk}/" not in root.get("/deliveries/?state=waiting").content.decode()
    text = root.get(f"/deliveries/{found.pk}/").content.decode()
    assert "Call 617-555-0101" in text
    assert "Of no case of ours." in text
    assert root.post(f"/deliveries/{found.pk}/again/").status_code == 302
    found.refresh_from_db()
    assert found.state == "waiting"
    assert AuditEntry.objects.filter(action="delivery.again", by=people.root).count() == 1
    assert "waits already" in root.post(f"/deliveries/{found.pk}/again/", follow=True).content.decode()


def test_who_may_only_look_sees_no_telephone_numbers(address: str, people: Cast) -> None:
    send(address, b'{"description":"Call 617-555-0101 or denise@example.com"}')
    people.bob.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    client, pk = client_of(people.bob), Delivery.objects.get().pk
    text = client.get(f"/deliveries/{pk}/").content.decode()
    assert "617-555-0101" not in text
    assert "denise@" not in text
    assert client.post(f"/deliveries/{pk}/again/").status_code == 403


@pytest.mark.parametrize(
    "body", [b"", b"\xff\x00\xfe", b"[" * 5000 + b"]" * 5000, b"<script>alert(1)</script>"]
)
def test_any_body_can_be_shown(address: str, people: Cast, body: bytes) -> None:
    send(address, body)
    answer = client_of(people.root).get(f"/deliveries/{Delivery.objects.get().pk}/")
    assert answer.status_code == 200
    assert b"<script>alert" not in answer.content
