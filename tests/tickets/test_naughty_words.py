"""Words meant to do harm, from Granite and from the wizard: shown as they are, or refused by name; nothing breaks."""

import json
import re
from html.parser import HTMLParser

import pytest
from django.test import Client

from portal.models import VendorAccount
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast, client_of
from tests.tickets.scene import read_again, sent_dispatch, site_rows
from tests.tickets.wizard_kit import Browser, form_of, row
from tickets.models import Dispatch, Ticket

WORDS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{ 7|add:7 }}{% load x %}",
    "</textarea></pre></details><svg onload=alert(1)>",
    "\u202eetirw\u202c\u2066x\u2069\u200b\ufeff",
    "a\x00b\x1b[2J\x07",
    "😀👩‍👩‍👧‍👦 Ṱ̷̤o̴ ﷽",
    "x" * 10_000,
    "%s%n%d ../../etc/passwd ${7*7} `id` ; DROP TABLE x; --",
    "=cmd|'/c calc'!A1",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    "  ",
]
FIELDS = (
    "status_name", "technician_name", "technician_phone_number", "address_1", "city", "state_identifier", "zip",
    "priority", "category", "summary", "po_number", "customer_ticket_number", "location_name", "service_type",
)  # fmt: skip
HARMLESS_LINK = re.compile(r"[/?#]|\.\./|tel:\+[0-9]+$|mailto:|http://|data:image/svg|$")


class Dangers(HTMLParser):
    """What a browser would run, or follow elsewhere, on a page of ours."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in pairs}
        where = given.get("src", "") or given.get("href", "") or given.get("action", "")
        if (
            any(name.startswith("on") or name == "style" for name in given)
            or (tag in ("script", "img") and not where.startswith(("/static/", "/admin/jsi18n/")))
            or not HARMLESS_LINK.match(where)
        ):
            self.found.append(self.get_starttag_text() or tag)


def assert_harmless(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200, address
    assert Dangers(answer.content.decode()).found == [], address


@pytest.mark.parametrize("word", WORDS)
def test_what_granite_says_is_only_words(box: Sandbox, account: VendorAccount, people: Cast, word: str):
    dispatch = sent_dispatch(people, site_rows(1))
    ticket = Ticket.objects.get(dispatch=dispatch)
    box.set_ticket(ticket.ticket_id, **dict.fromkeys(FIELDS, word))
    read_again(ticket)
    assert ticket.read_problem == ""
    assert word.startswith(" ") or ticket.raw["technician_name"].replace("\ufffd", "\x00") == word
    alice, root = client_of(people.alice), client_of(people.root)
    for address in ("/", "/tickets/", "/unknown/", f"/tickets/{ticket.pk}/", f"/tickets/{ticket.pk}/status/"):
        assert_harmless(alice, address)
    for address in (dispatch.get_absolute_url(), f"/dispatches/{dispatch.pk}/messages/{ticket.message_id}/"):
        assert_harmless(alice, address)
    for address in (
        "/admin/tickets/ticket/",
        f"/admin/tickets/ticket/{ticket.pk}/change/",
        f"/admin/tickets/ticket/{ticket.pk}/history/",
        "/admin/portal/driftentry/",
    ):
        assert_harmless(root, address)


WHAT = (
    "initial_description", "special_instructions", "non_standard_tools", "po_number", "customer_ticket_number",
    "prior_ticket", "contact_name", "contact_email_address", "automatic_email_cc_address", "service_type",
)  # fmt: skip
WHERE = (
    "location_name", "location_number", "account_macnum", "local_contact_name", "local_contact_number",
    "location_contact_ext", "location_contact_email", "secondary_lcon_name", "site", "time_zone",
)  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_what_is_typed_comes_back_as_it_was(account: VendorAccount, people: Cast, word: str):
    alice = Browser(people.alice)
    draft = alice.begin()
    alice.press(draft, "where", to="where/add/", add="blank")
    alice.press(draft, "what", **dict.fromkeys(WHAT, word), automatic_email_cc="on", go="next")
    alice.press(draft, "where", **row(0, dict.fromkeys(WHERE, word)), go="next")
    alice.press(draft, "when", **row(0, {"start_date": word, "end_date": word}), go="next")
    draft.refresh_from_db()
    kept = word.replace("\x00", "")
    assert all(draft.what[name] == kept for name in WHAT)
    assert all(draft.locations[0][name] == kept for name in (*WHERE, "start_date", "end_date"))
    for step in ("what", "where", "when"):
        assert_harmless(alice.client, alice.url(draft, f"{step}/?check=1"))
    assert_harmless(alice.client, alice.url(draft, "review/"))
    shown = form_of(alice.open(draft, "what"))
    assert shown["special_instructions"] == kept
    root = client_of(people.root)
    for address in (f"/admin/tickets/draft/{draft.pk}/change/", "/", "/drafts/", "/admin/tickets/draft/"):
        assert_harmless(root, address)


GOOD = [word for word in WORDS if "\x00" not in word and word.strip()]


@pytest.mark.parametrize("word", GOOD)
def test_what_is_typed_reaches_granite_as_it_was(
    box: Sandbox, account: VendorAccount, people: Cast, word: str
):
    """Texts of several lines may hold anything that is text; names of people and places are shorter."""
    said = {"initial_description": word, "special_instructions": f"line one\nline two {word}"}
    dispatch = sent_dispatch(people, 1, contact_name=word[:200], **said)
    ticket = Ticket.objects.get(dispatch=dispatch)
    told = box.tickets[ticket.ticket_id]
    assert told["initial_description"] == word
    assert told["special_instructions"] == said["special_instructions"]
    assert told["contact_name"] == word[:200]
    for client in (client_of(people.alice), client_of(people.root)):
        assert_harmless(client, dispatch.get_absolute_url())
        assert_harmless(client, f"/dispatches/{dispatch.pk}/messages/{ticket.message_id}/")
    assert json.dumps(told)
    assert Dispatch.objects.get(pk=dispatch.pk).initial_description == word


@pytest.mark.parametrize("word", WORDS)
def test_what_granite_refuses_with_is_only_words(
    box: Sandbox, account: VendorAccount, people: Cast, word: str
):
    from portal.models import Attempt
    from tickets.services.correcting import draft_from_failed

    box.fail_next("400_field", on="create", field="local_contact_number", message=word)
    dispatch = sent_dispatch(people, 1)
    attempt = Attempt.objects.get()
    assert attempt.outcome == "rejected"
    draft = draft_from_failed(dispatch, by=people.alice)
    alice, root = client_of(people.alice), client_of(people.root)
    for page in ("what", "where", "when", "review"):
        assert_harmless(alice, f"/drafts/{draft.pk}/{page}/")
    for address in (
        "/",
        dispatch.get_absolute_url(),
        f"/dispatches/{dispatch.pk}/messages/{attempt.message_id}/",
    ):
        assert_harmless(alice, address)
    for model in ("attempt", "message"):
        key = attempt.pk if model == "attempt" else attempt.message_id
        assert_harmless(root, f"/admin/portal/{model}/{key}/change/")
