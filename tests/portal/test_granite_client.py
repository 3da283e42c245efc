"""The Granite client against the vendor sandbox, over a real socket; the sandbox's log says what truly happened."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal

import pytest

from portal.vendors.errors import (
    FieldProblem,
    NotExecuted,
    NotFound,
    NotSent,
    OutcomeUnknown,
    ReadFailed,
    Rejected,
)
from portal.vendors.granite.client import ALTERNATE_CREATE_PATHS, Created, GraniteClient, other_create_path
from portal.vendors.granite.wire import NewLocation, NewTickets
from portal.vendors.http import FilePart, MultipartRequest, VendorHttp
from portal.vendors.oauth import MemoryTokenStore, TokenSource
from portal.vendors.sandbox import Sandbox
from portal.vendors.sandbox.granite.accounts import ACCOUNTS
from tests.portal.socket_server import SocketServer, answer, serving

TOMORROW = dt.datetime(2026, 12, 1)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def box(running: Sandbox) -> Sandbox:
    running.start()
    running.reset()
    return running


def client_of(box: Sandbox, **options) -> GraniteClient:
    http = VendorHttp(box.url, connect_timeout=1, read_timeout=5, total_deadline=5, vendor="Granite")
    credentials = {
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
        "scope": "urn:grt:techexpress",
    }
    tokens = TokenSource(http, box.token_url, store=MemoryTokenStore(), **credentials)
    return GraniteClient(http, tokens, **options)


def with_token(server: SocketServer) -> GraniteClient:
    """A client that has a token already, against a server that only knows one answer."""
    http, store = VendorHttp(server.url), MemoryTokenStore()
    store.save("t", 3600)
    return GraniteClient(http, TokenSource(http, server.url, "a", "b", "", store))


@pytest.fixture
def granite(box: Sandbox) -> GraniteClient:
    return client_of(box)


def order(places: int = 2, **changes) -> NewTickets:
    values = {
        "contact_name": "Jane Roe",
        "initial_description": "Replace failed CPE – “rack 4”",
        "automatic_email_contact": True,
        "contact_email_address": "jane.roe@example.com",
        "automatic_email_cc": False,
        "customer_ticket_number": "DSP-000123-1",
        "service_type": "Smart Hands",
        "locations": tuple(
            NewLocation(
                location_name=account.name,
                location_number=f"{number:04}",
                local_contact_name="Sam Poe",
                local_contact_number=5551234567,
                account_macnum=account.macnum,
                start_date=TOMORROW.replace(hour=9),
                end_date=TOMORROW.replace(hour=12),
            )
            for number, account in enumerate(ACCOUNTS[:places])
        ),
    }
    return NewTickets(**(values | changes))


def plan(name: str = "Grundriß.pdf") -> FilePart:
    data = b"%PDF-1.7 plan"
    return FilePart(name, "application/pdf", len(data), lambda: io.BytesIO(data))


def create(granite: GraniteClient, request: MultipartRequest | None = None, **options) -> Created:
    request = request or MultipartRequest(order().to_fields(), [plan()])
    settings = {"path": ALTERNATE_CREATE_PATHS[0], "expected": 2, "correlation_id": "corr-1", "deadline": 5}
    return granite.create_tickets(request=request, **(settings | options))


# Creating


@pytest.mark.parametrize("path", ALTERNATE_CREATE_PATHS)
def test_one_ticket_for_each_location(box, granite, path):
    request = MultipartRequest(order().to_fields(), [plan(), plan("b.pdf")])
    created = create(granite, request, path=path)
    assert created.is_complete
    assert [ticket.id for ticket in created.tickets] == sorted(box.tickets)
    assert [ticket.location_number for ticket in created.tickets] == ["0000", "0001"]
    assert {ticket.status_name for ticket in created.tickets} == {"Pending Tech Assignment"}
    assert [file.filename for file in created.tickets[0].attachments] == ["Grundriß.pdf", "b.pdf"]
    assert all(file.is_ok for file in created.tickets[0].attachments)
    assert created.drift == []
    (told,) = box.calls("create")
    assert told.body_sha256 == request.body_sha256() == created.exchange.request_body_sha256
    assert (told.correlation, told.ignored) == ("corr-1", [])
    assert told.parts["initial_description"] == "Replace failed CPE – “rack 4”"


def test_a_full_order_passes_the_strict_sandbox(box, granite):
    full = order(
        1,
        automatic_email_cc=True,
        automatic_email_cc_address="noc@example.com,pm@example.com",
        po_number="PO-778",
        customer_preferred_tech=True,
        prior_ticket=77,
        special_instructions="Ring twice",
        non_standard_tools="Splicer",
    )
    created = create(granite, MultipartRequest(full.to_fields()), expected=1)
    assert created.is_complete
    assert created.drift == []
    assert created.tickets[0].prior_ticket == 77


def test_a_body_sent_twice_is_the_same_and_makes_everything_twice(box, granite):
    request = MultipartRequest(order().to_fields(), [plan()])
    create(granite, request)
    create(granite, request)
    first, second = box.calls("create")
    assert first.body_sha256 == second.body_sha256
    assert len(box.tickets) == 4


@pytest.mark.parametrize("shape", ["loc", "by_field"])
def test_a_refused_field_is_named_with_its_location(box, granite, shape):
    box.error_shape = shape
    box.fail_next("400_field", field="start_date", index=1, message="Too soon.")
    with pytest.raises(Rejected) as caught:
        create(granite)
    assert [(p.field, p.index) for p in caught.value.problems] == [("start_date", 1)]
    assert "Too soon." in caught.value.problems[0].message
    assert box.tickets == {}


@pytest.mark.parametrize("shape", ["message", "text"])
def test_a_refusal_in_words_is_kept_in_words(box, granite, shape):
    box.error_shape = shape
    box.fail_next("400_field", field="start_date", index=1, message="Too soon.")
    with pytest.raises(Rejected) as caught:
        create(granite)
    assert any("Too soon." in problem.message for problem in caught.value.problems)


def test_the_sandboxs_own_complaints_are_understood(box, granite):
    with pytest.raises(Rejected) as caught:
        create(granite, MultipartRequest(order(service_type="Magic", po_number="x" * 26).to_fields()))
    assert {problem.field for problem in caught.value.problems} >= {"service_type"}
    assert all(isinstance(problem, FieldProblem) for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("fault", "kind", "reason", "made"),
    [
        ("413", Rejected, None, 0),
        ("422", Rejected, None, 0),
        ("401", NotExecuted, "credential", 0),
        ("403", NotExecuted, "permission", 0),
        ("404", NotExecuted, "path", 0),
        ("405", NotExecuted, "path", 0),
        ("429", NotExecuted, "throttled", 0),
        ("redirect", NotExecuted, "redirect", 0),
        ("408", OutcomeUnknown, None, 0),
        ("409", OutcomeUnknown, None, 0),
        ("500", OutcomeUnknown, None, 0),
        ("502_html", OutcomeUnknown, None, 0),
        ("503", OutcomeUnknown, None, 0),
        ("reset_before", OutcomeUnknown, None, 0),
        ("lose_answer", OutcomeUnknown, None, 2),
        ("hang", OutcomeUnknown, None, 2),
        ("drip", OutcomeUnknown, None, 2),
        ("truncated", OutcomeUnknown, None, 2),
        ("empty_200", OutcomeUnknown, None, 2),
        ("html_200", OutcomeUnknown, None, 2),
    ],
)
def test_every_fault_has_its_class_and_is_asked_once(box, granite, fault, kind, reason, made):
    box.fail_next(fault)
    with pytest.raises(kind) as caught:
        create(granite, deadline=1)
    assert getattr(caught.value, "reason", None) == reason
    assert caught.value.exchange.correlation_id == "corr-1"
    assert len(box.calls("create")) == 1
    assert len(box.tickets) == made
    create(granite)


def test_a_slow_answer_within_the_deadline_is_an_answer(box, granite):
    box.fail_next("slow", seconds=0.3)
    assert create(granite).is_complete


def test_retry_after_is_passed_on(box, granite):
    box.fail_next("429", retry_after=17)
    with pytest.raises(NotExecuted) as caught:
        create(granite)
    assert caught.value.retry_after == 17


def test_an_answer_may_be_complete_in_another_order_or_type(box, granite):
    for fault in ("reordered", "string_ids", "nulls", "unknown_fields", "wrong_address", "failed_attachment"):
        box.fail_next(fault)
        created = create(granite)
        assert created.is_complete, fault
        assert all(isinstance(ticket.id, int) for ticket in created.tickets)


def test_fewer_or_more_tickets_than_asked_for_are_told(box, granite):
    for fault, count in (("fewer", 1), ("more", 3)):
        box.fail_next(fault)
        created = create(granite)
        assert (len(created.tickets), created.is_complete) == (count, False)


def test_a_file_that_failed_is_told(box, granite):
    box.fail_next("failed_attachment")
    assert [file.is_ok for ticket in create(granite).tickets for file in ticket.attachments] == [False, False]


def test_what_the_contract_does_not_know_is_drift(box):
    box.fail_next("unknown_fields")
    created = create(client_of(box, known_statuses={"Pending Tech Assignment"}))
    assert {(note.vendor, note.kind) for note in created.drift} == {
        ("granite", "unknown field"),
        ("granite", "unknown word"),
    }


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b"null", b'[{"id": null}]', b'{"status": "accepted"}', b'[{"id": "abc"}]', b"7"]
)
def test_a_2xx_without_a_ticket_id_is_unknown(body):
    with serving(answer(202, body)) as server:
        granite = with_token(server)
        with pytest.raises(OutcomeUnknown) as caught:
            create(granite)
    assert caught.value.exchange.response_body == body


# Tokens


def test_one_token_serves_many_calls(box, granite):
    create(granite)
    granite.search_accounts("Store")
    assert box.token_requests == 1


def test_a_revoked_token_comes_back_with_its_version_and_can_be_dropped(box, granite):
    create(granite)
    box.revoke_tokens()
    with pytest.raises(NotExecuted) as caught:
        create(granite)
    assert caught.value.token_version == 1
    granite.tokens.drop(caught.value.token_version)
    assert create(granite).is_complete
    assert len(box.tickets) == 4


def test_a_read_with_a_revoked_token_says_so_too(box, granite):
    granite.search_accounts("Store")
    box.revoke_tokens()
    with pytest.raises(NotExecuted) as caught:
        granite.search_accounts("Store")
    assert (caught.value.reason, caught.value.token_version) == ("credential", 1)


def test_wrong_credentials_send_nothing(box):
    granite = client_of(box)
    wrong = TokenSource(
        granite.http, box.token_url, "sandbox-client", "wrong", "urn:grt:techexpress", MemoryTokenStore()
    )
    with pytest.raises(NotExecuted) as caught:
        create(GraniteClient(granite.http, wrong))
    assert (caught.value.reason, caught.value.token_version) == ("credential", None)
    assert box.calls("create") == []


def test_a_token_endpoint_in_trouble_sends_nothing(box, granite):
    box.fail_next("503", on="token")
    with pytest.raises(NotSent):
        create(granite)
    assert box.calls("create") == []


def test_a_stopped_vendor_is_not_sent_and_a_closing_one_is_unknown(box, granite):
    granite.tokens.get()
    box.stop()
    with pytest.raises(NotSent):
        create(granite)
    box.start()
    box.down = True
    with pytest.raises(OutcomeUnknown):
        create(granite)
    box.down = False
    assert create(granite).is_complete


# Reading


def test_a_ticket_is_read_as_it_stands(box, granite):
    ticket_id = create(granite).tickets[0].id
    box.set_ticket(ticket_id, status_name="On Site", technician_name="Ana Lopez")
    read = granite.ticket(ticket_id, correlation_id="corr-9")
    assert (read.ticket.id, read.ticket.status_name, read.ticket.technician_name) == (
        ticket_id,
        "On Site",
        "Ana Lopez",
    )
    assert isinstance(read.ticket.attachments[0].id, int)
    assert read.ticket.account_id == ACCOUNTS[0].id
    assert read.drift == []
    assert box.calls("details")[-1].correlation == "corr-9"


def test_a_ticket_that_is_not_there_is_not_found(granite):
    with pytest.raises(NotFound):
        granite.ticket(1)


@pytest.mark.parametrize(
    ("body", "ticket_id"),
    [
        (b'{"status_name": "On Site", "company_id": 3}', 7),
        (b'{"id": "7", "status_name": "On Site"}', 7),
        (b'[{"id": 7}]', 7),
        (b'{"data": {"id": 7}}', 7),
        (b'{"id": 8, "status_name": "On Site"}', None),
        (b'{"message": "try later"}', None),
        (b"[]", None),
        (b"{}", None),
        (b"", None),
        (b"<html>", None),
        (b'[{"id": 7}, {"id": 7}]', None),
    ],
)
def test_details_in_other_forms_and_about_other_things(body, ticket_id):
    with serving(answer(200, body)) as server:
        granite = with_token(server)
        if ticket_id is None:
            with pytest.raises(ReadFailed):
                granite.ticket(7)
        else:
            assert granite.ticket(7).ticket.id == ticket_id


def test_accounts_are_found_with_their_zeros(box, granite):
    found = granite.search_accounts(ACCOUNTS[0].macnum)
    assert ACCOUNTS[0].macnum in [account.macnum for account in found]
    assert found[0].id
    assert found[0].drift == []
    assert len(granite.search_accounts("store", page_size=3)) <= 3
    assert granite.search_accounts("no such place anywhere") == []


def test_a_cost_is_exact(granite):
    start = TOMORROW.replace(hour=9)
    cost = granite.estimated_cost(ACCOUNTS[0].id, "Smart Hands", start, start.replace(hour=12))
    assert isinstance(cost.total, Decimal)
    assert cost.total > 0
    assert cost.drift == []


def test_a_cost_has_never_been_a_float():
    with serving(answer(200, b'{"total": 12345678901234567.89}')) as server:
        cost = with_token(server).estimated_cost(1, "Smart Hands", TOMORROW, TOMORROW)
    assert cost.total == Decimal("12345678901234567.89")


def test_a_refused_question_about_a_cost_has_its_problems(granite):
    start = TOMORROW.replace(hour=9)
    with pytest.raises(ReadFailed) as caught:
        granite.estimated_cost(ACCOUNTS[0].id, "Magic", start, start.replace(hour=12))
    assert [problem.field for problem in caught.value.problems] == ["service_type"]


def test_acting_for_another_company_is_said_on_every_read(box):
    granite = client_of(box, granted_tenant_macnum="00012345")
    granite.search_accounts("Store")
    assert box.calls("search")[-1].query["granted_tenant_macnum"] == "00012345"


def test_reads_in_trouble_are_no_surprise(box, granite):
    for fault, kind in (
        ("500", ReadFailed),
        ("429", NotExecuted),
        ("html_200", ReadFailed),
        ("lose_answer", ReadFailed),
    ):
        box.fail_next(fault, on="search")
        with pytest.raises(kind):
            granite.search_accounts("Store")


def test_the_other_spelling_of_the_create_path():
    first, second = ALTERNATE_CREATE_PATHS
    assert (other_create_path(first), other_create_path(second)) == (second, first)
    assert other_create_path("/proxy/tickets") is None
