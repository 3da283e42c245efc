"""The sandbox is as strict as Granite's pages, breaks the way it was told to, and never lies in its truth log."""

import hashlib
import json
import socket
import subprocess
import sys
import threading
import time

import pytest
import requests
from urllib3.filepost import encode_multipart_formdata

from portal.vendors.sandbox import Sandbox
from portal.vendors.sandbox.granite.accounts import ACCOUNTS, BY_MACNUM
from portal.vendors.sandbox.granite.order import SERVICE_TYPES
from portal.vendors.sandbox.kinds import COMMON
from portal.vendors.sandbox.truth import _most_in_window
from tests.portal.sandbox_parts import (
    BASIC,
    BOSTON,
    CREATE,
    GRANT,
    LOWELL,
    MIB,
    create,
    form,
    get,
    location,
    places,
    take_token,
)


@pytest.fixture(scope="module")
def server():
    with Sandbox() as box:
        yield box


@pytest.fixture
def box(server):
    server.reset()
    if server.is_stopped:
        server.port = 0  # the old one may be somebody else's by now
        server.start()
    return server


@pytest.fixture
def bearer(box):
    return {"Authorization": f"Bearer {take_token(box)}"}


# The token


def test_a_token_is_given_for_id_secret_and_scope(box):
    box.token_lifetime = 120
    answer = requests.post(box.token_url, data=GRANT, auth=BASIC, timeout=5)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 120, "urn:grt:techexpress")
    assert box.token_requests == 1
    assert box.truth[0].client == "sandbox-client"


