"""What no browser sends and somebody with bad intent does: refused plainly, never an error of ours."""

import io
import logging

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import UnreadablePostError
from django.test import Client, RequestFactory

from portal import logs, wsgi
from portal.middleware import client_address, usable_address
from portal.models import AuditEntry, VendorAccount
from tests.cast import PASSWORD, Cast, client_of
from tests.portal.outbox_parts import make_account
from tests.portal.test_security_headers import folders, manage
from tests.tickets.wizard_kit import Browser

MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="list.csv"\r\n\r\n'
    b"site,zip\r\nBoston,02210\r\n--x--\r\n"
)


@pytest.fixture
def account(db: None) -> VendorAccount:
    return make_account()


@pytest.mark.parametrize(
    "address",
    [
        "/tickets/?q=%00",
        "/tickets/?status=a%00b",
        "/drafts/%00/",
        "/login/?next=%00",
        "/admin/portal/message/?state__exact=%00",
        "/admin/sites/site/?state=%00",
    ],
)
def test_a_nul_in_an_address_is_refused(people: Cast, address: str):
    assert client_of(people.root).get(address).status_code == 400


@pytest.mark.parametrize("charset", ["rot13", "utf-7", "utf-16", "hex", "no-such"])
def test_a_form_in_another_encoding_is_refused(people: Cast, charset: str):
    for kind in ("multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        body = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--'
        answer = client_of(people.alice).generic("POST", "/password/", body, f"{kind}; charset={charset}")
        assert answer.status_code == 400


@pytest.mark.parametrize("number", ["9223372036854775808", "9" * 30, "9" * 5000])
def test_a_number_no_row_can_have_leads_nowhere(people: Cast, account: VendorAccount, number: str):
    alice = Browser(people.alice)
    draft = alice.begin()
    for address in (f"/drafts/{number}/what/", f"/dispatches/{number}/", f"/tickets/{number}/"):
        assert alice.client.get(address).status_code == 404
    assert alice.client.post(f"/drafts/{draft.pk}/files/{number}/remove/").status_code in (200, 302, 404)


@pytest.mark.parametrize("typed", ["9" * 5000, "9" * 30, "\u0663", "-1", "1e3", "\x00"])
def test_a_team_that_cannot_be_is_no_error(people: Cast, account: VendorAccount, typed: str):
    alice = Browser(people.alice)
    draft = alice.begin()
    answer = alice.client.post(f"/drafts/{draft.pk}/save/what/", {"team": typed, "account": typed})
    assert answer.status_code == 200
    assert alice.client.get(f"/drafts/{draft.pk}/what/?check=1").status_code == 200


def test_nobody_gives_a_draft_to_a_team_of_others(people: Cast, account: VendorAccount):
    alice = Browser(people.alice)
    draft = alice.begin()
    alice.client.post(f"/drafts/{draft.pk}/save/what/", {"team": str(people.west.pk)})
    draft.refresh_from_db()
    assert draft.team == people.east


@pytest.mark.parametrize("name", ["page", "seen"])
def test_a_nul_in_the_marks_of_a_page_is_no_error(people: Cast, account: VendorAccount, name: str):
    alice = Browser(people.alice)
    draft = alice.begin()
    typed = {name: "\x00a", "initial_description": "Swap it.", "force": "1"}
    assert alice.client.post(f"/drafts/{draft.pk}/save/what/", typed).status_code == 200
    draft.refresh_from_db()
    assert draft.what["initial_description"] == "Swap it."


@pytest.mark.parametrize("header", ["http://[", "http://[::1", "null", "\x01", "://"])
def test_a_nonsensical_referer_is_not_one_of_ours(people: Cast, header: str):
    for name in ("HTTP_REFERER", "HTTP_ORIGIN"):
        answer = Client().post("/drafts/7/what/", {"initial_description": "planted"}, **{name: header})
        assert answer.status_code == 403
        assert "planted" not in answer.content.decode()


def test_a_body_beyond_all_limits_is_not_read(people: Cast, settings):
    settings.MAX_BODY_BYTES = 1000
    for browser in (Client(), client_of(people.alice)):
        page = browser.post("/drafts/7/files/add/", {"a": "x" * 2000})
        assert page.status_code == 413
        assert "Send fewer or smaller files" in page.content.decode()
        piece = browser.post("/drafts/7/files/add/", {"a": "x" * 2000}, headers={"HX-Request": "true"})
        assert piece["Content-Type"] == "text/plain"


def test_what_is_too_much_is_told_to_htmx_in_plain_words(people: Cast, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    fields = {f"f{number}": "" for number in range(5)}
    answer = client_of(people.alice).post("/password/", fields, headers={"HX-Request": "true"})
    assert answer.status_code == 400
    assert answer.content.decode().startswith("The form has more fields")


@pytest.mark.parametrize("end", [0, 10, 60, -1, None])
def test_a_body_that_breaks_off_is_not_taken_for_the_whole(monkeypatch: pytest.MonkeyPatch, end: int | None):
    """Through the door the server uses: the test client comes in behind it."""
    seen: list[WSGIRequest] = []
    monkeypatch.setattr(
        wsgi, "django_application", lambda environ, start: seen.append(WSGIRequest(environ)) or []
    )
    body = b"initial_description=Swap+the+router+and+call+before+you+come&special_instructions=Ring+twice"
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        content = body if kind.startswith("app") else MULTIPART
        whole = RequestFactory().generic("POST", "/", content, kind).environ
        wsgi.application({**whole, "wsgi.input": io.BytesIO(content[:end])}, lambda *_: None)
    plain, parts = seen
    if end is None:
        assert plain.POST["special_instructions"] == "Ring twice"
        assert parts.FILES["file"].read() == b"site,zip\r\nBoston,02210"
    else:
        for request in seen:
            with pytest.raises(UnreadablePostError):
                _ = request.POST


# --- who asks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        (" 203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("unknown", None),
        ("'; DROP", None),
        ("", None),
    ],
)
def test_an_address_is_one_or_none(text: str, address: str | None):
    assert usable_address(text) == address


