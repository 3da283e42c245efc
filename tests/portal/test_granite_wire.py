"""Granite's wire: what we send to the byte, and what we understand of whatever comes back."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.vendors.drift import Drift
from portal.vendors.errors import FieldProblem
from portal.vendors.granite import wire
from portal.vendors.granite.answers import AccountOnWire, CostOnWire
from portal.vendors.granite.wire import NewLocation, NewTickets, TicketOnWire, clean_phone, problems_from_body
from portal.vendors.reading import decode_json

CREATED = {
    "id": 1234567,
    "address_1": "1 Main St",
    "city": "Lexington",
    "state_identifier": "KY",
    "zip": "07307",
    "attachments": [{"filename": "floorplan.pdf", "status": "success"}],
    "automatic_email_cc": True,
    "automatic_email_cc_address": "noc@example.com,pm@example.com",
    "automatic_email_contact": True,
    "category": "Active",
    "company_id": 250,
    "company_identifier": "VALV",
    "company_name": "Valvoline",
    "contact_email_address": "jane.roe@example.com",
    "customer_preferred_tech": False,
    "customer_ticket_number": "DSP-000123-1,INC0012345",
    "date_entered": "2026-01-30T15:04:05Z",
    "date_resolved": None,
    "last_updated": "2026-01-30T15:04:05Z",
    "local_contact_name": "Sam Poe",
    "local_contact_number": 5551234567,
    "location_contact_email": None,
    "location_contact_ext": "4",
    "location_name": "Store 12",
    "location_number": "0012",
    "non_standard_tools": None,
    "po_number": "PO-778",
    "prior_ticket": None,
    "secondary_lcon_email": None,
    "secondary_lcon_ext": None,
    "secondary_lcon_name": None,
    "secondary_lcon_number": None,
    "special_instructions": None,
    "status_name": "Pending Tech Assignment",
    "summary": "Smart Hands – Store 12",
    "service_type": "Smart Hands",
    "priority": "Priority 3",
    "technician_id": None,
    "technician_name": None,
    "technician_phone_number": None,
}


def location(**changes) -> NewLocation:
    values = {
        "location_name": "Store 12",
        "location_number": "0012",
        "local_contact_name": "Sam Poe",
        "local_contact_number": 5551234567,
        "location_contact_ext": "4",
        "account_macnum": "03526768",
        "start_date": dt.datetime(2026, 2, 3, 9),
        "end_date": dt.datetime(2026, 2, 3, 12),
    }
    return NewLocation(**(values | changes))


def order(**changes) -> NewTickets:
    values = {
        "contact_name": "Jane Roe",
        "initial_description": "Replace failed CPE",
        "automatic_email_contact": True,
        "contact_email_address": "jane.roe@example.com",
        "automatic_email_cc": False,
        "service_type": "Smart Hands",
        "locations": (location(),),
    }
    return NewTickets(**(values | changes))


# What we send


def test_the_fifteen_service_types():
    assert [kind.value for kind in wire.SERVICE_TYPES] == [
        "Equipment Install",
        "Smart Hands",
        "Site Audit",
        "Move",
        "POTS Extension",
        "Circuit Extension",
        "Circuit Extension (GRT Provided)",
        "Fiber Extension (GRT Provided)",
        "Broadband Circuit (GRT Provided)",
        "POTS (GRT Provided)",
        "Broadband Circuit (Customer Provided)",
        "POTS (Customer Provided)",
        "Circuit Extension (Customer Provided)",
        "Fiber Extension (Customer Provided)",
        "Customer Equipment (Customer Provided)",
    ]
    assert len({kind.group for kind in wire.SERVICE_TYPES}) == 3
    assert all(kind.explanation.endswith(".") for kind in wire.SERVICE_TYPES)


def test_a_small_order_has_the_required_fields_only_and_in_order():
    assert order().to_fields() == [
        ("contact_name", "Jane Roe"),
        ("initial_description", "Replace failed CPE"),
        ("automatic_email_contact", "true"),
        ("contact_email_address", "jane.roe@example.com"),
        ("automatic_email_cc", "false"),
        ("service_type", "Smart Hands"),
        (
            "locations",
            '[{"location_name":"Store 12","location_number":"0012","local_contact_name":"Sam Poe",'
            '"local_contact_number":5551234567,"location_contact_ext":"4","account_macnum":"03526768",'
            '"start_date":"2026-02-03T09:00:00","end_date":"2026-02-03T12:00:00"}]',
        ),
    ]


def test_a_full_order_has_every_field_of_the_contract():
    full = order(
        automatic_email_cc=True,
        automatic_email_cc_address="noc@example.com,pm@example.com",
        customer_ticket_number="DSP-000123-1,INC0012345",
        po_number="PO-778",
        customer_preferred_tech=True,
        prior_ticket=77,
        special_instructions="Ask for Zoë",
        non_standard_tools="Fusion splicer",
        granted_tenant_macnum="00012345",
        locations=(
            location(),
            location(location_name="Zweigstelle Köln", secondary_lcon_number="5559876543"),
        ),
    )
    fields = dict(full.to_fields())
    assert list(fields) == [
        "contact_name",
        "initial_description",
        "automatic_email_contact",
        "contact_email_address",
        "automatic_email_cc",
        "automatic_email_cc_address",
        "customer_ticket_number",
        "po_number",
        "customer_preferred_tech",
        "prior_ticket",
        "special_instructions",
        "non_standard_tools",
        "service_type",
        "granted_tenant_macnum",
        "locations",
    ]
    assert (fields["customer_preferred_tech"], fields["prior_ticket"]) == ("true", "77")
    assert "Köln" in fields["locations"]
    second = json.loads(fields["locations"])[1]
    assert (second["secondary_lcon_number"], second["local_contact_number"]) == ("5559876543", 5551234567)


@pytest.mark.parametrize("blank", ["", "  ", "\n"])
def test_blank_optional_fields_are_left_out(blank):
    fields = dict(order(po_number=blank, special_instructions=blank).to_fields())
    assert not {"po_number", "special_instructions", "prior_ticket", "customer_preferred_tech"} & set(fields)
    assert "location_number" not in location(location_number=blank).to_wire()


def test_a_flag_said_to_be_false_is_sent():
    assert dict(order(customer_preferred_tech=False).to_fields())["customer_preferred_tech"] == "false"


def test_a_hard_start_has_equal_times():
    row = location(end_date=dt.datetime(2026, 2, 3, 9)).to_wire()
    assert row["start_date"] == row["end_date"] == "2026-02-03T09:00:00"


@pytest.mark.parametrize(
    "moment", [dt.datetime(2026, 2, 3, 9, tzinfo=dt.UTC), dt.datetime(2026, 2, 3, 9, 0, 0, 1)]
)
def test_a_zone_or_a_fraction_is_refused_rather_than_dropped(moment):
    with pytest.raises(ValueError, match="own clock"):
        location(start_date=moment).to_wire()


@pytest.mark.parametrize(
    "text",
    [
        "5551234567",
        "555-123-4567",
        "(555) 123-4567",
        "+1 555 123 4567",
        "1-555-123-4567",
        "555.123.4567",
        " 555\u00a0123\u20114567 ",
        "５５５１２３４５６７",
        "+1 (555) 123/4567",
    ],
)
def test_phone_numbers_in_all_their_spellings(text):
    assert clean_phone(text) == 5551234567


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "Enter"),
        ("555-123-4567 x12", "own field"),
        ("555-123-4567 ext. 12", "own field"),
        ("555-123-4567#12", "own field"),
        ("5551234567;ext=4", "own field"),
        ("555-123-4567, 12", "own field"),
        ("1-800-FLOWERS", "own field"),
        ("123456789", "9 digits"),
        ("555123456712", "12 digits"),
        ("25551234567", "11 digits"),
        ("+44 20 7946 0958", "not a US"),
        ("+5551234567", None),
        ("0551234567", "begins with 0"),
        ("1 555 123 456", "begins with 1"),
        ("٥٥٥١٢٣٤٥٦٧", "not a phone"),
        ("()-", "not a phone"),
        ("555 123 4567 ☎", "not a phone"),
    ],
)
def test_what_is_no_phone_number_is_refused_with_a_reason(text, word):
    with pytest.raises(ValueError, match=word or "US"):
        clean_phone(text)


@given(st.text(max_size=40))
def test_no_text_makes_a_phone_number_that_is_none(text):
    try:
        number = clean_phone(text)
    except ValueError:
        return
    assert 2_000_000_000 <= number <= 9_999_999_999


# What we read


def test_the_documented_answer_is_understood_without_drift():
    ticket = TicketOnWire.from_wire(CREATED)
    assert ticket.drift == []
    assert (ticket.id, ticket.zip, ticket.company_id) == (1234567, "07307", 250)
    assert ticket.local_contact_number == "5551234567"
    assert ticket.date_entered == dt.datetime(2026, 1, 30, 15, 4, 5, tzinfo=dt.UTC)
    assert (ticket.date_resolved, ticket.technician_id, ticket.technician_name) == (None, None, "")
    assert [(file.filename, file.is_ok, file.id) for file in ticket.attachments] == [
        ("floorplan.pdf", True, None)
    ]
    assert ticket.raw == CREATED


def test_the_documented_details_are_understood_without_drift():
    # Only what the page was seen to list, and the status.
    row = {name: CREATED[name] for name in CREATED if name <= "customer_preferred_tech"}
    row |= {"account_id": 9, "board_name": "Field", "status_name": "On Site"}
    row["attachments"] = [{"filename": "floorplan.pdf", "id": 5}]
    ticket = TicketOnWire.from_wire(row, operation=wire.TICKET_DETAILS)
    assert ticket.drift == []
    assert (ticket.id, ticket.account_id, ticket.attachments[0].id, ticket.attachments[0].is_ok) == (
        None,
        9,
        5,
        None,
    )


@pytest.mark.parametrize(
    ("field", "sent", "read", "kind"),
    [
        ("id", "1234567", 1234567, None),
        ("id", " 7 ", 7, None),
        ("id", None, None, None),
        ("id", "T-7", None, "odd type"),
        ("id", True, None, "odd type"),
        ("id", 0, None, "odd type"),
        ("id", -4, None, "odd type"),
        ("id", 1.5, None, "odd type"),
        ("id", 2**63, None, "odd type"),
        ("id", "9" * 5000, None, "odd type"),
        ("id", [1], None, "odd type"),
        ("automatic_email_cc", "true", True, None),
        ("automatic_email_cc", "True", True, None),
        ("automatic_email_cc", 1, True, None),
        ("automatic_email_cc", 0, False, None),
        ("automatic_email_cc", "false", False, None),
        ("automatic_email_cc", "", None, None),
        ("automatic_email_cc", "maybe", None, "odd type"),
        ("last_updated", "2026-01-30T15:04:05", dt.datetime(2026, 1, 30, 15, 4, 5, tzinfo=dt.UTC), None),
        (
            "last_updated",
            "2026-01-30 15:04:05.123+02:00",
            dt.datetime(2026, 1, 30, 13, 4, 5, 123000, dt.UTC),
            None,
        ),
        ("last_updated", "2026-01-30", dt.datetime(2026, 1, 30, tzinfo=dt.UTC), None),
        ("last_updated", "yesterday", None, "odd type"),
        ("last_updated", "0001-01-01T00:00:00+14:00", None, "odd type"),
        ("last_updated", 1769785445, None, "odd type"),
        (
            "automatic_email_cc_address",
            ["a@example.com", "b@example.com"],
            "a@example.com,b@example.com",
            None,
        ),
        ("customer_ticket_number", ["DSP-000123-1", 77], "DSP-000123-1,77", None),
        ("customer_ticket_number", {"a": 1}, "", "odd type"),
        ("local_contact_number", "(555) 123-4567", "(555) 123-4567", None),
        ("technician_phone_number", 5550001111, "5550001111", None),
        ("zip", 7307, "7307", "odd type"),
        ("city", None, "", None),
        ("city", ["x"], "", "odd type"),
        ("attachments", None, [], None),
        ("attachments", "none", [], "odd type"),
    ],
)
def test_reading_is_tolerant_and_keeps_the_raw_value(field, sent, read, kind):
    ticket = TicketOnWire.from_wire(CREATED | {field: sent})
    assert getattr(ticket, field) == read
    assert ticket.raw[field] == sent
    assert [(note.kind, note.path) for note in ticket.drift] == ([(kind, field)] if kind else [])


def test_files_that_failed_are_told_apart():
    rows = [
        {"filename": "a.pdf", "status": "SUCCESS"},
        {"filename": "b.pdf", "status": "failure"},
        {"filename": "c.pdf", "status": None, "id": "5"},
        {"status": "success", "size": 9},
        "d.pdf",
    ]
    ticket = TicketOnWire.from_wire(CREATED | {"attachments": rows})
    assert [(file.filename, file.is_ok, file.id) for file in ticket.attachments] == [
        ("a.pdf", True, None),
        ("b.pdf", False, None),
        ("c.pdf", None, 5),
        ("", True, None),
    ]
    assert {(note.kind, note.path) for note in ticket.drift} == {
        ("odd type", "attachments"),
        ("missing field", "attachments.filename"),
        ("unknown field", "attachments.size"),
    }


def test_unknown_and_missing_fields_and_words_are_noted_and_nothing_fails():
    row = {name: value for name, value in CREATED.items() if name != "priority"} | {
        "dispatch_zone": "z" * 500,
        "status_name": "Awaiting Parts Depot",
    }
    ticket = TicketOnWire.from_wire(row, known_statuses={"Pending Tech Assignment"})
    assert ticket.status_name == "Awaiting Parts Depot"
    assert [(note.kind, note.path) for note in ticket.drift] == [
        ("unknown field", "dispatch_zone"),
        ("missing field", "priority"),
        ("unknown word", "status_name=Awaiting Parts Depot"),
    ]
    assert len(ticket.drift[0].sample) == 80
    assert isinstance(ticket.drift[0], Drift)
    assert ticket.drift[0].operation == "create ticket"
    assert all(note.kind != "unknown word" for note in TicketOnWire.from_wire(row).drift)


@pytest.mark.parametrize(
    ("data", "ids"),
    [
        ([CREATED], [1234567]),
        (CREATED, [1234567]),
        *[
            ({wrapper: [CREATED, CREATED | {"id": 2}]}, [1234567, 2])
            for wrapper in ("results", "data", "tickets", "records")
        ],
        ({"data": CREATED}, [1234567]),
        ({"data": {"tickets": [CREATED]}, "info": {}}, [1234567]),
        ({"id": 99, "tickets": [CREATED]}, [1234567]),
        ([CREATED, None, "x"], [1234567]),
        ([], []),
        ({"message": "queued"}, [None]),
        (None, []),
        ("ok", []),
        (7, []),
    ],
)
def test_tickets_are_found_in_every_wrapping(data, ids):
    assert [ticket.id for ticket in wire.tickets_from_answer(data)] == ids


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(sorted(CREATED)), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(sorted(CREATED)), JSON))
def test_no_value_of_any_field_breaks_the_reading(changes):
    assert TicketOnWire.from_wire(CREATED | changes).raw.keys() == CREATED.keys()


@given(JSON)
def test_no_answer_breaks_the_reading(data):
    wire.tickets_from_answer(data)
    wire.accounts_from_answer(data)


def test_what_a_database_refuses_is_replaced_while_decoding():
    data = decode_json(b'{"a\\u0000": ["x\\u0000y", "\\ud800", "\\ud83d\\ude00", 1e999, 1.5]}')
    assert data == {"a\ufffd": ["x\ufffdy", "?", "😀", "1e999", 1.5]}
    json.dumps(data, allow_nan=False).encode()


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b'{"a": NaN}', b"\xff\xfe\x00", b"[" * 100_000])
def test_what_is_no_json_is_one_kind_of_error(body):
    with pytest.raises(ValueError):  # noqa: PT011
        decode_json(body)


def test_an_account_keeps_its_zeros():
    row = {
        "id": 31,
        "macnum": "03526768",
        "name": "03526768 - 040010",
        "zip": "07307",
        "state": "NJ",
        "city": None,
    }
    account = AccountOnWire.from_wire(row)
    assert (account.id, account.macnum, account.zip, account.city) == (31, "03526768", "07307", "")
    assert account.drift == []


def test_accounts_without_a_macnum_are_left_out():
    assert [
        a.macnum for a in wire.accounts_from_answer({"results": [{"id": 1}, {"id": 2, "macnum": "01"}]})
    ] == ["01"]


def test_money_is_exact():
    body = b'{"dispatch_fee_dollars": 150.10, "hours": 2, "misc_fee_dollars": 0.1, "rate_per_hour": "85.00", "total": 320.2}'
    cost = CostOnWire.from_wire(decode_json(body, exact=True))
    assert cost.dispatch_fee_dollars + cost.misc_fee_dollars == Decimal("150.20")
    assert (cost.hours, cost.rate_per_hour, cost.total) == (Decimal(2), Decimal("85.00"), Decimal("320.2"))
    assert cost.drift == []


def test_money_that_is_none_is_noted():
    cost = CostOnWire.from_wire(
        {"total": "free", "hours": True, "rate_per_hour": None, "misc_fee_dollars": "NaN"}
    )
    assert (cost.total, cost.hours, cost.rate_per_hour, cost.misc_fee_dollars) == (None, None, None, None)
    assert {note.kind for note in cost.drift} == {"odd type", "missing field"}


# Complaints


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({"detail": "Bad thing"}, [("", None, "Bad thing")]),
        ({"message": "Bad thing", "code": 12}, [("", None, "Bad thing")]),
        (
            {"error": "invalid", "error_description": "po_number is too long"},
            [("po_number", None, "po_number is too long"), ("", None, "invalid")],
        ),
        ({"error": {"message": "Bad thing"}}, [("", None, "Bad thing")]),
        ({"errors": ["One", "Two"]}, [("", None, "One"), ("", None, "Two")]),
        (
            {"errors": {"po_number": ["Too long", "Odd"]}},
            [("po_number", None, "Too long"), ("po_number", None, "Odd")],
        ),
        (
            {"message": "Validation failed", "errors": {"po_number": "Too long"}},
            [("po_number", None, "Too long")],
        ),
        (
            {"detail": [{"loc": ["body", "locations", 1, "start_date"], "msg": "not a date", "type": "x"}]},
            [("start_date", 1, "not a date")],
        ),
        (
            {"detail": [{"loc": ["service_type"], "msg": "not one of"}]},
            [("service_type", None, "not one of")],
        ),
        (
            {"errors": [{"field": "locations[2].account_macnum", "message": "unknown"}]},
            [("account_macnum", 2, "unknown")],
        ),
        ({"errors": [{"field": "locations.0.end_date", "message": "early"}]}, [("end_date", 0, "early")]),
        ({"po_number": ["Too long"]}, [("po_number", None, "Too long")]),
        (
            {"locations": [{}, {"local_contact_number": ["A number, please"]}]},
            [("local_contact_number", 1, "A number, please")],
        ),
        ({"errors": {"locations[1].end_date": "early"}}, [("end_date", 1, "early")]),
        ({"non_field_errors": ["Too many files"]}, [("", None, "Too many files")]),
        ("The po_number must be short", [("po_number", None, "The po_number must be short")]),
        ("locations[3].start_date is bad", [("start_date", 3, "locations[3].start_date is bad")]),
        ("start_date must precede end_date", [("", None, "start_date must precede end_date")]),
        ("<b>Bad</b>", [("", None, "<b>Bad</b>")]),
        ("x" * 900, [("", None, "x" * 500)]),
        ("", []),
        ({}, []),
        ([], []),
        (["Bad"], [("", None, "Bad")]),
        ({"code": 7}, [("code", None, "7")]),
        ({"detail": None}, [("", None, '{"detail": null}')]),
    ],
)
def test_complaints_are_understood_in_every_shape(body, problems):
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    found = problems_from_body(raw)
    assert sorted(found, key=repr) == sorted((FieldProblem(*problem) for problem in problems), key=repr)


@given(JSON | st.text() | st.binary())
def test_no_body_breaks_the_complaints(body):
    for problem in problems_from_body(body):
        assert problem.message
        assert "\x00" not in problem.message
        problem.message.encode()


def test_a_flood_of_complaints_is_cut():
    body = json.dumps({"errors": [f"wrong {n}" for n in range(10_000)]}).encode()
    assert len(problems_from_body(body)) == 500