@pytest.mark.parametrize(
    ("data", "auth", "status", "error"),
    [
        (GRANT, ("sandbox-client", "wrong"), 401, "invalid_client"),
        (GRANT, ("somebody", "sandbox-secret"), 401, "invalid_client"),
        (GRANT, None, 401, "invalid_client"),
        (GRANT | {"grant_type": "password"}, BASIC, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, BASIC, 400, "invalid_scope"),
        (GRANT | {"scope": "urn:grt:unheard"}, BASIC, 400, "invalid_scope"),
        (json.dumps(GRANT), BASIC, 400, "invalid_request"),
    ],
)
def test_no_token_otherwise(box, data, auth, status, error):
    answer = requests.post(box.token_url, data=data, auth=auth, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_the_token_endpoint_takes_only_posts(box):
    assert requests.get(box.token_url, timeout=5).status_code == 405


def test_without_a_good_token_nothing_is_done(box, bearer):
    assert create(box, {}).status_code == 401
    assert create(box, {"Authorization": "Bearer nonsense"}).status_code == 401
    assert create(box, {"Authorization": bearer["Authorization"].removeprefix("Bearer ")}).status_code == 401
    box.revoke_tokens()
    assert create(box, bearer).status_code == 401
    assert box.tickets == {}
    assert box.truth[-1].client == "sandbox-client"  # a revoked token still tells whose it was


def test_a_token_ends(box):
    box.token_lifetime = 0
    assert create(box, {"Authorization": f"Bearer {take_token(box)}"}).status_code == 401


def test_the_scope_is_needed(box):
    token = take_token(box, scope="urn:grt:accounts")
    assert create(box, {"Authorization": f"Bearer {token}"}).status_code == 403
    assert box.tickets == {}


# A good order


def test_one_ticket_per_location_with_the_accounts_address(box, bearer):
    files = [("plan.pdf", b"%PDF-1.7 plan", "application/pdf"), ("Rack.JPEG", b"\xff\xd8\xff", "image/jpeg")]
    parts = form(
        location(BOSTON, location_contact_ext="4"),
        location(LOWELL),
        po_number="P" * 25,
        customer_ticket_number="DSP-000123-1,INC1",
        prior_ticket="12345",
        customer_preferred_tech="true",
        automatic_email_cc_address="noc@example.com,pm@example.com",
    )
    answer = create(box, bearer, parts, files)
    assert answer.status_code == 200
    first, second = answer.json()
    assert first["address_1"] == BOSTON.address_line_1
    assert (first["city"], first["state_identifier"], first["zip"]) == ("Boston", "MA", "02210")
    assert first["local_contact_number"] == int(BOSTON.contact_phone)
    assert first["status_name"] == "Pending Tech Assignment"
    assert first["customer_ticket_number"] == "DSP-000123-1,INC1"
    assert (first["prior_ticket"], first["customer_preferred_tech"]) == (12345, True)
    assert (first["location_contact_ext"], second["location_contact_ext"]) == ("4", None)
    assert first["attachments"] == [
        {"filename": "plan.pdf", "status": "success"},
        {"filename": "Rack.JPEG", "status": "success"},
    ]
    assert first["technician_id"] is None
    assert "account_macnum" not in first
    assert "initial_description" not in first
    assert set(box.tickets) == {first["id"], second["id"]}
    assert box.tickets[second["id"]]["account_macnum"] == LOWELL.macnum


def test_every_documented_field_is_answered(box, bearer):
    names = """id address_1 attachments automatic_email_cc automatic_email_cc_address automatic_email_contact category
    city company_id company_identifier company_name contact_email_address customer_preferred_tech
    customer_ticket_number date_entered date_resolved last_updated local_contact_name local_contact_number
    location_contact_email location_contact_ext location_name location_number non_standard_tools po_number
    prior_ticket secondary_lcon_email secondary_lcon_ext secondary_lcon_name secondary_lcon_number
    special_instructions state_identifier status_name summary service_type priority technician_id technician_name
    technician_phone_number zip"""
    (created,) = create(box, bearer).json()
    assert sorted(created) == sorted(names.split())
    details = get(box, bearer, f"/api/v1/tickets/{created['id']}").json()
    assert sorted(details) == sorted([*names.split(), "account_id", "board_name"])
    assert details["account_id"] == BOSTON.id


def test_the_truth_log_proves_what_arrived(box, bearer):
    parts, content = form(nonsense="kept"), b"a,b\n1,2\n"
    fields = [*parts.items(), ("file", ("a.csv", content, "text/csv"))]
    sent, _ = encode_multipart_formdata(fields, boundary="the-boundary")
    answer = create(box, bearer, parts, [("a.csv", content, "text/csv")])
    record = box.calls("create")[0]
    assert record.status == 200
    assert record.ticket_ids == [answer.json()[0]["id"]]
    assert record.parts == parts
    assert record.ignored == ["nonsense"]
    assert record.correlation == "corr-1"
    assert (record.body_sha256, record.body_length) == (hashlib.sha256(sent).hexdigest(), len(sent))
    (file,) = record.files
    assert (file.filename, file.size, file.sha256) == (
        "a.csv",
        len(content),
        hashlib.sha256(content).hexdigest(),
    )


def test_a_chunked_body_is_read_too(box, bearer):
    body, content_type = encode_multipart_formdata(form(), boundary="the-boundary")
    headers = bearer | {"Content-Type": content_type}
    answer = requests.post(box.url + CREATE, data=iter([body]), headers=headers, timeout=5)
    assert answer.status_code == 200


@pytest.mark.parametrize("service_type", SERVICE_TYPES)
def test_each_service_type_is_taken(box, bearer, service_type):
    assert create(box, bearer, form(service_type=service_type)).status_code == 200


@pytest.mark.parametrize(
    "parts",
    [
        form(locations=json.dumps(location())),
        form(location(end_date="2026-02-03T09:00:00")),
        form(location(unknown="x")),
        form(location(location_number=..., secondary_lcon_number="6175550199")),
        form(granted_tenant_macnum="03520000"),
    ],
    ids=["a single object", "hard start", "unknown key", "optional keys", "tenant"],
)
def test_what_the_page_allows_is_allowed(box, bearer, parts):
    assert create(box, bearer, parts).status_code == 200


# The rules, one change each

BAD_PARTS = [
    *(((name,), {name: ...}) for name in form()),
    *(((name,), {name: " "}) for name in form() if name != "locations"),
    *(
        ((name,), {name: ""})
        for name in ("po_number", "special_instructions", "prior_ticket", "customer_preferred_tech")
    ),
    *(((name,), {name: "True"}) for name in ("automatic_email_contact", "automatic_email_cc")),
    (("automatic_email_contact",), {"automatic_email_contact": "1"}),
    (("customer_preferred_tech",), {"customer_preferred_tech": "FALSE"}),
    (("po_number",), {"po_number": "é" * 26}),
    (("contact_email_address",), {"contact_email_address": "jane.roe"}),
    (("contact_email_address",), {"contact_email_address": "jane@localhost"}),
    (("automatic_email_cc_address",), {"automatic_email_cc_address": "a@example.com;b@example.com"}),
    (("automatic_email_cc_address",), {"automatic_email_cc_address": "a@example.com,"}),
    (("service_type",), {"service_type": "smart hands"}),
    (("service_type",), {"service_type": "Repair"}),
    (("prior_ticket",), {"prior_ticket": "12,13"}),
    (("prior_ticket",), {"prior_ticket": "-1"}),
    (("locations",), {"locations": "[]"}),
    (("locations",), {"locations": "Boston"}),
    (("locations",), {"locations": '"Boston"'}),
    (("locations", 0), {"locations": "[1]"}),
]


@pytest.mark.parametrize(("place", "change"), BAD_PARTS, ids=lambda value: str(value)[:60])
def test_a_bad_part_is_named(box, bearer, place, change):
    answer = create(box, bearer, form(**change))
    assert answer.status_code == 400
    assert places(answer) == [place]
    assert box.tickets == {}


REQUIRED_KEYS = (
    "location_name",
    "local_contact_name",
    "local_contact_number",
    "account_macnum",
    "start_date",
    "end_date",
)
BAD_KEYS = [
    *((name, {name: ...}) for name in REQUIRED_KEYS),
    *((name, {name: None}) for name in (*REQUIRED_KEYS, "location_number", "secondary_lcon_ext")),
    *((name, {name: ""}) for name in (*REQUIRED_KEYS, "location_contact_ext", "secondary_lcon_email")),
    ("location_number", {"location_number": 12}),
    ("secondary_lcon_number", {"secondary_lcon_number": 6175550101}),
    ("local_contact_number", {"local_contact_number": "6175550101"}),
    ("local_contact_number", {"local_contact_number": 6175550101.0}),
    ("local_contact_number", {"local_contact_number": True}),
    ("local_contact_number", {"local_contact_number": 617555010}),
    ("local_contact_number", {"local_contact_number": 16175550101}),
    ("location_contact_email", {"location_contact_email": "nobody"}),
    ("account_macnum", {"account_macnum": "3520001"}),
    ("account_macnum", {"account_macnum": 3520001}),
    ("start_date", {"start_date": "2026-02-03T09:00"}),
    ("start_date", {"start_date": "2026-02-03T09:00:00Z"}),
    ("start_date", {"start_date": "2026-02-03 09:00:00"}),
    ("start_date", {"start_date": "2026-02-30T09:00:00"}),
    ("end_date", {"end_date": "2026-02-03T12:00:00.000"}),
    ("end_date", {"end_date": "2026-02-03T24:00:00"}),
    ("end_date", {"end_date": "2026-02-03T08:59:59"}),
    ("end_date", {"end_date": "2026-02-04T09:00:00"}),
]


@pytest.mark.parametrize(("key", "change"), BAD_KEYS, ids=lambda value: str(value)[:60])
def test_a_bad_key_of_a_location_is_named_with_its_row(box, bearer, key, change):
    answer = create(box, bearer, form(location(LOWELL), location(**change)))
    assert answer.status_code == 400
    assert places(answer) == [("locations", 1, key)]
    assert box.tickets == {}


def test_an_unknown_account_is_told_by_its_number(box, bearer):
    answer = create(box, bearer, form(location(account_macnum="99999999")))
    assert "99999999" in answer.json()["detail"][0]["msg"]


def test_all_problems_are_told_together(box, bearer):
    parts = form(location(local_contact_number="x", start_date="soon"), contact_name=..., po_number="P" * 26)
    assert len(places(create(box, bearer, parts))) == 4


@pytest.mark.parametrize(
    "name", ["plan.docx", "plan.xls", "plan.txt", "plan.heic", "plan", ".pdf", "plan.pdf.exe", " "]
)
def test_a_wrong_file_name_is_refused(box, bearer, name):
    answer = create(box, bearer, files=[("ok.pdf", b"1", "application/pdf"), (name, b"2", "application/pdf")])
    assert answer.status_code == 400
    assert places(answer) == [("file", 1)]
    assert box.tickets == {}


@pytest.mark.parametrize("name", ["a.pdf", "a.DOC", "a.csv", "a.xlsx", "a.PNG", "a.jpg", "a.jpeg"])
def test_the_seven_extensions_are_taken(box, bearer, name):
    assert create(box, bearer, files=[(name, b"1", "application/octet-stream")]).status_code == 200


def test_a_file_may_have_25_mib_and_not_a_byte_more(box, bearer):
    exact, larger = bytes(25 * MIB), bytes(25 * MIB + 1)
    assert create(box, bearer, files=[("a.pdf", exact, "application/pdf")]).status_code == 200
    assert create(box, bearer, files=[("a.pdf", larger, "application/pdf")]).status_code == 400


def test_a_file_part_needs_a_file_and_a_text_part_text(box, bearer):
    assert places(create(box, bearer, form(file="just text"))) == [("file",)]
    as_file = form(po_number=("po.csv", b"1", "text/csv"))
    assert places(create(box, bearer, as_file)) == [("po_number",)]


def test_a_part_sent_twice_is_refused(box, bearer):
    body, content_type = encode_multipart_formdata([*form().items(), ("contact_name", "John Doe")])
    headers = bearer | {"Content-Type": content_type}
    answer = requests.post(box.url + CREATE, data=body, headers=headers, timeout=5)
    assert places(answer) == [("contact_name",)]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", json.dumps(form()).encode()),
        ("application/x-www-form-urlencoded", b"contact_name=Jane"),
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"nothing of the kind"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="contact_name"\r\n\r\nJane',
        ),
        ("", b""),
    ],
)
def test_anything_but_whole_multipart_is_refused(box, bearer, content_type, body):
    answer = requests.post(
        box.url + CREATE, data=body, headers=bearer | {"Content-Type": content_type}, timeout=5
    )
    assert answer.status_code == 400
    assert box.tickets == {}


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("loc", {"detail": [{"loc": ["service_type"], "msg": "Must not be blank."}]}),
        ("by_field", {"errors": {"service_type": ["Must not be blank."]}}),
        ("message", {"message": "service_type: Must not be blank."}),
    ],
)
def test_errors_come_in_the_shape_asked_for(box, bearer, shape, expected):
    box.error_shape = shape
    assert create(box, bearer, form(service_type="")).json() == expected


