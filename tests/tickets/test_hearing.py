"""What GTT's webhooks tell of our cases: hints that are followed up, whatever befalls them on their way."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal import inbox
from portal.models import Delivery, VendorAccount
from portal.models.messages import State
from portal.vendors.sandbox import Sandbox
from portal.vendors.sandbox.gtt.misfortunes import in_style
from tests.casework import gtt_account, make_case, send
from tests.cast import Cast
from tests.dispatching import refill
from tests.tickets.doubting import check
from tickets.models import Case
from tickets.services.cases import following, hearing

pytestmark = pytest.mark.django_db


class Line:
    """The way from GTT to us: what GTT told lies here, and is delivered when and as often as a test likes."""

    def __init__(self, box: Sandbox, account: VendorAccount) -> None:
        self.box, self.account = box, account
        _, self.secret = inbox.new_token(account)

    def told(self, case: Case, style: str = "envelope") -> bytes:
        """What GTT would tell of the case as it stands now."""
        gtt = self.box.gtt
        name = case.number or next(iter(gtt.cases.values()))["name"]
        wire = gtt.book.to_wire(gtt.book.get(name), "v1alpha")
        return json.dumps(in_style(style, wire, "update")).encode()

    def deliver(self, body: bytes | dict[str, Any], method: str = "POST") -> Delivery:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = Client().generic(method, f"/hooks/gtt/{self.secret}/", raw, "application/json")
        assert answer.status_code == 202
        return Delivery.objects.order_by("-pk")[0]

    def heed(self, body: bytes | dict[str, Any]) -> Delivery:
        delivery = self.deliver(body)
        hearing.heed_due()
        delivery.refresh_from_db()
        return delivery


@pytest.fixture
def account(box: Sandbox) -> VendorAccount:
    return gtt_account(box)


@pytest.fixture
def line(box: Sandbox, account: VendorAccount) -> Line:
    return Line(box, account)


@pytest.fixture
def case(account: VendorAccount, people: Cast) -> Case:
    raised = make_case(people.alice, people.east, account)
    send(account)
    raised.refresh_from_db()
    assert raised.number
    return raised


def reads(box: Sandbox) -> int:
    return len(box.calls("gtt.get"))


def read_due(account: VendorAccount) -> int:
    refill(account)
    return following.follow_due()


@pytest.mark.parametrize("style", ["envelope", "minimal", "wrapped", "list", "flat"])
def test_in_whatever_form_it_comes_the_case_is_read_again(
    box: Sandbox, account: VendorAccount, line: Line, case: Case, style: str
) -> None:
    box.gtt.move(case.number, "In Progress")
    delivery = line.heed(line.told(case, style))
    assert (delivery.state, delivery.object_key) == ("processed", case.number)
    case.refresh_from_db()
    assert case.state == "Open"  # the payload is a hint
    assert read_due(account) == 1
    case.refresh_from_db()
    assert (case.state, case.read_by) == ("In Progress", "poll")


def test_a_forged_one_changes_nothing(box: Sandbox, account: VendorAccount, line: Line, case: Case) -> None:
    lies = {"state": "Closed", "updated_at": "2099-01-01 00:00:00", "comments": [{"text": "Pay here."}]}
    line.heed({"kind": "case", "name": case.number, "spec": {"number": case.number, **lies}})
    read_due(account)
    case.refresh_from_db()
    assert (case.state, case.comments.count()) == ("Open", 0)
    told = line.heed({"kind": "case", "name": "CS9999999", "spec": {"state": "Closed"}})
    assert (told.state, Case.objects.count()) == ("ignored", 1)


def test_many_of_one_case_cost_one_read(box: Sandbox, account: VendorAccount, line: Line, case: Case) -> None:
    body, before = line.told(case), reads(box)
    for _ in range(30):
        line.deliver(body)
    hearing.heed_due()
    assert Delivery.objects.filter(state="processed").count() == 30  # equal bodies are events of their own
    Case.objects.update(next_read_at=timezone.now())
    read_due(account)
    assert read_due(account) == 0
    assert reads(box) - before == 1


def test_in_a_burst_the_reading_waits_for_its_end(account: VendorAccount, line: Line, case: Case) -> None:
    for _ in range(hearing.BURST + 1):
        line.deliver({"kind": "case", "name": "CS9999999"})
    line.heed(line.told(case))
    assert read_due(account) == 0
    case.refresh_from_db()
    assert case.is_wanted
    assert case.next_read_at
    assert case.next_read_at <= timezone.now() + hearing.BURST_LASTS


def test_news_that_comes_while_the_case_is_read_is_not_lost(
    box: Sandbox, account: VendorAccount, line: Line, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer on its way is of before the change: it must not pass for the answer to what came meanwhile."""
    line.heed(line.told(case))
    asked = following.accounts.gtt_client

    def overtaken(account: VendorAccount) -> Any:
        client = asked(account)
        read = client.get_case

        def get_case(name: str) -> Any:
            answer = read(name)
            monkeypatch.setattr(following.accounts, "gtt_client", asked)
            box.gtt.move(case.number, "In Progress")
            line.heed(line.told(case))
            return answer

        client.get_case = get_case
        return client

    monkeypatch.setattr(following.accounts, "gtt_client", overtaken)
    assert read_due(account) == 2
    case.refresh_from_db()
    assert case.state == "In Progress"
    assert not case.is_wanted


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[" * 10_000 + b"]" * 10_000,
        b"{}\x00",
        b"[]",
        b"7",
        b'"CS1"',
        b'{"error": "x"}',
        b'{"kind":"case"}',
    ],
)
def test_what_cannot_be_read_is_kept_and_said_so(line: Line, body: bytes) -> None:
    delivery = line.heed(body)
    assert (delivery.state, bytes(delivery.body)) == ("unreadable", body)
    assert delivery.outcome


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "utf-32", "utf-8-sig"])
def test_other_ways_of_writing_are_understood(line: Line, case: Case, codec: str) -> None:
    assert line.heed(line.told(case).decode().encode(codec)).state == "processed"


