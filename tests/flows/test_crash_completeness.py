"""Every step of a send is a point at which a worker died once, in `test_crash_points`."""

import inspect
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from portal import outbox
from tests.flows.crash_points import ANSWERED, REFUSED, TIDYING
from tests.flows.crash_scene import Scene, send_and_vanish
from tests.flows.crashing import find

# What a send calls between its steps without leaving anything behind: a death there is a death before or after them.
LEAVES_NOTHING = {
    "portal.outbox.handlers.handler_of",
    "portal.outbox.workers.worker_name",
    "portal.outbox.claims.backoff",
    "portal.accounts.token_source",
    "portal.vendors.oauth.TokenSource.get",
    "portal.outbox.journal.left",
    "portal.arming.armed",
    "portal.arming.is_at_home",
    "tickets.services.delivery.CreateTickets.read",
    "tickets.services.delivery.CreateTickets.prepare.<locals>.send",  # the call: died in many times above
}
COMMIT = inspect.unwrap(BaseDatabaseWrapper.commit).__code__
THE_SEND = "portal.outbox.sending"
OURS = ("portal.", "tickets.", "sites.")
LOGS = "portal.logs."


def true_name(function: Any) -> str:
    function = inspect.unwrap(function)
    return f"{function.__module__}.{function.__qualname__}"


def all_points() -> list[str]:
    return [point.where for point in [*ANSWERED, *(one for _, one in REFUSED), *(one for _, one in TIDYING)]]


def names_of_points(kinds: tuple[str, ...]) -> set[str]:
    names = [where.split(" ") for where in all_points()]
    found = [find(words[1]) for words in names if words[0] in kinds]
    return {true_name(getattr(owner, attribute)) for owner, attribute in found}


class Trace:
    """Which functions the send itself called, and within which of ours something was committed."""

    def __init__(self) -> None:
        self.steps: set[str] = set()
        self.commits: list[list[str]] = []

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        if event != "call":
            return
        name, caller = name_in(frame), frame.f_back
        if frame.f_code is COMMIT:
            self.commits.append(list(callers(frame)))
        while caller and not caller.f_globals["__name__"].startswith(OURS):
            caller = caller.f_back  # a decorator of Django's or a context manager
        is_ours = name.startswith(OURS) and not name.startswith(LOGS)
        if is_ours and caller and caller.f_globals["__name__"] == THE_SEND:
            self.steps.add(name)


def name_in(frame: FrameType) -> str:
    return f"{frame.f_globals['__name__']}.{frame.f_code.co_qualname}"


def callers(frame: FrameType | None) -> Iterator[str]:
    while frame:
        # A function decorated by `transaction.atomic` has returned when its transaction is committed.
        is_decorator = frame.f_code.co_qualname == "ContextDecorator.__call__.<locals>.inner"
        yield true_name(frame.f_locals["func"]) if is_decorator else name_in(frame)
        frame = frame.f_back


def traced(work: Callable[[], object]) -> Trace:
    trace = Trace()
    sys.setprofile(trace)
    try:
        work()
    finally:
        sys.setprofile(None)
    return trace


@pytest.mark.parametrize("fault", ["", "503", "429", "401", "422", "401 token", "503 token", "journal"])
def test_every_step_of_a_send_has_its_crash_point(scene: Scene, fault: str) -> None:
    if fault == "journal":
        send_and_vanish(scene)
        scene.let_time_pass()
        trace = traced(outbox.settle_left)
    else:
        name, _, operation = fault.partition(" ")
        if name:
            scene.box.fail_next(name, on=operation or "create")
        trace = traced(lambda: outbox.deliver_due(limit=1))
    known = names_of_points(("before", "after", "second", "commit"))
    assert trace.steps - known - LEAVES_NOTHING == set(), "a step of the send at which nobody ever died"
    committing = names_of_points(("commit",))
    assert trace.commits, "the trace sees nothing"
    alone = [stack[:8] for stack in trace.commits if committing.isdisjoint(stack)]
    assert alone == [], "commits before which nobody ever died"