def test_errors_may_be_plain_text(box, bearer):
    box.error_shape = "text"
    answer = create(box, bearer, form(location(LOWELL), location(local_contact_number="1")))
    assert answer.text == "locations[1].local_contact_number: Must be an integer of ten digits."
    assert answer.headers["Content-Type"].startswith("text/plain")


# Paths


def test_both_spellings_answer_unless_one_is_switched_off(box, bearer):
    other = CREATE + "TechExpress"
    assert create(box, bearer, path=other).status_code == 200
    box.create_paths = {other}
    assert create(box, bearer).status_code == 404
    assert create(box, bearer, path=other).status_code == 200
    assert [record.path for record in box.calls("create")] == [other, CREATE, other]


def test_wrong_methods_and_paths(box, bearer):
    assert get(box, bearer, CREATE).status_code == 405
    assert get(box, bearer, "/api/v1/tickets/1").status_code == 404
    assert get(box, bearer, "/api/v1/tickets/one").status_code == 400
    assert get(box, bearer, "/api/v1/nothing").status_code == 404
    assert get(box, bearer, "/nothing").status_code == 404


# Reading


def test_details_name_attachments_by_id(box, bearer):
    (created,) = create(box, bearer, files=[("a.pdf", b"1", "application/pdf")]).json()
    (file,) = get(box, bearer, f"/api/v1/tickets/{created['id']}").json()["attachments"]
    assert file["filename"] == "a.pdf"
    assert isinstance(file["id"], int)
    assert "status" not in file


