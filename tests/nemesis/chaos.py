"""What is killed, paused or stopped, and when: drawn from a seed. After each stroke the victim is brought back."""

import heapq
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable

from tests.nemesis.stack import Stack
from tests.nemesis.vendor import Vendor

LEASE, GRACE = 30, 30
FIRST_STROKES, PER_STROKE = 9, 5  # dispatches
TOGETHER = 3  # so many programs may be down or paused at once
# Stroke → how often, against the others.
WEIGHTS = {
    "kill a worker": 7,
    "kill the web": 3,
    "kill beat": 2,
    "kill the vendor": 2,
    "kill the database": 3,
    "kill the broker": 2,
    "pause a worker past its lease": 2,
    "pause a worker past the deadline": 1,
    "deploy a worker": 3,
}
VICTIMS = {
    "kill the web": "web",
    "kill beat": "beat",
    "kill the vendor": "sandbox",
    "kill the database": "postgres",
    "kill the broker": "valkey",
}
# Seconds until the victim comes back: at least, at most.
AWAY = {
    "web": (0.0, 2.0),
    "beat": (0.0, 5.0),
    "sandbox": (0.0, 1.5),
    "postgres": (0.0, 3.0),
    "valkey": (0.0, 5.0),
}


class Chaos:
    """Runs in the thread that made the stack."""

    def __init__(self, stack: Stack, vendor: Vendor, seed: int) -> None:
        self.stack, self.vendor = stack, vendor
        self.seed = seed
        self.chance = random.Random(f"chaos {seed}")
        self.count: Counter[str] = Counter()
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._down: set[str] = set()
        # Each of them once before any of them twice.
        self._first = self._possible()
        self.chance.shuffle(self._first)

    def rage(self, until: Callable[[], bool], progress: Callable[[], int]) -> None:
        """`progress`: how many dispatches were submitted. A slow machine is not struck more often for being slow."""
        options = self.stack.options
        next_stroke = time.monotonic() + self._pause()
        while not until():
            now = time.monotonic()
            self._bring_back(now)
            most = options.strokes or FIRST_STROKES + progress() / PER_STROKE
            if now >= next_stroke and self.count.total() < most:
                self._strike()
                next_stroke = time.monotonic() + self._pause()
            time.sleep(0.1)

    def end(self) -> None:
        """Everything is up again and nothing lies any more."""
        while self._later:
            self._bring_back(float("inf"))
        for name in (*self.stack.workers, *(() if self.stack.options.naive else ("beat",)), "web"):
            if not self.stack.is_up(name):
                self.stack.bury(name)
                self.stack.start(name, wait=name == "web")
        self.vendor.be_good()

    # --- Strokes ------------------------------------------------------------------------------------------------

    def _possible(self) -> list[str]:
        names = list(WEIGHTS)
        return [name for name in names if name != "kill beat"] if self.stack.options.naive else names

    def _pause(self) -> float:
        return min(self.chance.expovariate(1 / self.stack.options.pace), 3 * self.stack.options.pace)

    def _strike(self) -> None:
        if len(self._down) >= TOGETHER:
            return
        names = self._possible()
        stroke = (
            self._first.pop()
            if self._first
            else self.chance.choices(names, [WEIGHTS[name] for name in names])[0]
        )
        workers = [name for name in self.stack.workers if name not in self._down]
        victim = VICTIMS.get(stroke) or (self.chance.choice(workers) if workers else "")
        if not victim or victim in self._down or not self.stack.is_up(victim):
            return
        if stroke.startswith("pause") and len(workers) < 2:
            return  # somebody has to work
        self.count[stroke] += 1
        self._down.add(victim)
        self._carry_out(stroke, victim)

    def _carry_out(self, stroke: str, victim: str) -> None:
        if stroke.startswith("pause"):
            past = LEASE if stroke.endswith("lease") else self.stack.options.deadline + GRACE
            self.stack.pause(victim)
            self._do_later(past + self.chance.uniform(2, 8), lambda: self._wake(victim))
        elif stroke == "deploy a worker":
            self.stack.tell_to_stop(victim)
            self._do_later(0.5, lambda: self._replace(victim))
        else:
            self.stack.kill(victim)
            low, high = AWAY.get(victim, (0.0, 2.0))
            self._do_later(self.chance.uniform(low, high), lambda: self._start_again(victim))

    def _wake(self, victim: str) -> None:
        self.stack.resume(victim)
        self._down.discard(victim)

    def _replace(self, victim: str) -> None:
        """The new code starts when the old has finished what it had in hand."""
        if not self.stack.has_ended(victim):
            self._do_later(0.5, lambda: self._replace(victim))
            return
        self.stack.bury(victim)
        self._start_again(victim)

    def _start_again(self, victim: str) -> None:
        self.stack.start(victim, wait=victim in ("web", "sandbox", "postgres", "valkey"))
        self._down.discard(victim)
        if victim == "sandbox":
            self.vendor.be_faulty(self.seed + self.count.total())

    # --- Later --------------------------------------------------------------------------------------------------

    def _do_later(self, seconds: float, deed: Callable[[], None]) -> None:
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._order), deed))

    def _bring_back(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            heapq.heappop(self._later)[2]()
            if now == float("inf"):
                time.sleep(0.05)