def test_a_visitor_cannot_choose_the_address(settings):
    request = RequestFactory().get(
        "/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR="198.51.100.7, 203.0.113.9"
    )
    assert client_address(request) == "192.0.2.1"
    settings.BEHIND_PROXY = True
    assert client_address(request) == "203.0.113.9"


def test_a_proxy_that_sends_nonsense_keeps_nobody_out(people: Cast, client: Client, settings):
    settings.BEHIND_PROXY = True
    form = {"username": "alice", "password": PASSWORD}
    assert client.post("/login/", form, headers={"X-Forwarded-For": "unknown"}).status_code == 302
    assert AuditEntry.objects.get(action="user.signed_in").address is None


def test_every_deed_is_written_down_with_its_address(people: Cast, account: VendorAccount):
    client_of(people.alice).post("/drafts/new/", REMOTE_ADDR="203.0.113.9")
    assert AuditEntry.objects.get(action="draft.begun").address == "203.0.113.9"
    assert logs.client_address.get() is None, "the next request is somebody else's"


def test_a_lock_is_written_down_once(people: Cast, client: Client):
    for name in ("alice", "nobody\uff11"):
        for _ in range(10):
            client.post("/login/", {"username": name, "password": "wrong"}, REMOTE_ADDR="203.0.113.9")
    first, second = AuditEntry.objects.filter(action="login.locked").order_by("id")
    assert (first.about_id, first.address) == (str(people.alice.pk), "203.0.113.9")
    assert (second.about_id, second.details) == ("", {"username": "nobody1"})


@pytest.mark.parametrize("variant", ["alice ", " alice", "\uff41lice", "ali\uff43e", "alice\x00"])
def test_a_name_written_otherwise_does_not_get_around_the_lock(people: Cast, client: Client, variant: str):
    for _ in range(7):
        client.post("/login/", {"username": "alice", "password": "wrong"})
    assert client.post("/login/", {"username": variant, "password": PASSWORD}).status_code in (200, 429)
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("name", ["\x00", "x" * 100_000, "\u202ealice", "<script>", "' OR 1=1 --", "😀"])
def test_any_name_may_be_tried(people: Cast, client: Client, name: str):
    answer = client.post("/login/", {"username": name, "password": "wrong\x00", "next": "\x00//evil"})
    assert answer.status_code == 200
    asked = {"username": name, "password": "wrong"}
    answer = client.post("/login/", asked, headers={"User-Agent": "x" * 5000, "Accept": "y" * 5000})
    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode().replace('<script src="', "")


def test_signing_in_begins_a_new_session(people: Cast, client: Client):
    client.get("/login/")
    session = client.session
    session["planted"] = "yes"
    session.save()
    before = client.cookies["sessionid"].value if "sessionid" in client.cookies else session.session_key
    client.cookies["sessionid"] = before
    client.post("/login/", {"username": "alice", "password": PASSWORD})
    after = client.cookies["sessionid"].value
    assert after != before
    assert Client(headers={"Cookie": f"sessionid={before}"}).get("/").status_code == 302


def test_a_log_line_stays_one_line_and_repaints_nothing():
    record = logging.LogRecord("x", logging.INFO, "", 0, "a\nb\r\x1b[2Jc\u2028d\x85\u202ee", None, None)
    record.request_id = "-"
    line = logs.LineFormatter().format(record)
    assert line.endswith(r"a\nb\r\x1b[2Jc\u2028d\x85\u202ee")


def test_pages_of_bugs_are_not_for_the_world(tmp_path):
    answer = manage("check", DEBUG="1", **folders(tmp_path))
    assert answer.returncode != 0
    assert "DEBUG is not usable. It should be 0 where PUBLIC_URL is an https address." in answer.stderr


# --- the administration -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["\x00", "abc", "9" * 40, "\u0663"])
def test_an_action_on_rows_that_cannot_be_is_refused(people: Cast, account: VendorAccount, key: str):
    form = {"action": "pause_account", "_selected_action": key, "index": "0", "reason": "why"}
    assert client_of(people.root).post("/admin/portal/vendoraccount/", form).status_code == 400


def test_a_reason_with_a_nul_is_refused(people: Cast, account: VendorAccount):
    form = {"action": "pause_account", "_selected_action": account.pk, "index": "0", "reason": "a\x00b"}
    assert client_of(people.root).post("/admin/portal/vendoraccount/", form).status_code == 400
    account.refresh_from_db()
    assert not account.is_paused