def test_accounts_are_found_by_any_words_of_theirs(box, bearer):
    (found,) = get(box, bearer, "/api/v1/companies/addresses", search="lowell ma").json()
    assert (found["macnum"], found["id"], found["state"]) == (LOWELL.macnum, LOWELL.id, "MA")
    assert found["local_contact_phone"] == LOWELL.contact_phone
    assert len(get(box, bearer, "/api/v1/companies/addresses", search="northgate", page_size=7).json()) == 7
    assert get(box, bearer, "/api/v1/companies/addresses", search="nowhere").json() == []


@pytest.mark.parametrize(
    "query", [{}, {"search": " "}, {"search": "x", "page_size": "0"}, {"search": "x", "page_size": "a"}]
)
def test_a_search_needs_a_text_and_a_sane_size(box, bearer, query):
    assert get(box, bearer, "/api/v1/companies/addresses", **query).status_code == 400


def question(**changes):
    query = {
        "service_type": "Site Audit",
        "dispatch_start": "2026-02-03T09:00:00",
        "dispatch_end": "2026-02-03T12:30:00",
        "account_id": BOSTON.id,
    }
    return {key: value for key, value in (query | changes).items() if value is not ...}


def test_a_cost_is_estimated(box, bearer):
    body = get(box, bearer, "/api/v1/tickets/estimatedCosts/external", **question()).json()
    assert body == {
        "dispatch_fee_dollars": 75.0,
        "hours": 4,
        "misc_fee_dollars": 0.0,
        "rate_per_hour": 85.0,
        "total": 415.0,
    }
    hard_start = question(dispatch_end="2026-02-03T09:00:00")
    assert get(box, bearer, "/api/v1/tickets/estimatedCosts/external", **hard_start).json()["hours"] == 2


@pytest.mark.parametrize(
    ("place", "change"),
    [
        *((name, {name: ...}) for name in question()),
        ("service_type", {"service_type": "Repair"}),
        ("account_id", {"account_id": "03520001"}),
        ("account_id", {"account_id": "Boston"}),
        ("dispatch_start", {"dispatch_start": "2026-02-03"}),
        ("dispatch_end", {"dispatch_end": "2026-02-03T08:00:00"}),
        ("dispatch_end", {"dispatch_end": "2026-02-04T10:00:00"}),
    ],
)
def test_a_bad_question_about_costs_is_refused(box, bearer, place, change):
    answer = get(box, bearer, "/api/v1/tickets/estimatedCosts/external", **question(**change))
    assert answer.status_code == 400
    assert places(answer) == [(place,)]


