"""Whatever befalls what GTT tells us, and however often reading fails: in the end we say what GTT says.

The deliveries are those the vendor sandbox really makes; chance decides which of them arrive, when, in which order and
how often, and which questions fail.
"""

import os
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import inbox
from portal.models import Delivery, VendorAccount
from portal.vendors.sandbox import Sandbox
from portal.vendors.sandbox.gtt.webhooks import Webhook
from tests.casework import gtt_account, make_case, send
from tests.cast import Cast
from tests.dispatching import refill
from tests.portal.sandbox_gtt_parts import NAMESPACE
from tickets.models import Case
from tickets.services.cases import following, hearing

pytestmark = pytest.mark.django_db

EXAMPLES = int(os.environ.get("HEARING_EXAMPLES", "40"))
STATES = ("In Progress", "Pending Customer", "Resolved", "Open")
NOBODY = "http://127.0.0.1:9/hooks/gtt/nobody"
STYLES = st.sampled_from(("envelope", "minimal", "wrapped", "list", "flat"))
# What happens, in the order it happens; numbers choose a case, a state, or one of what GTT has told so far.
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.integers(0, 1), st.integers(0, 3)),
        st.tuples(st.just("comment"), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("arrive"), st.integers(0, 30), st.integers(1, 3)),
        st.tuples(st.just("lie"), st.integers(0, 1), st.integers(0, 3)),
        st.tuples(st.just("heed"), st.just(0), st.just(0)),
        st.tuples(st.just("read"), st.just(0), st.just(0)),
        st.tuples(st.just("fail"), st.integers(0, 3), st.just(0)),
    ),
    min_size=5,
    max_size=30,
)
FAULTS = ("503", "close_before", "html_200", "no_spec")


@dataclass
class World:
    box: Sandbox
    account: VendorAccount
    cases: list[Case]
    secret: str
    told: list[bytes] = field(default_factory=list)

    def bodies(self) -> list[bytes]:
        """Everything GTT has told so far; the address it was told to is nobody's, so chance can play the line."""
        return [one["text"].encode() for one in self.box.gtt.deliveries]

    def do(self, what: str, first: int, second: int) -> None:
        if what == "move":
            self.box.gtt.move(self.cases[first].number, STATES[second])
        elif what == "comment":
            self.box.gtt.comment(self.cases[first].number, "We are on it.")
        elif what == "arrive" and (bodies := self.bodies()):
            for _ in range(second):
                self.arrive(bodies[first % len(bodies)])
        elif what == "lie":
            self.box.gtt.forge(self.cases[first].number, state=STATES[second])
        elif what == "heed":
            hearing.heed_due()
        elif what == "read":
            self.read()
        elif what == "fail":
            self.box.fail_next(FAULTS[first], on="gtt.get")

    def arrive(self, body: bytes) -> None:
        assert Client().post(f"/hooks/gtt/{self.secret}/", body, "application/json").status_code == 202

    def read(self) -> None:
        refill(self.account)
        following.follow_due()

    def end(self, last: list[int]) -> None:
        """GTT answers again. Of what it told at least one word about each case comes through, however old, or the
        time of the next poll."""
        self.box.clear_faults()
        bodies = self.bodies()
        for case, place in zip(self.cases, last, strict=True):
            about = [body for body in bodies if case.number.encode() in body]
            if about and place:
                self.arrive(about[place % len(about)])
            else:
                Case.objects.filter(pk=case.pk).update(next_read_at=timezone.now())
        Delivery.objects.filter(state="waiting").update(due_at=timezone.now())
        hearing.heed_due()
        for _ in range(3):
            # A burst, or a reading that failed before, waits some seconds; the clock goes on.
            for case in Case.objects.exclude(wanted_at=None):
                if case.is_wanted or case.read_problem:
                    Case.objects.filter(pk=case.pk).update(next_read_at=timezone.now())
            self.read()

    def check(self) -> None:
        assert not Delivery.objects.exclude(state="processed").exists()
        for case in self.cases:
            case.refresh_from_db()
            truth = self.box.gtt.book.to_wire(self.box.gtt.book.get(case.number), "v1alpha")["spec"]
            ours = (case.state, case.priority, case.short_description)
            assert ours == (truth["state"], truth["priority"], truth["short_description"])
            assert [comment.text for comment in case.comments.all()] == [
                comment["text"] for comment in truth.get("comments", [])
            ]
            assert case.read_by == "poll"


@pytest.fixture
def world(box: Sandbox, people: Cast) -> World:
    account = gtt_account(box)
    cases = [make_case(people.alice, people.east, account) for _ in range(2)]
    send(account)
    for case in cases:
        case.refresh_from_db()
    for action in ("create", "update"):
        spec = {"url": NOBODY, "version": "v1alpha", "kind": "case", "action": action}
        with box.lock:
            box.gtt.webhooks.add(Webhook(action, "v1", NAMESPACE, {}, spec, 0.0))
    _, secret = inbox.new_token(account)
    return World(box, account, cases, secret)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS, style=STYLES, last=st.lists(st.integers(0, 30), min_size=2, max_size=2))
def test_in_the_end_we_say_what_gtt_says(
    world: World, events: list[tuple[str, int, int]], style: str, last: list[int]
) -> None:
    world.box.gtt.set_up(payload_style=style)
    unchanged = transaction.atomic()
    unchanged._from_testcase = True  # type: ignore[attr-defined]  # the test's own frame
    with unchanged:
        try:
            for event in events:
                world.do(*event)
            world.end(last)
            world.check()
        finally:
            transaction.set_rollback(True)
            forget(world)


def forget(world: World) -> None:
    """The next example begins where this one did."""
    box: Any = world.box
    box.clear_faults()
    with box.lock:
        box.gtt.notices.postman.clear()
        for case in box.gtt.book._cases.values():
            case.state, case.updated = "Open", case.opened
            case.comments.clear()
