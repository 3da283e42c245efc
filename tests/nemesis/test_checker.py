"""The checker finds every kind of lie, one at a time, in books that are otherwise right."""

import hashlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from portal.vendors.http import MultipartRequest
from portal.vendors.sandbox.granite.tickets import Ticket
from portal.vendors.sandbox.truth import Record
from tests.nemesis.checker import Findings, check_pages, compare
from tests.nemesis.clients import Order, Submitted
from tests.nemesis.ours import Location, Message, Ours
from tests.nemesis.people import BrokenPage
from tests.nemesis.stack import Blow
from tests.nemesis.vendor import Truth

LIMIT = 60
BOUNDARY = "portal-0123456789abcdef"
PLACES = [("Boston", "0001"), ("Lowell", "0002")]


class Books:
    """Two dispatches of two places: the first has its tickets, of the second nobody knows, and it was carried out."""

    def __init__(self) -> None:
        self.ours = Ours({}, [], {1, 2}, {1: "run 1-0: swap", 2: "run 1-1: swap"}, {})
        self.truth = Truth()
        self.submitted = [
            Submitted(Order(f"run 1-{n}", [0, 1], date(2027, 1, 1), False), n + 1) for n in range(2)
        ]
        self.add(1, "done", tickets=[101, 102])
        self.add(2, "unknown", tickets=[None, None])
        for number, place in zip((103, 104), PLACES, strict=True):
            self.truth.tickets[number] = ticket(number, "DSP-000002-1", place)

    def add(self, dispatch: int, state: str, tickets: list[int | None]) -> None:
        reference = f"DSP-{dispatch:06d}-1"
        rows = [{"location_name": name, "location_number": number} for name, number in PLACES]
        fields = [["customer_ticket_number", reference], ["locations", json.dumps(rows)]]
        payload = {"fields": fields, "files": [], "boundary": BOUNDARY}
        canonical = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        self.ours.messages[dispatch] = Message(
            dispatch, reference, f"dispatch:{dispatch}:1", state, "", "", payload, digest, None
        )
        self.submitted[dispatch - 1].hashes = [digest]
        for (name, number), known in zip(PLACES, tickets, strict=True):
            self.ours.locations.append(
                Location(len(self.ours.locations), dispatch, dispatch, name, number, known)
            )
            if known:
                self.truth.tickets[known] = ticket(known, reference, (name, number))
        body = MultipartRequest([(name, value) for name, value in fields], boundary=BOUNDARY)
        self.truth.records.append(record(reference, body.body_sha256()))

    def check(self) -> Findings:
        return compare(self.ours, self.truth, self.submitted, Path("/nowhere"), LIMIT)


def ticket(number: int, reference: str, place: tuple[str, str]) -> Ticket:
    shown = {
        "customer_ticket_number": f"{reference},A-1",
        "location_name": place[0],
        "location_number": place[1],
    }
    return Ticket(number, shown, {}, 7, 0.0)


def record(reference: str, body: str, *, at: float = 0.0, status: int | str = 200) -> Record:
    return Record(
        monotonic=at, at=at, vendor="granite", method="POST", path="/api/v1/tickets/external", query={}, operation="create",
        client="c", correlation="", status=status, fault="", problem="", ticket_ids=[],
        parts={"customer_ticket_number": reference}, ignored=[], files=[], body_sha256=body, body_length=9,
    )  # fmt: skip


def test_right_books_have_no_findings() -> None:
    found = Books().check()
    assert found.count == 0, found.found
    assert found.locations == {"ticketed": 2, "in doubt": 2}


def twice(books: Books) -> None:
    books.truth.tickets[105] = ticket(105, "DSP-000002-1", PLACES[0])


def twice_by_another_message(books: Books) -> None:
    books.truth.tickets[105] = ticket(105, "DSP-000002-2", PLACES[0])


def submitted_twice(books: Books) -> None:
    books.ours.descriptions[2] = "run 1-0: swap"


