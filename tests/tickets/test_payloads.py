"""Our records in Granite's words: stable to the byte, with our reference in front."""

import json
from datetime import datetime
from typing import Any

import pytest

from portal.models import StoredFile, VendorAccount
from portal.vendors.http import MultipartRequest
from tickets import payloads
from tickets.forms.checking import CheckedLocation

WHAT: dict[str, Any] = {
    "service_type": "Smart Hands",
    "contact_name": "Jane Roe",
    "initial_description": "Line one\nLine two – ünïcode",
    "automatic_email_contact": True,
    "contact_email_address": "jane.roe@example.com",
    "automatic_email_cc": False,
    "automatic_email_cc_address": "",
    "customer_ticket_number": "INC1,INC2",
    "po_number": "",
    "customer_preferred_tech": False,
    "prior_ticket": None,
    "special_instructions": "",
    "non_standard_tools": "",
}


def location(number: int = 1, **changes: Any) -> CheckedLocation:
    values: dict[str, Any] = {
        "position": number - 1,
        "key": str(number),
        "corrects": None,
        "location_name": "Store",
        "location_number": f"{number:04d}",
        "account_macnum": "03526768",
        "local_contact_name": "Sam Poe",
        "local_contact_number": "5551234567",
        "location_contact_ext": "",
        "location_contact_email": "",
        "secondary_lcon_name": "",
        "secondary_lcon_number": "",
        "secondary_lcon_ext": "",
        "secondary_lcon_email": "",
        "site": None,
        "time_zone": "America/New_York",
        "start_date": datetime(2027, 2, 3, 9),
        "end_date": datetime(2027, 2, 3, 12),
    }
    return CheckedLocation(**values | changes)


ACCOUNT = VendorAccount(pk=3, locations_per_message=2, granted_tenant_macnum="")
FILE = StoredFile(pk=5, name="plan.png", content_type="image/png", size=3, sha256="ab")


def planned(*locations: CheckedLocation, **what: Any) -> list[payloads.PlannedMessage]:
    return payloads.planned_messages(123, ACCOUNT, WHAT | what, locations, [FILE])


def test_the_same_draft_gives_the_same_bytes() -> None:
    first, again = planned(location()), planned(location())
    assert first[0].payload == again[0].payload
    assert first[0].payload_hash == again[0].payload_hash
    assert payloads.plan_hash(ACCOUNT, first) == payloads.plan_hash(ACCOUNT, again)


@pytest.mark.parametrize(
    "change",
    [
        {"location_name": "Other"},
        {"start_date": datetime(2027, 2, 3, 8)},
        {"local_contact_number": "5551234568"},
    ],
)
def test_any_change_of_what_is_sent_changes_the_hash(change: dict[str, Any]) -> None:
    assert planned(location())[0].payload_hash != planned(location(**change))[0].payload_hash


def test_another_account_is_another_plan() -> None:
    other = VendorAccount(pk=4, locations_per_message=2)
    assert payloads.plan_hash(ACCOUNT, planned(location())) != payloads.plan_hash(other, planned(location()))


def test_our_reference_goes_before_the_senders_numbers() -> None:
    messages = planned(location(1), location(2), location(3))
    assert [dict(m.payload["fields"])["customer_ticket_number"] for m in messages] == [
        "DSP-000123-1,INC1,INC2",
        "DSP-000123-2,INC1,INC2",
    ]
    assert [m.chunk for m in messages] == ["dispatch:123:1", "dispatch:123:2"]
    alone = planned(location(), customer_ticket_number="")
    assert dict(alone[0].payload["fields"])["customer_ticket_number"] == "DSP-000123-1"


def test_blank_parts_are_left_out_and_booleans_are_lower_case() -> None:
    fields = dict(planned(location())[0].payload["fields"])
    assert not {"po_number", "prior_ticket", "special_instructions", "granted_tenant_macnum"} & set(fields)
    assert (fields["automatic_email_contact"], fields["automatic_email_cc"]) == ("true", "false")
    sent = json.loads(fields["locations"])
    assert isinstance(sent, list)
    assert not [key for key, value in sent[0].items() if value in ("", None)]


def test_phones_are_a_number_first_and_text_second() -> None:
    sent = json.loads(
        dict(planned(location(secondary_lcon_number="5550001111"))[0].payload["fields"])["locations"]
    )[0]
    assert sent["local_contact_number"] == 5551234567
    assert sent["secondary_lcon_number"] == "5550001111"
    assert sent["account_macnum"] == "03526768"


def test_the_company_we_act_for_is_named() -> None:
    account = VendorAccount(pk=3, locations_per_message=2, granted_tenant_macnum="0042")
    message = payloads.planned_messages(1, account, WHAT, [location()], [])[0]
    assert dict(message.payload["fields"])["granted_tenant_macnum"] == "0042"


def test_the_boundary_follows_from_the_rest_and_can_be_sent() -> None:
    payload = planned(location())[0].payload
    assert payload["boundary"] == planned(location())[0].payload["boundary"]
    assert payload["boundary"] != planned(location(location_name="Other"))[0].payload["boundary"]
    request = MultipartRequest([tuple(pair) for pair in payload["fields"]], [], payload["boundary"])
    with request.open() as body:
        assert "Line one\nLine two – ünïcode".encode() in body.read()


def test_files_are_frozen_with_their_hash() -> None:
    assert planned(location())[0].payload["files"] == [
        {"id": 5, "filename": "plan.png", "content_type": "image/png", "size": 3, "sha256": "ab"}
    ]
