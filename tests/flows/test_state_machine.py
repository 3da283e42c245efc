"""The outbox played at random: people, workers, deaths, late answers and the clock, in any order.

Hypothesis chooses the steps; after each of them the laws of `machine/laws.py` are held against the vendor's own log.
Here it plays a fixed few; `make machine` plays other ones, for as long as it is told to.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.db.models import Q
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from portal import account_services, breaker, outbox
from portal.models import Message, Resolution, User, VendorAccount
from portal.models.messages import SETTLED, State
from portal.outbox import resolving
from portal.problems import Problem
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast
from tests.dispatching import make_dispatch, sandbox_account
from tests.flows.machine import laws, worker
from tests.flows.machine.worker import Worker, stops
from tests.flows.machine.world import World

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "0"))  # 0: the fixed few
STEPS = int(os.environ.get("MACHINE_STEPS", "30"))
MOST_MESSAGES = 5
STILL_MOVING = (State.QUEUED, State.CLAIMED, State.SENDING, State.UNKNOWN)
LOOKED = "Granite portal, search for the reference; then Joan at the desk"
# None of those that take longer than an example; they are played where they are tested.
FAULTS = (
    "", "", "", "lose_answer", "close_after", "reset_before", "close_before", "reset_in_upload", "reset_in_answer",
    "cut_status_line", "cut_refusal", "truncated", "empty_200", "html_200", "500", "500_after", "502_after", "503",
    "408", "409", "400_field", "413", "422", "401", "403", "404", "405", "429", "redirect", "refused",
    "fewer", "more", "reordered", "repeated_ids", "no_ids", "nulls", "string_ids", "wrong_address",
)  # fmt: skip

numbers = st.integers(0, 11)
faults = st.sampled_from(FAULTS)
stops_on_the_way = st.sampled_from([worker.MARKED, worker.ANSWERED, worker.ANSWERED, *worker.STOPS])
names = st.sampled_from(["alice", "carol", "mia", "root"])


def step(act: Callable[..., None]) -> Callable[..., None]:
    """A rule's body: one thing that happens, after which the laws are checked."""

    @wraps(act)
    def run(machine: "Outbox", *args: Any, **options: Any) -> None:
        machine.is_sound = False
        with machine.world.acting():
            act(machine, *args, **options)

    return run


