"""One play of the outbox: what every rule needs, and how it ends. Its rules are in `work` and in `persons`."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db.models import Q
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from portal import account_services, breaker, outbox
from portal.models import Message, User
from portal.models.messages import SETTLED, State
from tests.flows.machine import laws
from tests.flows.machine.worker import Worker
from tests.flows.machine.world import World

numbers = st.integers(0, 11)  # of a thing; modulo how many there are


def step(act: Callable[..., None]) -> Callable[..., None]:
    """A rule's body: one thing that happens, after which the laws are checked."""

    @wraps(act)
    def run(machine: "Play", *args: Any, **options: Any) -> None:
        machine.is_sound = False
        with machine.world.acting():
            act(machine, *args, **options)

    return run


class Play(RuleBasedStateMachine):
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
