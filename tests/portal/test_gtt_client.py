"""The GTT client against the vendor sandbox, over a real socket; the sandbox's log says what truly happened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from portal.vendors.errors import NotExecuted, NotFound, NotSent, OutcomeUnknown, ReadFailed, Rejected
from portal.vendors.gtt import wire
from portal.vendors.gtt.client import CasePage, CreatedCase, GttClient, is_conflict
from portal.vendors.http import VendorHttp
from portal.vendors.oauth import MemoryTokenStore, TokenSource
from portal.vendors.sandbox import Sandbox
from portal.vendors.sandbox.gtt.listing import STYLES
from tests.portal.socket_server import SocketServer, answer, closed_port, serving

NAMESPACE = "142033"
PLACE = f"/apis/v1alpha/namespaces/{NAMESPACE}/case"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def box(running: Sandbox) -> Sandbox:
    running.start()
    running.reset()
    return running


def client_of(
    box: Sandbox, *, secret: str = "sandbox-secret", namespace: str = NAMESPACE, **options
) -> GttClient:
    http = VendorHttp(box.url, connect_timeout=1, read_timeout=5, total_deadline=5, vendor="GTT")
    url = box.url + box.gtt.token_path
    tokens = TokenSource(http, url, "sandbox-client", secret, "", MemoryTokenStore())
    return GttClient(http, tokens, namespace=namespace, own_names={"sandbox-client"}, **options)


def with_token(server: SocketServer) -> GttClient:
    """A client that has a token already, against a server that says what the test wants."""
    http, store = VendorHttp(server.url, read_timeout=5, total_deadline=5, vendor="GTT"), MemoryTokenStore()
    store.save("t", 3600)
    return GttClient(http, TokenSource(http, server.url, "a", "b", "", store), namespace=NAMESPACE)


@pytest.fixture
def gtt(box: Sandbox) -> GttClient:
    return client_of(box)


def new_case(namespace: str = NAMESPACE, **changes: str) -> bytes:
    values = {
        "short_description": "Site down – no connectivity",
        "description": "CAS-000123\nBoth tunnels down since 09:10 UTC.",
        "case_type": "Incident",
        "priority": "1 - Critical",
        "category": "Secure Network",
    }
    return wire.as_bytes(wire.NewCase(**(values | changes)).to_body(namespace))


def create(gtt: GttClient, body: bytes = b"", deadline: float = 5) -> CreatedCase:
    return gtt.create_case(body or new_case(), correlation_id="corr-1", deadline=deadline)


def update(gtt: GttClient, raw: dict, changes: dict, deadline: float = 5):
    body = wire.as_bytes(wire.merged(raw, changes))
    return gtt.update_case(body, raw["name"], correlation_id="corr-2", deadline=deadline)


# Creating


def test_a_case_is_raised_and_named(box, gtt):
    body = new_case()
    created = create(gtt, body)
    (name,) = box.gtt.cases
    assert (created.case.key, created.case.name, created.case.state) == (name, name, "Open")
    assert created.case.case_id == box.gtt.cases[name]["case_id"]
    assert box.gtt.cases[name]["fields"]["description"] == "CAS-000123\nBoth tunnels down since 09:10 UTC."
    assert created.case.opened_at is not None
    assert created.drift == []
    (told,) = box.calls("gtt.create")
    assert told.body_sha256 == created.exchange.request_body_sha256
    assert (told.correlation, told.ignored) == ("corr-1", [])
    assert gtt.read_created(created.exchange).case.key == name


def test_bytes_sent_twice_are_the_same_and_make_two_cases(box, gtt):
    body = new_case()
    create(gtt, body)
    create(gtt, body)
    first, second = box.calls("gtt.create")
    assert first.body_sha256 == second.body_sha256
    assert len(box.gtt.cases) == 2


def test_refused_fields_are_named(box, gtt):
    with pytest.raises(Rejected) as caught:
        create(gtt, new_case(category=" ", priority="Urgent"))
    assert {problem.field for problem in caught.value.problems} == {"category", "priority"}
    assert not is_conflict(caught.value)
    assert box.gtt.cases == {}


@pytest.mark.parametrize(
    ("fault", "kind", "reason", "made"),
    [
        ("409", Rejected, None, 0),
        ("413", Rejected, None, 0),
        ("401", NotExecuted, "credential", 0),
        ("403", NotExecuted, "permission", 0),
        ("404", NotExecuted, "path", 0),
        ("405", NotExecuted, "path", 0),
        ("429", NotExecuted, "throttled", 0),
        ("redirect", NotExecuted, "redirect", 0),
        ("408", OutcomeUnknown, None, 0),
        ("500", OutcomeUnknown, None, 0),
        ("502_html", OutcomeUnknown, None, 0),
        ("503", OutcomeUnknown, None, 0),
        ("reset_before", OutcomeUnknown, None, 0),
        ("lose_answer", OutcomeUnknown, None, 1),
        ("hang", OutcomeUnknown, None, 1),
        ("truncated", OutcomeUnknown, None, 1),
        ("html_200", OutcomeUnknown, None, 1),
        ("204", OutcomeUnknown, None, 1),
        ("nameless", OutcomeUnknown, None, 1),
    ],
)
def test_every_fault_has_its_class_and_is_asked_once(box, gtt, fault, kind, reason, made):
    box.fail_next(fault, on="gtt.create")
    with pytest.raises(kind) as caught:
        create(gtt, deadline=1)
    assert getattr(caught.value, "reason", None) == reason
    assert caught.value.exchange.correlation_id == "corr-1"
    assert len(box.calls("gtt.create")) == 1
    assert len(box.gtt.cases) == made
    if reason == "credential":
        assert caught.value.token_version == 1


@pytest.mark.parametrize(
    "fault",
    ["state_number", "odd_state", "number_on_top", "only_case_id", "no_spec", "flat", "case_nulls",
     "case_more_fields", "comments_as_text", "no_comments", "result_wrapped", "other_namespace"],
)  # fmt: skip
def test_an_answer_in_another_form_still_names_its_case(box, gtt, fault):
    box.fail_next(fault, on="gtt.create")
    created = create(gtt)
    (name,) = box.gtt.cases
    assert created.case.names <= {name, box.gtt.cases[name]["case_id"]}
    assert created.case.key


def test_what_the_contract_does_not_know_is_drift(box):
    box.fail_next("case_more_fields", on="gtt.create")
    created = create(client_of(box, known_states={"New"}))
    assert {(note.kind, note.path) for note in created.drift} == {
        ("unknown field", "apiGeneration"),
        ("unknown field", "spec.impact"),
        ("unknown word", "spec.state=Open"),
    }


def test_a_namespace_that_is_not_ours_is_named(box):
    with pytest.raises(NotExecuted, match="may not use the namespace 2135") as caught:
        create(client_of(box, namespace="2135"), new_case("2135"))
    assert (caught.value.reason, str(caught.value)) == ("permission", caught.value.message)


def test_what_was_written_for_another_namespace_stays_here(box, gtt):
    with pytest.raises(Rejected, match="written for the namespace 7") as caught:
        create(gtt, new_case("7"))
    assert caught.value.exchange is None
    assert box.calls("gtt.create") == []


def test_without_a_namespace_nothing_is_sent(box):
    with pytest.raises(NotExecuted, match="no address"):
        create(client_of(box, namespace=""), new_case(""))
    with pytest.raises(NotExecuted):
        client_of(box, namespace="").list_cases()


def test_a_wrong_secret_and_a_dead_host_send_nothing(box):
    with pytest.raises(NotExecuted, match="does not accept our credentials"):
        create(client_of(box, secret="wrong"))
    gtt = client_of(box)
    gtt.http = VendorHttp(f"http://127.0.0.1:{closed_port()}", connect_timeout=1)
    with pytest.raises(NotSent):
        create(gtt)


# Reading


def test_a_case_is_read_by_its_number_and_by_its_id(box, gtt):
    created = create(gtt).case
    box.gtt.comment(created.name, "We are looking into this.", author="Ruth Adeyemi")
    box.gtt.move(created.name, "In Progress")
    for name in (created.name, created.case_id):
        read = gtt.get_case(name).case
        assert (read.key, read.state) == (created.key, "In Progress")
    (comment,) = read.comments
    assert (comment.text, comment.author, comment.is_ours) == (
        "We are looking into this.",
        "Ruth Adeyemi",
        None,
    )
    assert comment.id
    assert comment.at is not None
    assert read.updated_at is not None
    assert read.drift == []


def test_times_are_read_in_the_assumed_zone(box):
    created = create(client_of(box)).case
    box.gtt.book.zone = "America/Denver"
    read = client_of(box, zone=ZoneInfo("America/Denver")).get_case(created.name).case
    assert read.opened_at == created.opened_at
    assert read.opened.text != created.opened.text


def test_a_case_nobody_knows_is_not_found(gtt):
    with pytest.raises(NotFound):
        gtt.get_case("CS0000000")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("another_case", ReadFailed),
        ("no_spec", ReadFailed),
        ("case_nulls", ReadFailed),
        ("204", ReadFailed),
        ("html_200", ReadFailed),
        ("500", ReadFailed),
        ("lose_answer", ReadFailed),
        ("429", NotExecuted),
        ("403", NotExecuted),
    ],
)
def test_a_read_in_trouble_brings_no_case(box, gtt, fault, kind):
    name = create(gtt).case.name
    box.fail_next(fault, on="gtt.get")
    with pytest.raises(kind):
        gtt.get_case(name)


@pytest.mark.parametrize(
    "fault", ["flat", "result_wrapped", "number_on_top", "only_case_id", "comments_as_text"]
)
def test_a_read_in_another_form_says_the_same(box, gtt, fault):
    created = create(gtt).case
    box.gtt.comment(created.name, "Looking.")
    box.fail_next(fault, on="gtt.get")
    name = created.case_id if fault == "only_case_id" else created.name
    read = gtt.get_case(name).case
    assert (read.state, [one.text for one in read.comments]) == ("Open", ["Looking."])


# Listing


def pages_of(gtt: GttClient) -> list[CasePage]:
    pages = [gtt.list_cases()]
    while pages[-1].next and len(pages) < 10:
        pages.append(gtt.list_cases(pages[-1].next))
    return pages


@pytest.mark.parametrize("style", STYLES)
def test_every_page_of_a_list_is_found_in_whatever_style(box, gtt, style):
    box.gtt.list_style, box.gtt.page_size = style, 2
    names = {box.gtt.open_case() for _ in range(5)}
    pages = pages_of(gtt)
    found = [case.key for page in pages for case in page.cases]
    assert sorted(found) == sorted(names)
    assert len(pages) == (1 if style == "one page" else 3)
    assert all(page.is_whole and page.drift == [] for page in pages)


def test_an_empty_list_is_whole(gtt):
    page = gtt.list_cases()
    assert (page.cases, page.next, page.is_whole) == ([], None, True)


@pytest.mark.parametrize(
    ("body", "count", "is_whole"),
    [
        (b'[{"kind": "case", "name": "CS0000001"}, {"kind": "case"}, 7]', 1, False),
        (b'{"items": [], "next": "https://evil.example/apis"}', 0, False),
        (b'{"cases": null}', 0, True),
    ],
)
def test_a_list_with_something_missing_says_so(body, count, is_whole):
    with serving(answer(200, body)) as server:
        page = with_token(server).list_cases()
    assert (len(page.cases), page.next, page.is_whole) == (count, None, is_whole)
    assert [note.sample for note in page.drift if note.path == "items"] == (
        ["2 without a name"] if count else []
    )


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b'{"message": "later"}', b"null", b"[" * 100_000])
def test_what_is_no_list_is_no_empty_list(body):
    with serving(answer(200, body)) as server, pytest.raises(ReadFailed):
        with_token(server).list_cases()


# Changing


def test_a_change_and_a_comment_are_put(box, gtt):
    created = create(gtt).case
    changed = update(
        gtt, gtt.get_case(created.name).case.raw, {"state": "Resolved", "comments": "It is back."}
    )
    assert changed.case is not None
    assert changed.case.state == "Resolved"
    (comment,) = changed.case.comments
    assert (comment.text, comment.is_ours) == ("It is back.", True)
    again = update(gtt, changed.case.raw, {"comments": "Thank you."})
    assert [one.text for one in again.case.comments] == ["It is back.", "Thank you."]
    told = box.calls("gtt.update")
    assert [(one.method, one.ignored) for one in told] == [("PUT", []), ("PUT", [])]


def test_where_put_is_not_taken_the_same_is_sent_as_patch(box, gtt):
    raw = create(gtt).case.raw
    box.gtt.update_methods = {"PATCH"}
    assert update(gtt, raw, {"state": "Resolved"}).case.state == "Resolved"
    put, patch = box.calls("gtt.update")
    assert (put.status, patch.status, put.body_sha256) == (405, 200, patch.body_sha256)


@pytest.mark.parametrize("fault", ["204", "nameless", "another_case", "html_200"])
def test_a_change_that_is_not_shown_was_made_all_the_same(box, gtt, fault):
    created = create(gtt).case
    box.fail_next(fault, on="gtt.update")
    changed = update(gtt, created.raw, {"state": "Resolved"})
    assert (changed.case, changed.drift) == (None, [])
    assert box.gtt.cases[created.name]["state"] == "Resolved"


def test_a_change_of_what_has_changed_meanwhile_is_a_conflict(box, gtt):
    raw = create(gtt).case.raw
    box.advance(60)
    box.gtt.edit(raw["name"], description="Changed by an engineer")
    with pytest.raises(Rejected, match="conflicts") as caught:
        update(gtt, raw, {"description": "Ours"})
    assert is_conflict(caught.value)
    assert caught.value.problems
    assert box.gtt.cases[raw["name"]]["fields"]["description"] == "Changed by an engineer"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("404", NotExecuted), ("422", Rejected), ("500", OutcomeUnknown), ("lose_answer", OutcomeUnknown)],
)
def test_a_change_in_trouble_has_its_class(box, gtt, fault, kind):
    raw = create(gtt).case.raw
    box.fail_next(fault, on="gtt.update")
    with pytest.raises(kind):
        update(gtt, raw, {"state": "Resolved"}, deadline=1)


# Subscribing

HOOK = wire.NewWebhook(name="case-v1alpha-create", url="https://portal.example/h/", action="create")


def subscribe(gtt: GttClient):
    body = wire.as_bytes(HOOK.to_body(NAMESPACE))
    return gtt.create_webhook(body, correlation_id="corr-3", deadline=5)


def by_path(**bodies: tuple[int, bytes]):
    """Answers by the version in the path."""

    def behave(connection, server):
        version = server.requests[-1].split(b"/")[2].decode()
        answer(*bodies[version])(connection, server)

    return behave


def test_a_subscription_is_asked_for_at_the_documented_address():
    shown = json.dumps(HOOK.to_body(NAMESPACE)).encode()
    with serving(answer(201, shown)) as server:
        created = subscribe(with_token(server))
    assert (created.webhook.name, created.webhook.action, created.is_shown) == (HOOK.name, "create", True)
    assert created.drift == []
    assert server.requests[0].startswith(b"POST /apis/v1/namespaces/142033/webhook HTTP/1.1")
    assert b'"version":"v1","namespace":"142033"' in server.requests[0]


def test_where_that_address_is_not_known_the_other_is_tried_once():
    with serving(by_path(v1=(404, b"{}"), v1alpha=(200, b""))) as server:
        created = subscribe(with_token(server))
    assert (created.webhook.url, created.is_shown) == (HOOK.url, False)
    second = server.requests[1]
    assert b'"version":"v1alpha","namespace":"142033"' in second
    with serving(answer(404)) as server, pytest.raises(NotExecuted):
        subscribe(with_token(server))
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [(409, b'{"message": "exists"}', Rejected), (400, b'{"errors": {"spec.action": ["unknown"]}}', Rejected),
     (500, b"", OutcomeUnknown), (200, b"<html>", OutcomeUnknown), (200, b'{"message": "?"}', OutcomeUnknown)],
)  # fmt: skip
def test_a_subscription_in_trouble_has_its_class_and_is_asked_once(status, body, kind):
    with serving(answer(status, body)) as server, pytest.raises(kind):
        subscribe(with_token(server))
    assert len(server.requests) == 1


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_the_sandbox_takes_a_subscription_at_either_address_once(box, gtt, version):
    box.gtt.versions["webhook"] = {version}
    hook = wire.NewWebhook(name="case-v1alpha-update", url="http://127.0.0.1:9/h/", action="update")
    body = wire.as_bytes(hook.to_body(NAMESPACE))
    created = gtt.create_webhook(body, correlation_id="corr-3", deadline=5)
    assert (created.webhook.name, created.webhook.url, created.webhook.action) == (
        hook.name,
        hook.url,
        "update",
    )
    assert (created.is_shown, created.drift) == (True, [])
    (kept,) = box.gtt.webhooks.all(NAMESPACE)
    assert (kept.name, kept.spec["url"]) == (hook.name, hook.url)
    with pytest.raises(Rejected) as caught:
        gtt.create_webhook(body, correlation_id="corr-4", deadline=5)
    assert is_conflict(caught.value)


def test_an_action_the_sandbox_does_not_know_is_refused_at_its_field(box, gtt):
    hook = wire.NewWebhook(name="case-v1alpha-delete", url="http://127.0.0.1:9/h/", action="delete")
    with pytest.raises(Rejected) as caught:
        gtt.create_webhook(wire.as_bytes(hook.to_body(NAMESPACE)), correlation_id="corr-3", deadline=5)
    assert [problem.field for problem in caught.value.problems] == ["action"]