# The limit


def test_sixty_a_minute_and_the_next_is_refused(box, bearer):
    box.limit = 5
    session = requests.Session()
    answers = [session.get(box.url + "/api/v1/tickets/1", headers=bearer, timeout=5) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [404] * 5 + [429] * 2
    assert 55 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert box.most_requests_in_any_minute() == 7
    box.send_retry_after = False
    assert "Retry-After" not in get(box, bearer, "/api/v1/tickets/1").headers
    assert create(box, bearer).status_code == 429
    assert box.tickets == {}


def test_the_limit_holds_for_many_at_once(box, bearer):
    def call():
        get(box, bearer, "/api/v1/tickets/1")

    threads = [threading.Thread(target=call) for _ in range(70)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [record.status for record in box.calls("details")].count(429) == 10
    assert box.most_requests_in_any_minute() == 70


def test_the_minute_slides():
    assert _most_in_window([0, 59.9, 60, 60.1, 119.8]) == 4
    assert _most_in_window([]) == 0


# Time passes


def test_a_ticket_moves_with_time(box, bearer):
    (created,) = create(box, bearer).json()
    path = f"/api/v1/tickets/{created['id']}"
    seen = []
    for seconds in (0, 46, 45, 60, 90):
        box.advance(seconds)
        ticket = get(box, bearer, path).json()
        seen.append((ticket["status_name"], bool(ticket["technician_name"]), bool(ticket["date_resolved"])))
    assert seen == [
        ("Pending Tech Assignment", False, False),
        ("Tech Assigned", True, False),
        ("En Route", True, False),
        ("On Site", True, False),
        ("Completed", True, True),
    ]
    assert ticket["last_updated"] > created["last_updated"]
    assert ticket["last_updated"] == ticket["date_resolved"]


def test_a_ticket_set_by_hand_stays_until_let_go(box, bearer):
    (created,) = create(box, bearer).json()
    box.set_ticket(created["id"], status_name="Awaiting Customer", technician_name="Ada")
    box.advance(500)
    assert box.tickets[created["id"]]["status_name"] == "Awaiting Customer"
    assert box.tickets[created["id"]]["technician_name"] == "Ada"
    box.let_go(created["id"])
    assert box.tickets[created["id"]]["status_name"] == "Completed"
    with pytest.raises(ValueError, match="no colour"):
        box.set_ticket(created["id"], colour="red")
    with pytest.raises(ValueError, match="no ticket 1"):
        box.set_ticket(1, status_name="x")


def test_a_cancelled_ticket_is_over_and_a_known_technician_comes_whole(box, bearer):
    (created,) = create(box, bearer).json()
    box.set_ticket(created["id"], technician_name="Sofia Lindgren")
    ticket = box.tickets[created["id"]]
    assert (ticket["technician_id"], ticket["technician_phone_number"]) == (8133, "8005550144")
    box.set_ticket(created["id"], status_name="Cancelled")
    assert box.tickets[created["id"]]["date_resolved"]


def test_tickets_survive_a_restart(tmp_path):
    file = tmp_path / "state" / "sandbox.json"
    with Sandbox(state_file=file) as box:
        bearer = {"Authorization": f"Bearer {take_token(box)}"}
        box.fail_next("failed_attachment")
        (created,) = create(box, bearer, files=[("a.pdf", b"1", "application/pdf")]).json()
        box.advance(100)
    with Sandbox(state_file=file) as again:
        assert again.tickets[created["id"]]["status_name"] == "En Route"
        assert again.tickets[created["id"]]["attachments"][0]["status"] == "failure"
        bearer = {"Authorization": f"Bearer {take_token(again)}"}
        assert create(again, bearer).json()[0]["id"] > created["id"]
    file.write_text("{}")
    with pytest.raises(ValueError, match="not a sandbox state file"):
        Sandbox(state_file=file)


# Faults: what the client sees, and what is true

TWO = form(location(BOSTON), location(LOWELL))
PDF = ("a.pdf", b"1", "application/pdf")
REFUSED = [("401", 401), ("403", 403), ("404", 404), ("405", 405), ("408", 408), ("409", 409), ("413", 413)]
REFUSED += [("422", 422), ("429", 429), ("500", 500), ("502_html", 502), ("503", 503), ("redirect", 307)]
REFUSED += [("400_field", 400)]


@pytest.mark.parametrize(("fault", "status"), REFUSED)
def test_a_refusing_fault_creates_nothing(box, bearer, fault, status):
    box.fail_next(fault)
    assert create(box, bearer, TWO).status_code == status
    record = box.truth[-1]
    assert (record.status, record.fault, record.ticket_ids) == (status, fault, [])
    assert box.tickets == {}
    assert create(box, bearer, TWO).status_code == 200
    assert box.faults == []


def test_the_refused_field_is_the_one_asked_for(box, bearer):
    box.fail_next("400_field", field="account_macnum", index=1, message="Account is closed.")
    problem = create(box, bearer, TWO).json()["detail"][0]
    assert problem == {"loc": ["locations", 1, "account_macnum"], "msg": "Account is closed."}
    box.fail_next("400_field", field="po_number")
    assert places(create(box, bearer, TWO)) == [("po_number",)]


def test_a_429_waits_as_long_as_asked(box, bearer):
    box.fail_next("429", retry_after=7)
    assert create(box, bearer).headers["Retry-After"] == "7"
    box.fail_next("429")
    assert "Retry-After" not in create(box, bearer).headers


def test_the_redirect_leads_to_itself(box, bearer):
    box.fail_next("redirect")
    assert create(box, bearer).headers["Location"] == box.url + CREATE


@pytest.mark.parametrize(("fault", "created"), [("lose_answer", 2), ("reset_before", 0)])
def test_a_reset_looks_the_same_whether_or_not_tickets_exist(box, bearer, fault, created):
    box.fail_next(fault)
    with pytest.raises(requests.ConnectionError, match="reset"):
        create(box, bearer, TWO)
    assert box.truth[-1].status == "reset"
    assert len(box.truth[-1].ticket_ids) == len(box.tickets) == created


def test_a_slow_answer_is_a_proper_one(box, bearer):
    box.fail_next("slow", seconds=0.3)
    started = time.monotonic()
    assert len(create(box, bearer, TWO).json()) == 2
    assert time.monotonic() - started >= 0.3


def test_a_client_that_gives_up_on_a_slow_answer_has_tickets(box, bearer):
    box.fail_next("slow", seconds=30)
    with pytest.raises(requests.ReadTimeout):
        create(box, bearer, timeout=0.2)
    assert len(box.tickets) == 1


def test_a_hanging_answer_never_comes(box, bearer):
    box.fail_next("hang")
    with pytest.raises(requests.ReadTimeout):
        create(box, bearer, timeout=0.2)
    assert (box.truth[-1].status, len(box.tickets)) == ("hung", 1)


def test_a_dripping_answer_outlives_a_read_timeout(box, bearer):
    box.fail_next("drip", seconds=0.1)
    seen = []

    def wait():
        try:
            seen.append(create(box, bearer, timeout=0.3).status_code)
        except requests.RequestException as error:
            seen.append(error)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    thread.join(0.8)
    assert seen == []  # three times its own time-out, and still waiting
    assert len(box.tickets) == 1
    box.stop()
    thread.join(5)
    assert isinstance(seen[0], requests.ConnectionError)


def test_a_truncated_answer_has_half_of_its_body(box, bearer):
    box.fail_next("truncated")
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        create(box, bearer)
    assert len(box.tickets) == 1


@pytest.mark.parametrize(("fault", "body"), [("empty_200", ""), ("html_200", "sign in")])
def test_a_200_may_say_nothing(box, bearer, fault, body):
    box.fail_next(fault)
    answer = create(box, bearer)
    assert answer.status_code == 200
    assert body in answer.text.lower()
    assert len(box.tickets) == 1


def test_a_failed_attachment_leaves_the_ticket(box, bearer):
    box.fail_next("failed_attachment")
    (created,) = create(box, bearer, files=[PDF, ("b.pdf", b"2", "application/pdf")]).json()
    assert [file["status"] for file in created["attachments"]] == ["failure", "success"]
    details = get(box, bearer, f"/api/v1/tickets/{created['id']}").json()
    assert [file["filename"] for file in details["attachments"]] == ["b.pdf"]


def test_fewer_more_and_reordered_answers_stay_true_in_the_log(box, bearer):
    for fault, names in (
        ("fewer", [BOSTON.site_name]),
        ("more", [BOSTON.site_name, LOWELL.site_name, "Somebody else's shop"]),
        ("reordered", [LOWELL.site_name, BOSTON.site_name]),
    ):
        box.fail_next(fault)
        rows = create(box, bearer, TWO).json()
        assert [row["location_name"] for row in rows] == names
        assert [box.tickets[one]["location_name"] for one in box.truth[-1].ticket_ids] == [
            BOSTON.site_name,
            LOWELL.site_name,
        ]
    assert len(box.tickets) == 6


def test_odd_contents(box, bearer):
    box.fail_next("wrong_address")
    (row,) = create(box, bearer).json()
    assert row["city"] == LOWELL.city
    assert get(box, bearer, f"/api/v1/tickets/{row['id']}").json()["city"] == LOWELL.city
    box.fail_next("string_ids")
    assert isinstance(create(box, bearer).json()[0]["id"], str)
    box.fail_next("unknown_fields", on="details")
    odd = get(box, bearer, f"/api/v1/tickets/{row['id']}").json()
    assert (odd["dispatch_zone"], odd["status_name"]) == ("Zone 7", "Awaiting Parts Depot")
    box.fail_next("nulls")
    (row,) = create(box, bearer).json()
    assert row["city"] is None
    assert row["attachments"] is None
    assert isinstance(row["id"], int)


def test_a_fault_waits_for_its_own_call(box, bearer):
    box.fail_next("503", on="search", times=2)
    box.fail_next("500", on="token")
    assert create(box, bearer).status_code == 200
    assert requests.post(box.token_url, data=GRANT, auth=BASIC, timeout=5).status_code == 500
    for status in (503, 503, 200):
        assert get(box, bearer, "/api/v1/companies/addresses", search="x").status_code == status


def test_a_fault_is_not_used_up_by_a_refused_call(box, bearer):
    box.fail_next("lose_answer")
    assert create(box, {}).status_code == 401
    assert create(box, bearer, form(service_type=...)).status_code == 400
    assert [armed.left for armed in box.faults] == [1]
    with pytest.raises(requests.ConnectionError):
        create(box, bearer)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("unheard", {}, "no fault"),
        ("503", {"on": "delete"}, "no operation"),
        ("503", {"seconds": 1}, "does not take"),
        ("503", {"times": 0}, "at least once"),
    ],
)
def test_a_misspelt_fault_is_refused(box, name, options, words):
    with pytest.raises(ValueError, match=words):
        box.fail_next(name, **options)