def vanished(books: Books) -> None:
    books.ours.dispatches.discard(2)


def still_waiting(books: Books) -> None:
    books.ours.messages[2].state = "queued"
    books.truth.tickets = {number: one for number, one in books.truth.tickets.items() if number < 103}


def held_for_no_reason(books: Books) -> None:
    still_waiting(books)
    books.ours.messages[2].state = "held"


def done_without_its_tickets(books: Books) -> None:
    books.ours.messages[2].state = "done"


def of_no_message(books: Books) -> None:
    books.truth.tickets[105] = ticket(105, "DSP-000009-1", PLACES[0])


def cancelled_and_created(books: Books) -> None:
    books.ours.messages[2].state = "cancelled"


def invented(books: Books) -> None:
    books.ours.locations[0].ticket = 999


def of_another(books: Books) -> None:
    books.ours.locations[2].ticket = 104


def rejected_and_created(books: Books) -> None:
    books.ours.messages[2].state = "rejected"


def ticketed_and_rejected(books: Books) -> None:
    books.ours.messages[1].state = "rejected"


def a_location_too_few(books: Books) -> None:
    del books.ours.locations[3]


def another_body(books: Books) -> None:
    books.truth.records[0].body_sha256 = "0" * 64


def thawed(books: Books) -> None:
    books.ours.messages[1].payload["fields"].append(["po_number", "1"])


def not_what_was_reviewed(books: Books) -> None:
    books.submitted[0].hashes = ["0" * 64]


def too_fast(books: Books) -> None:
    body = books.truth.records[0].body_sha256
    books.truth.records += [record("DSP-000001-1", body, at=n * 0.9) for n in range(LIMIT)]


LIES: list[tuple[Callable[[Books], None], str]] = [
    (twice, "duplicates"),
    (twice_by_another_message, "duplicates"),
    (submitted_twice, "duplicates"),
    (vanished, "lost"),
    (still_waiting, "stuck"),
    (held_for_no_reason, "lost"),
    (done_without_its_tickets, "orphans"),
    (done_without_its_tickets, "sums that differ"),
    (of_no_message, "orphans"),
    (cancelled_and_created, "orphans"),
    (invented, "phantoms"),
    (of_another, "phantoms"),
    (rejected_and_created, "rejected but created"),
    (ticketed_and_rejected, "sums that differ"),
    (a_location_too_few, "sums that differ"),
    (another_body, "bodies that differ"),
    (thawed, "bodies that differ"),
    (not_what_was_reviewed, "bodies that differ"),
    (too_fast, "over the limit"),
]


@pytest.mark.parametrize(("lie", "name"), LIES, ids=lambda one: getattr(one, "__name__", one))
def test_a_lie_is_found(lie: Callable[[Books], None], name: str) -> None:
    books = Books()
    lie(books)
    assert books.check().found[name], f"{lie.__name__} was not found"


def test_exactly_the_limit_is_allowed() -> None:
    books = Books()
    body = books.truth.records[0].body_sha256
    books.truth.records = [record("DSP-000001-1", body, at=n * 0.9) for n in range(LIMIT)]
    assert books.check().count == 0


def test_what_was_cut_short_on_the_way_is_no_other_body() -> None:
    books = Books()
    books.truth.records.append(record("DSP-000001-1", "half", status="cut short"))
    assert books.check().count == 0


def test_only_what_was_dead_excuses_a_broken_page() -> None:
    blows = [
        Blow("postgres", "killed", at=10.0, until=12.0),
        Blow("valkey", "killed", at=20.0, until=30.0),
    ]
    pages = [
        BrokenPage(9.0, 10.5, 500, "GET /"),
        BrokenPage(13.0, 14.0, 500, "GET /"),
        BrokenPage(21.0, 22.0, 500, "GET /"),
    ]
    findings = Findings()
    assert check_pages(pages, blows, findings) == 1
    assert len(findings.found["broken pages"]) == 2
