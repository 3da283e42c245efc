"""A worker that can be stopped between any two steps of a send, and dropped there as by `kill -9`.

It runs the real `deliver_due` on a stack of its own (a greenlet), over the machine's one database connection. Where
it stops no transaction is open, so whatever the machine does meanwhile is what another process could do.
"""

import contextlib
import random
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from greenlet import GreenletExit, getcurrent, greenlet

from portal import outbox, ratelimit
from portal.models import Attempt, Message
from portal.outbox import claims, finding, journal, settling, verdicts
from portal.vendors.granite.client import GraniteClient

# Where a worker stops: after the step of that name, except "prepared", which is before the budget is asked.
CLAIMED, PREPARED, MARKED, ANSWERED, JOURNALLED, SETTLED, FORGOTTEN = (
    "claimed",
    "prepared",
    "marked",
    "answered",
    "journalled",
    "settled",
    "forgotten",
)
STOPS = (CLAIMED, PREPARED, MARKED, ANSWERED, JOURNALLED, SETTLED, FORGOTTEN)


class Life(greenlet):
    """One run of a worker. A dying one stops nowhere any more."""

    is_dying = False


class Worker:
    def __init__(self) -> None:
        self.at = ""  # idle
        self._life: Life | None = None
        self._dropped: list[Life] = []

    @property
    def is_idle(self) -> bool:
        return not self.at

    def step(self) -> None:
        """One step further; an idle worker looks for a message. What goes wrong in it is raised here."""
        if self._life is None:
            self._life = Life(lambda: outbox.deliver_due(limit=1) and None)
        life, at = self._life, ""
        try:
            at = life.switch() or ""
        finally:  # an error ends it, too
            self.at, self._life = at, None if life.dead else life

    def go_on(self, until: str = "") -> None:
        """As far as that stop, or to the end where it does not come by it any more."""
        while not self.is_idle and self.at != until:
            self.step()

    def kill(self) -> None:
        """What it had in memory is gone, and nothing of it runs any more."""
        if self._life:
            # Kept: a greenlet nobody holds is ended politely, and its `except` clauses would run.
            self._dropped.append(self._life)
        self.at, self._life = "", None

    def interrupt(self) -> None:
        """Told to die: its own clean-up runs."""
        life, self._life, self.at = self._life, None, ""
        if life:
            life.is_dying = True
            with contextlib.suppress(SystemExit):
                life.throw(SystemExit)

    def bury(self) -> None:
        """At the end of an example, when nothing it does counts any more."""
        self.kill()
        for life in self._dropped:
            life.is_dying = True
            with contextlib.suppress(Exception, GreenletExit):
                life.throw(GreenletExit)
        self._dropped.clear()


def stop_here(name: str) -> None:
    here = getcurrent()
    if isinstance(here, Life) and not here.is_dying:
        here.parent.switch(name)


@contextlib.contextmanager
def stops() -> Iterator[list[Attempt]]:
    """Workers stop between their steps. Everything still runs as it is written. Yields what was settled."""
    settled: list[Attempt] = []
    with pytest.MonkeyPatch.context() as patch:
        for place, name, stop in (
            (claims, "claim", CLAIMED),
            (claims, "begin", MARKED),
            (GraniteClient, "create_tickets", ANSWERED),
            (journal, "keep", JOURNALLED),
            (settling, "succeed", SETTLED),
            (settling, "fail", SETTLED),
            (journal, "forget", FORGOTTEN),
        ):
            patch.setattr(place, name, _stopping_after(getattr(place, name), stop))
        patch.setattr(ratelimit, "take", _stopping_before(ratelimit.take, PREPARED))
        for name in ("succeed", "fail"):
            patch.setattr(settling, name, _noting(getattr(settling, name), settled))
        # The journal is read in the order of its names, which must be the same when the same play is played again.
        name = Attempt._meta.get_field("correlation_id")
        patch.setattr(name, "_get_default", lambda: uuid.UUID(int=random.getrandbits(128), version=4))
        # How long something truly took must decide nothing: waits end when the machine says so.
        for place in (claims, verdicts, finding):
            patch.setattr(place, "backoff", lambda failures: 3600.0)
        yield settled


def _noting(settle: Callable[..., None], settled: list[Attempt]) -> Callable[..., None]:
    def run(message: Message, attempt: Attempt, ending: Any) -> None:
        settle(message, attempt, ending)
        settled.append(attempt)

    return run


def _stopping_after(step: Callable[..., Any], name: str) -> Callable[..., Any]:
    def run(*args: Any, **options: Any) -> Any:
        try:
            result = step(*args, **options)
        except Exception:
            if name == ANSWERED:  # what went wrong with a call is how it ended
                stop_here(name)
            raise
        if name != CLAIMED or result is not None:
            stop_here(name)
        return result

    return run


def _stopping_before(step: Callable[..., Any], name: str) -> Callable[..., Any]:
    def run(*args: Any, **options: Any) -> Any:
        stop_here(name)
        return step(*args, **options)

    return run