def test_down_closes_connections_unread(box, bearer):
    session = requests.Session()
    session.get(box.url + "/api/v1/tickets/1", headers=bearer, timeout=5)
    before = len(box.truth)
    box.down = True
    with pytest.raises(requests.ConnectionError):
        session.get(box.url + "/api/v1/tickets/1", headers=bearer, timeout=5)
    assert len(box.truth) == before
    box.down = False
    assert create(box, bearer).status_code == 200


def test_the_trainers_page_brings_up_again_what_it_took_down(box, bearer):
    session = requests.Session()
    page = session.post(f"{box.url}/_sandbox/down", data={"down": "true"}, timeout=5)
    assert page.status_code == 200
    assert "Bring it up again" in page.text
    with pytest.raises(requests.ConnectionError):
        session.get(box.url + "/api/v1/tickets/1", headers=bearer, timeout=5)
    with pytest.raises(requests.ConnectionError):
        requests.get(box.url + "/api/v1/tickets/1", headers=bearer, timeout=5)
    assert "Take it down" in requests.post(f"{box.url}/_sandbox/down", data={"down": "false"}, timeout=5).text
    assert create(box, bearer).status_code == 200


def test_stopped_means_refused_and_the_port_comes_back(box, bearer):
    port = box.port
    box.stop()
    with pytest.raises(requests.ConnectionError, match="refused"):
        create(box, bearer)
    box.start()
    assert box.port == port
    assert create(box, bearer).status_code == 200


