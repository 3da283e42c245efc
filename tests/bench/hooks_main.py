"""`make bench-hooks`: see docs/benchmarks.md."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import psycopg

from portal.local.problems import CannotStart
from portal.vendors.sandbox.ledger import lines, record_of
from tests.bench.hooks import Acks, Sender
from tests.nemesis.options import Options
from tests.nemesis.people import OutOfPatience, Person
from tests.nemesis.preparing import client_name
from tests.nemesis.report import Load
from tests.nemesis.stack import Stack, prepared_stack, wait_until

CONNECTIONS = 8
ACK_P99, PAGE_RISE, HEEDED_WITHIN = 0.5, 0.3, 60.0
SUSTAINED = 50  # a second
LIMIT = 600  # requests a minute the sandbox takes: how many reads are needed is asked, not how long they wait
PAGE = "/cases/"


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    try:
        count, seconds = int(os.environ.get("DELIVERIES") or 1000), float(os.environ.get("SECONDS") or 10)
        cases = int(os.environ.get("CASES") or 20)
        if not (8 <= count <= 20_000 and 1 <= seconds <= 600 and 1 <= cases <= 200):
            raise ValueError
    except ValueError:
        print("DELIVERIES, SECONDS and CASES are numbers, such as 1000, 10 and 20.", file=sys.stderr)
        return 2
    try:
        with prepared_stack(Options(limit=LIMIT, clients=1)) as stack:
            return Bench(stack, count, seconds, cases).run()
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Nothing is left running.")
        return 130


class Bench:
    def __init__(self, stack: Stack, count: int, seconds: float, cases: int) -> None:
        self.stack, self.count, self.seconds = stack, count, seconds
        secret, *self.numbers = _prepared(stack, cases)
        self.sender = Sender(stack.web_port, secret, self.numbers, stack.database_url)
        self.load, self.wrong, self.lines = Load(), list[str](), list[str]()

    def run(self) -> int:
        self.stack.start_all()
        self.sender.send(CONNECTIONS * 3, 1, CONNECTIONS, "warm-up ")
        self._burst()
        self._sustained()
        self._killed()
        self.lines.append(f"| load of the machine | {str(self.load).removeprefix('load ')} | |")
        print("\n".join(["", "| | measured | goal |", "|---|---|---|", *self.lines, *self.wrong]))
        return 1 if self.wrong else 0

    def _burst(self) -> None:
        """W1, and W9: what it costs to heed."""
        print(f"{self.count} deliveries in {self.seconds:g} s…", flush=True)
        before, reads = self.sender.last_id(), self._reads()
        began = time.monotonic()
        acks = self.sender.send(self.count, self.seconds, CONNECTIONS, "burst ")
        self._is_whole("burst", acks)
        if acks.percentile(0.99) > ACK_P99:
            self.wrong.append(f"burst: the p99 of {acks.percentile(0.99):.3f} s is above {ACK_P99} s")
        is_heeded = wait_until(lambda: "waiting" not in self.sender.states(before), 120)
        took = time.monotonic() - began - acks.seconds
        time.sleep(25)  # reads put off by the burst
        asked = self._reads() - reads
        self._line("answers of the burst, p50 and p99", _times(acks), f"p99 ≤ {ACK_P99 * 1000:.0f} ms")
        self._line("not 2xx, lost", f"{acks.not_2xx}, {acks.lost}", "0, 0")
        self._line(
            "all heeded, after the burst",
            f"{took:.1f} s" if is_heeded else "never",
            f"≤ {HEEDED_WITHIN:.0f} s",
        )
        self._line(
            "questions to GTT",
            f"{asked} about {len(self.numbers)} cases",
            "cases + 10 %, and those before it was a burst",
        )
        if not is_heeded or took > HEEDED_WITHIN:
            self.wrong.append("burst: not heeded in time")

    def _sustained(self) -> None:
        """W2: pages beside a steady stream."""
        print(f"{SUSTAINED} a second, beside somebody who looks at pages…", flush=True)
        alone = self._pages(lambda: time.sleep(self.seconds))
        count = int(SUSTAINED * self.seconds)
        found: list[Acks] = []
        beside = self._pages(
            lambda: found.append(self.sender.send(count, self.seconds, CONNECTIONS, "steady "))
        )
        self._is_whole("steady", found[0])
        self._line(f"answers at {SUSTAINED}/s, p50 and p99", _times(found[0]), "")
        rise = beside / alone - 1 if alone else 0.0
        said = f"{alone * 1000:.0f} ms alone, {beside * 1000:.0f} ms beside ({rise:+.0%})"
        self._line("p95 of a page", said, f"≤ +{PAGE_RISE:.0%}")

    def _killed(self) -> None:
        """W3: the web and then the database are killed in the middle."""
        print("The same burst, while the web server and the database are killed…", flush=True)
        before = self.sender.last_id()
        finish = self.sender.start(self.count, self.seconds, CONNECTIONS, "killed ")
        for name in ("web", "postgres"):
            time.sleep(self.seconds / 3)
            self.stack.kill(name)
            self.stack.start(name, wait=False)
        acks = finish()
        wait_until(self._answers, 60)
        acks = self.sender.compare(acks, before, "killed ")
        self.load.look()
        acknowledged = len(acks.acknowledged)
        self._line(
            "killed: acknowledged, of them lost", f"{acknowledged} of {self.count}, {acks.lost}", "0 lost"
        )
        said = ", ".join(
            f"{count} × {status or 'broken off'}" for status, count in sorted(acks.statuses.items())
        )
        self._line("killed: answers", said, "")
        self._line(
            "killed: kept without an answer", str(acks.stored_once - acknowledged + acks.lost), "harmless"
        )
        if acks.lost or not acknowledged:
            self.wrong.append("killed: an acknowledged delivery is lost, or none was acknowledged")

    def _answers(self) -> bool:
        try:
            return self.sender.last_id() >= 0
        except psycopg.Error:  # it is on its way
            return False

    def _pages(self, while_doing: Callable[[], object]) -> float:
        """The p95 of a page that somebody loads again and again meanwhile."""
        person = Person(self.stack.url, client_name(0), [])
        person.open(PAGE)
        person.took.clear()
        watching = threading.Thread(target=_look, args=(person,), daemon=True)
        watching.start()
        while_doing()
        person.is_over.set()
        watching.join(30)
        self.load.look()
        ordered = sorted(person.took)
        return ordered[int(len(ordered) * 0.95)] if ordered else 0.0

    def _reads(self) -> int:
        records = (record_of(line) for line in lines(self.stack.ledger))
        return sum(record is not None and record.operation == "gtt.get" for record in records)

    def _is_whole(self, name: str, acks: Acks) -> None:
        self.load.look()
        if acks.not_2xx or acks.lost:
            self.wrong.append(f"{name}: {acks.not_2xx} were not taken, {acks.lost} were lost")

    def _line(self, name: str, found: str, goal: str) -> None:
        self.lines.append(f"| {name} | {found} | {goal} |")


def _look(person: Person) -> None:
    try:
        while not person.is_over.wait(0.1):
            person.open(PAGE)
    except OutOfPatience:
        return


def _times(acks: Acks) -> str:
    return f"{acks.percentile(0.5) * 1000:.0f} ms, {acks.percentile(0.99) * 1000:.0f} ms"


def _prepared(stack: Stack, cases: int) -> list[str]:
    command = [sys.executable, "-m", "tests.bench.hooks_preparing", client_name(0), str(cases)]
    made = subprocess.run(command, env=stack.env, capture_output=True, text=True, timeout=180)
    if made.returncode or len(made.stdout.split()) < 2:
        raise CannotStart(f"No cases could be made.\n{made.stderr[-2000:]}")
    return made.stdout.split()


if __name__ == "__main__":
    sys.exit(main())