class Outbox(RuleBasedStateMachine):
    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.workers = [Worker(), Worker()]
        self.is_sound = True
        self.people_found = False
        # As it was after the last step.
        self.messages: list[Message] = []
        self.is_stopped = False

    def person(self, name: str) -> User:
        found: User = getattr(self.world.people, name)
        return found

    def some(self, number: int, *states: str) -> Message:
        """One of the messages in these states, by a number that may be too large."""
        found = [message for message in self.messages if message.state in states]
        return found[number % len(found)]

    def has(self, *states: str) -> bool:
        return any(message.state in states for message in self.messages)

    # Work

    @initialize(rows=st.integers(1, 3))
    def the_first(self, rows: int) -> None:
        self.submit(rows)

    @precondition(lambda self: len(self.messages) < MOST_MESSAGES)
    @rule(rows=st.integers(1, 3))
    @step
    def submit(self, rows: int) -> None:
        dispatch = make_dispatch(self.world.people.alice, self.world.people.east, rows)
        self.world.locations += rows
        self.world.deeds.note("dispatch.submitted", self.world.people.alice, dispatch)

    @precondition(lambda self: self.has(State.QUEUED))
    @rule(fault=faults)
    @step
    def deliver(self, fault: str) -> None:
        """By a third worker, without a stop."""
        with self.world.lying(fault):
            outbox.deliver_due(limit=1)

    @precondition(lambda self: self.has(State.QUEUED) and any(one.is_idle for one in self.workers))
    @rule(until=stops_on_the_way, fault=faults)
    @step
    def begin(self, until: str, fault: str) -> None:
        """Somebody takes a message in hand and is held up, say with the answer in hand."""
        one = next(one for one in self.workers if one.is_idle)
        with self.world.lying(fault):
            one.step()
            one.go_on(until)

    @precondition(lambda self: self.has(State.QUEUED) and any(one.is_idle for one in self.workers))
    @rule(fault=faults)
    @step
    def lose_sight(self, fault: str) -> None:
        """A worker is held up with its answer in hand, until everybody has given that up."""
        one = next(one for one in self.workers if one.is_idle)
        with self.world.lying(fault):
            one.step()
            one.go_on(worker.ANSWERED)
        self.world.pass_time(minutes=16)
        outbox.sweep()

    @precondition(lambda self: any(not one.is_idle for one in self.workers))
    @rule(number=numbers, until=st.just("") | stops_on_the_way, fault=faults)
    @step
    def go_on(self, number: int, until: str, fault: str) -> None:
        """ "" is to the end."""
        one = self.a_busy_worker(number)
        # Who is past its preparations has the vendor's address in hand.
        with self.world.lying("" if fault == "refused" else fault):
            one.go_on(until)

    @precondition(lambda self: any(not one.is_idle for one in self.workers))
    @rule(number=numbers, how=st.sampled_from(["kill", "kill", "half-written", "interrupt"]))
    @step
    def die(self, number: int, how: str) -> None:
        one = self.a_busy_worker(number)
        if how == "interrupt":
            one.interrupt()
            return
        if how == "half-written" and one.at == worker.JOURNALLED:
            self.world.tear_last_page()
        one.kill()

    def a_busy_worker(self, number: int) -> Worker:
        busy = [one for one in self.workers if not one.is_idle]
        return busy[number % len(busy)]

    # What passes, and what the portal does by itself

    @precondition(lambda self: self.has(*STILL_MOVING))
    @rule(minutes=st.sampled_from([0, 16, 16]), is_swept=st.sampled_from([True, True, False]))
    @step
    def time_passes(self, minutes: int, is_swept: bool) -> None:
        self.world.pass_time(minutes)
        if is_swept:
            outbox.sweep()
            breaker.probe_due()

    @precondition(lambda self: self.world.journal() or self.world.pages)
    @rule(number=numbers, comes_back=st.sampled_from([False, False, True]))
    @step
    def the_journal_is_read(self, number: int, comes_back: bool) -> None:
        """Or an old page comes back, from a copy of the disk."""
        self.world.age_journal()
        if comes_back and self.world.pages:
            path, text = sorted(self.world.pages.items())[number % len(self.world.pages)]
            path.write_text(text)
            self.world.age_journal()
        outbox.settle_left()

    @precondition(lambda self: self.has(State.UNKNOWN) and self.people_found)
    @rule(is_away=st.sampled_from([False, False, True]))
    @step
    def what_was_found_is_checked(self, is_away: bool) -> None:
        if is_away:
            self.world.box.fail_next("500", on="details")
        outbox.check_found()
        self.world.box.clear_faults()

    # People

    @precondition(lambda self: self.has(State.UNKNOWN))
    @rule(
        number=numbers,
        name=names,
        which=st.sampled_from(["ours", "one of ours", "foreign", "invented", "all"]),
    )
    @step
    def say_found(self, number: int, name: str, which: str) -> None:
        message, by = self.some(number, State.UNKNOWN), self.person(name)
        ours = self.world.ids_of(message.reference)
        ids = {
            "ours": ours,
            "one of ours": ours[-1:],
            "foreign": [key for key in self.world.box.tickets if key not in ours],
            "invented": [999_999_999],
            "all": [999_999_999, *self.world.box.tickets],
        }[which]
        with suppress(Problem):
            said = {str(vendor_id): place % message.weight for place, vendor_id in enumerate(ids)}
            resolving.say_found(message, said, by=by)
            self.people_found = True
            self.world.deeds.note("message.found_claimed", by, message)

    @precondition(lambda self: self.has(State.UNKNOWN))
    @rule(number=numbers, name=names, when=st.sampled_from(["later", "later", "at once", "too late"]))
    @step
    def say_not_there(self, number: int, name: str, when: str) -> None:
        """Too late is after the visit should have begun: it cannot be sent again as it is."""
        message, by = self.some(number, State.UNKNOWN), self.person(name)
        if when != "at once":
            self.world.pass_time(minutes=16)
        if when == "too late":
            self.world.pass_visits(message)
        with suppress(Problem):
            said = resolving.say_not_there(message, note=LOOKED, by=by)
            self.world.deeds.looked_first[said.pk] = by
            self.world.deeds.note("message.not_found", by, message)

    @precondition(lambda self: self.world.deeds.looked_first)
    @rule(number=numbers, name=names)
    @step
    def confirm(self, number: int, name: str) -> None:
        said, by = self.a_said(number), self.person(name)
        with suppress(Problem):
            resolving.confirm(said, by=by)
            pair = (self.world.deeds.looked_first[said.pk], by)
            self.world.deeds.renewed_by.setdefault(said.message.reference, []).append(pair)
            self.world.deeds.note("message.not_created", by, said.message)

    def a_said(self, number: int) -> Resolution:
        """The newest are the likelier ones, and those long decided are tried, too."""
        keys = sorted(self.world.deeds.looked_first, reverse=True)
        return Resolution.objects.select_related("message").get(pk=keys[number % min(len(keys), 3)])

    @precondition(lambda self: self.messages)
    @rule(
        number=numbers,
        name=names,
        act=st.sampled_from(["release", "cancel", "disagree", "write off", "pause"]),
    )
    @step
    def intervene(self, number: int, name: str, act: str) -> None:
        """Whatever state it is in: where it is too late, the portal has to refuse."""
        message, by, deeds = self.messages[number % len(self.messages)], self.person(name), self.world.deeds
        with suppress(Problem):
            if act == "cancel":
                outbox.cancel(message, by=by)
                deeds.note("message.cancelled", by, message)
            elif act == "release" and outbox.release([message], by=by, reason="mended"):
                deeds.note("message.released", by, message)
            elif act == "write off":
                resolving.write_off(message, reason="The shop burnt down.", by=by)
                deeds.written_off.add(message.reference)
                deeds.note("message.written_off", by, message)
            elif act == "pause":
                account_services.pause(self.world.account, "Granite called", by=by)
                deeds.note("account.paused", by, self.world.account)
            elif act == "disagree" and deeds.looked_first:
                said = self.a_said(number)
                resolving.disagree(said, note="I see it there", by=by)
                deeds.note("message.not_found_withdrawn", by, said.message)

    @precondition(lambda self: self.is_stopped)
    @rule(name=names)
    @step
    def resume(self, name: str) -> None:
        account_services.resume(self.world.account, reason="Granite called again", by=self.person(name))
        self.world.deeds.note("account.resumed", self.person(name), self.world.account)

    # Laws

    @invariant()
    def the_laws_hold(self) -> None:
        self.messages = sorted(laws.check(self.world).messages.values(), key=lambda message: message.pk)
        self.is_stopped = self.world.is_stopped()
        self.is_sound = True

    def teardown(self) -> None:
        try:
            if self.is_sound:
                self.come_to_rest()
        finally:
            self.world.end(self.workers)

    def come_to_rest(self) -> None:
        """Nobody does anything any more, and the machines do what they always do."""
        world, root = self.world, self.world.people.root
        with world.acting():
            for one in self.workers:
                one.kill()
            account_services.resume(world.account, reason="the end", by=root)
            world.deeds.note("account.resumed", root, world.account)
        for _ in range(12):
            with world.acting():
                world.pass_time()
                world.age_journal()
                outbox.settle_left()
                outbox.sweep()
                breaker.probe_due()
                sent = outbox.deliver_due(limit=2)
                checked = outbox.check_found()
            if not sent and not checked and not self.what_is_left():
                break
        self.the_laws_hold()
        assert self.what_is_left() == []

    def what_is_left(self) -> list[str]:
        """What no machine and no person has to do with any more, and is not settled all the same."""
        at_rest = Q(state__in=[*SETTLED, State.UNKNOWN]) | Q(state=State.HELD) & ~Q(held_reason="")
        moving = [f"{one} is {one.state}" for one in Message.objects.exclude(at_rest)]
        return moving + [path.name for path in self.world.journal() if path.suffix == ".json"]


@pytest.fixture
def account(box: Sandbox, people: Cast, settings: Any, tmp_path: Path) -> VendorAccount:
    settings.JOURNAL_ROOT = tmp_path
    return sandbox_account(box, locations_per_message=2)


def profile() -> hypothesis.settings:
    return hypothesis.settings(
        max_examples=EXAMPLES or 25,
        stateful_step_count=STEPS,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )


@pytest.mark.django_db
def test_nothing_that_can_happen_breaks_a_law(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    with stops() as settled:
        run_state_machine_as_test(lambda: Outbox(World(box, account, people, settled)), settings=profile())