def test_of_another_namespace_it_is_not_ours(line: Line, case: Case) -> None:
    told = json.loads(line.told(case)) | {"namespace": "7"}
    assert line.heed(told).state == "ignored"


# --- Before the number is known


def test_it_may_overtake_the_answer_that_names_the_case(
    box: Sandbox, account: VendorAccount, line: Line, people: Cast
) -> None:
    raised = make_case(people.alice, people.east, account)
    early = line.heed({"kind": "case", "name": "CS9999999", "spec": {"description": "of somebody else"}})
    assert early.state == "waiting"
    send(account)
    Delivery.objects.update(due_at=timezone.now())
    hearing.heed_due()
    early.refresh_from_db()
    assert early.state == "ignored"
    raised.refresh_from_db()
    assert raised.number


def test_a_case_whose_creation_got_no_answer_is_found_by_its_webhook(
    box: Sandbox, account: VendorAccount, line: Line, people: Cast
) -> None:
    raised = make_case(people.alice, people.east, account)
    box.fail_next("lose_answer", on="gtt.create")
    send(account)
    message = raised.message
    assert message is not None
    message.refresh_from_db()
    assert message.state == State.UNKNOWN
    told = line.heed(line.told(raised))
    assert told.state == "processed"
    assert "was unknown" in told.outcome
    check(account)
    message.refresh_from_db()
    raised.refresh_from_db()
    assert (message.state, bool(raised.number)) == (State.DONE, True)


# --- Where reading is switched off


@pytest.fixture
def blind(account: VendorAccount) -> VendorAccount:
    account.operations = []
    account.save()
    return account


def test_without_reading_the_newest_word_counts(
    box: Sandbox, line: Line, case: Case, blind: VendorAccount
) -> None:
    bodies = []
    for state in ("In Progress", "Pending Customer", "Resolved"):
        box.advance(60)
        box.gtt.move(case.number, state)
        bodies.append(line.told(case))
    for place, outcome in (
        (1, "processed"),
        (0, "ignored"),
        (1, "ignored"),
        (2, "processed"),
        (2, "ignored"),
        (0, "ignored"),
    ):
        assert line.heed(bodies[place]).state == outcome
    case.refresh_from_db()
    assert (case.state, case.read_by) == ("Resolved", "webhook")
    assert [change.after for change in case.changes.filter(field="state")] == [
        "Resolved",
        "Pending Customer",
        "Open",
    ]


def test_without_reading_nobody_decides_from_the_future_or_without_a_time(
    line: Line, case: Case, blind: VendorAccount
) -> None:
    said = {"number": case.number, "state": "Closed"}
    assert line.heed({"kind": "case", "name": case.number, "spec": said}).state == "ignored"
    said["updated_at"] = "2099-01-01 00:00:00"
    assert line.heed({"kind": "case", "name": case.number, "spec": said}).state == "ignored"
    case.refresh_from_db()
    assert case.state == "Open"