# What nobody should send


def raw(box, *pieces, close_after=False):
    with socket.create_connection(("127.0.0.1", box.port), timeout=5) as connection:
        for piece in pieces:
            connection.sendall(piece)
        if close_after:
            return b""
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\r\n\r\n",
        b"rubbish\r\n\r\n",
        b"GET //[ HTTP/1.1\r\n\r\n",
        b"GET /%ff%00?%ff=%zz HTTP/1.1\r\n\r\n",
        b"POST /api/v1/tickets/external HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST /api/v1/tickets/external HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /api/v1/tickets/external HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /api/v1/tickets/external HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\n",
        b"POST /_sandbox/faults HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n[",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 70000 + b"\r\n\r\n",
        bytes(range(256)),
    ],
    ids=range(11),
)
def test_nonsense_does_not_hurt_the_server(box, bearer, request_bytes, capfd):
    raw(box, request_bytes)
    assert create(box, bearer).status_code == 200
    assert "Traceback" not in capfd.readouterr().err


def test_a_sender_that_dies_midway_created_nothing(box, bearer):
    head = f"POST {CREATE} HTTP/1.1\r\nAuthorization: {bearer['Authorization']}\r\nContent-Length: 100\r\n"
    raw(box, head.encode() + b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x", close_after=True)
    for _ in range(100):
        if box.calls("create"):
            break
        time.sleep(0.01)
    (record,) = box.calls("create")
    assert (record.status, record.ticket_ids, record.body_length) == ("cut short", [], 3)
    assert box.tickets == {}


# The trainer


def control(box, path, **fields):
    return requests.post(f"{box.url}/_sandbox/{path}", json=fields, timeout=5)


def test_the_page_shows_everything_and_escapes_it(box, bearer):
    create(
        box,
        bearer,
        form(location(location_name="<script>alert(1)</script>"), customer_ticket_number="DSP-1<"),
    )
    box.fail_next("400_field", message="<b>bold</b>")
    page = requests.get(box.url + "/_sandbox/", timeout=5)
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "&lt;b&gt;" in page.text
    assert "DSP-1&lt;" in page.text
    for account in ACCOUNTS:
        assert account.macnum in page.text
    for kind in COMMON:
        assert kind.name in page.text
    assert "style=" not in page.text
    assert (
        requests.get(box.url + "/_sandbox/page.css", timeout=5).headers["Content-Type"].startswith("text/css")
    )


def test_a_trainer_arms_faults_and_moves_tickets_by_forms(box, bearer):
    form_answer = requests.post(
        box.url + "/_sandbox/faults",
        data={"name": "slow", "on": "create", "times": "2", "seconds": "0.1"},
        allow_redirects=False,
        timeout=5,
    )
    assert (form_answer.status_code, form_answer.headers["Location"]) == (303, "/_sandbox/")
    assert [(armed.name, armed.left, armed.args) for armed in box.faults] == [("slow", 2, {"seconds": 0.1})]
    requests.post(box.url + "/_sandbox/faults/clear", data={"x": "1"}, timeout=5)
    assert box.faults == []
    (ticket,) = create(box, bearer).json()
    requests.post(f"{box.url}/_sandbox/tickets/{ticket['id']}", data={"status_name": "On Site"}, timeout=5)
    assert box.tickets[ticket["id"]]["status_name"] == "On Site"
    wrong = requests.post(box.url + "/_sandbox/faults", data={"name": "<i>"}, timeout=5)
    assert "&lt;i&gt;" in wrong.text


def test_another_process_steers_by_json(box, bearer):
    assert control(box, "faults", name="503", times=1).json() == {"ok": True}
    assert create(box, bearer).status_code == 503
    (ticket,) = create(box, bearer).json()
    assert control(box, "advance", seconds=50).status_code == 200
    truth = requests.get(box.url + "/_sandbox/truth", timeout=5).json()
    assert truth["tickets"][str(ticket["id"])]["status_name"] == "Tech Assigned"
    assert [one["status"] for one in truth["requests"] if one["operation"] == "create"] == [503, 200]
    assert control(box, f"tickets/{ticket['id']}", technician_name="Ada").status_code == 200
    assert box.tickets[ticket["id"]]["technician_name"] == "Ada"
    assert control(box, "faults", name="unheard").status_code == 400
    assert control(box, "faults").status_code == 400
    assert control(box, "advance", seconds="soon").status_code == 400
    assert control(box, "tickets/1", status_name="x").status_code == 400
    assert control(box, "reset").status_code == 200
    assert (box.tickets, box.truth) == ({}, [])


def test_a_foreign_page_cannot_steer(box):
    answer = requests.post(box.url + "/_sandbox/reset", headers={"Origin": "http://evil.example"}, timeout=5)
    assert answer.status_code == 403


# Plain data, plain Python


def test_the_accounts_are_believable_and_distinct():
    assert len(BY_MACNUM) == len(ACCOUNTS) >= 60
    assert len({account.id for account in ACCOUNTS}) == len(ACCOUNTS)
    assert all(account.macnum.startswith("0") for account in ACCOUNTS)
    assert all(len(account.contact_phone) == 10 and "55501" in account.contact_phone for account in ACCOUNTS)
    assert len({account.time_zone for account in ACCOUNTS}) >= 7
    (odd,) = [account for account in ACCOUNTS if account.differs]
    assert odd.site_address_line_1 != odd.address_line_1


def test_it_runs_as_a_program_and_needs_no_django(tmp_path):
    code = "import sys, portal.vendors.sandbox.box; assert 'django.db' not in sys.modules; assert 'portal.settings' not in sys.modules"
    environment = {"PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=20)
    command = [
        sys.executable,
        "-m",
        "portal.vendors.sandbox",
        "--port",
        "0",
        "--state",
        str(tmp_path / "s.json"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            line = process.stdout.readline()
            url = line.split()[2]
            assert requests.get(url + "/_sandbox/truth", timeout=5).status_code == 200
        finally:
            process.terminate()
        assert process.wait(5) == 0
