"""SCENE=blackhole: two hundred messages wait, and the vendor takes every call and answers none, for ten minutes."""

import time
from collections.abc import Callable
from dataclasses import replace

from tests.nemesis import checker
from tests.nemesis.clients import Client, Crowd, Order, Submitted, make_orders
from tests.nemesis.options import Options
from tests.nemesis.ours import Database
from tests.nemesis.people import BrokenPage
from tests.nemesis.report import Report
from tests.nemesis.stack import Stack
from tests.nemesis.vendor import Truth, Vendor

MESSAGES, A_DISPATCH = 200, 20
WORKERS = 8
MOST_UNKNOWN = 7
LONGEST_RECOVERY = 40 * 60.0


def fitting(options: Options) -> Options:
    """The real limit and the real deadline; a message per location."""
    return replace(options, limit=60, deadline=90, locations_per_message=1, worker_processes=WORKERS // 2)


def blackhole(stack: Stack, seed: int, say: Callable[[str], None]) -> Report:
    report = Report(f"black hole for {stack.options.blackhole_minutes:g} min, seed {seed}")
    database, vendor, broken = Database(stack.database_url), Vendor(stack.sandbox_url), list[BrokenPage]()
    workers = (*stack.workers, "beat")
    stack.start("web", *workers)
    clients = [Client(stack.url, number, broken) for number in range(stack.options.clients)]
    # On a good day first: the workers have a token, or they would wait for one and send nothing at all.
    before = _submit(clients, make_orders(len(clients), seed, "good day"), report)
    _watch(database, report, say, 120, until=lambda counts: database.is_still())
    for name in workers:
        stack.kill(name)
    say(f"{MESSAGES} messages are queued…")
    submitted = before + _submit(clients, _orders(seed), report)
    # What is sent is carried out: the worst that a lost answer can hide.
    vendor.always("hang")
    for operation in ("token", "details", "search"):
        vendor.always("hang_before", on=operation)
    stack.start(*workers)
    _watch(database, report, say, stack.options.blackhole_minutes * 60, until=lambda counts: False)
    unknown = database.counts().get("unknown", 0)
    report.measured["R7, unknown after the black hole"] = f"{unknown} (at most {MOST_UNKNOWN})"
    vendor.be_good()
    say("The vendor answers again.")
    well_at = time.monotonic()
    _watch(database, report, say, LONGEST_RECOVERY, until=lambda counts: database.is_still())
    report.measured["until all of it was sent"] = (
        f"{time.monotonic() - well_at:.0f} s after the vendor was back"
    )
    _compare(stack, report, submitted, unknown, database)
    return report


def _orders(seed: int) -> list[Order]:
    orders = make_orders(MESSAGES // A_DISPATCH, seed, "black hole")
    return [replace(order, places=list(range(A_DISPATCH)), has_file=False) for order in orders]


def _watch(
    database: Database,
    report: Report,
    say: Callable[[str], None],
    seconds: float,
    *,
    until: Callable[[dict[str, int]], bool],
) -> None:
    ends, said_at = time.monotonic() + seconds, 0.0
    while time.monotonic() < ends:
        counts = database.counts()
        if until(counts):
            return
        if time.monotonic() - said_at > 30:
            said_at = time.monotonic()
            report.load.look()
            say(f"  {', '.join(f'{state} {count}' for state, count in counts.items())}")
        time.sleep(1)


def _submit(clients: list[Client], orders: list[Order], report: Report) -> list[Submitted]:
    crowd = Crowd(clients, orders).start()
    while not crowd.is_done:
        time.sleep(0.5)
    report.findings.found["clients in trouble"] += crowd.problems
    return crowd.submitted


def _compare(
    stack: Stack, report: Report, submitted: list[Submitted], unknown: int, database: Database
) -> None:
    ours, truth = database.read(), Truth.of(stack.ledger)
    media, limit = stack.folder.path / "media", stack.options.limit
    problems = report.findings.found["clients in trouble"]
    report.findings = checker.compare(ours, truth, submitted, media, limit)
    report.findings.found["clients in trouble"] += problems
    report.states = database.counts()
    if unknown > MOST_UNKNOWN:
        report.findings.add("too many unknown", f"{unknown} after the black hole; at most {MOST_UNKNOWN}.")
    if late := report.states.get("unknown", 0) - unknown:
        report.findings.add("too many unknown", f"{late} more after the vendor was back.")
    report.seconds = time.monotonic() - report.began_at
