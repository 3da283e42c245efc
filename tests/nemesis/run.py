"""One run: people submit, things die, everything comes back, and then the books are compared."""

import re
import time
from collections.abc import Callable

from tests.nemesis import checker, measuring
from tests.nemesis.causes import cause_of
from tests.nemesis.chaos import Chaos
from tests.nemesis.clients import Client, Crowd, Submitted, make_orders
from tests.nemesis.operator import Operator
from tests.nemesis.options import Options
from tests.nemesis.ours import Database
from tests.nemesis.people import BrokenPage, Person
from tests.nemesis.preparing import LOOKER
from tests.nemesis.report import Report
from tests.nemesis.stack import Stack
from tests.nemesis.vendor import Truth, Vendor

LONGEST_QUIESCE = 420.0
Say = Callable[[str], None]


class Run:
    def __init__(self, stack: Stack, seed: int, say: Say) -> None:
        options = stack.options
        self.stack, self.seed, self.say = stack, seed, say
        self.options: Options = options
        self.database = Database(stack.database_url)
        self.vendor = Vendor(stack.sandbox_url, options.faults)
        self.broken: list[BrokenPage] = []
        self.clients = [Client(stack.url, number, self.broken) for number in range(options.clients)]
        self.operator = Operator(stack.url, self.database, self.broken)
        self.chaos = Chaos(stack, self.vendor, seed)
        self.submitted: list[Submitted] = []
        kind = "naive" if options.naive else "ours"
        self.report = Report(f"{kind}, {options.dispatches} dispatches, seed {seed}")
        self.ends_at = time.monotonic() + options.minutes * 60
        self.said_at = 0.0

    def go(self) -> Report:
        self.stack.start_all()
        self.operator.thread.start()
        self.vendor.be_faulty(self.seed)
        self.say(f"{self.options.clients} clients submit {self.options.dispatches} dispatches…")
        crowd = Crowd(self.clients, make_orders(self.options.dispatches, self.seed)).start()
        self.chaos.rage(until=lambda: self._look(crowd), progress=lambda: len(crowd.submitted))
        self.chaos.end()
        self._collect(crowd)
        self.say("Everything is up again. Waiting until nothing is on its way…")
        self.quiesce(LONGEST_QUIESCE)
        self._check()
        self._submit_fresh()
        if self.options.measure and not self.options.naive:
            self.say("Measuring…")
            measuring.measure(self)
        self._finish()
        return self.report

    # --- Stages -------------------------------------------------------------------------------------------------

    def _look(self, crowd: Crowd) -> bool:
        if time.monotonic() - self.said_at > 15:
            self.said_at = time.monotonic()
            self.report.load.look()
            self.say(f"  {len(crowd.submitted)} submitted, {self.chaos.count.total()} strokes")
        if time.monotonic() > self.ends_at:
            self.report.findings.add("clients in trouble", "The time was over before all was submitted.")
            crowd.send_home()
            return True
        return crowd.is_done

    def _collect(self, crowd: Crowd) -> None:
        self.submitted += crowd.submitted
        for problem in crowd.problems:
            self.report.findings.add("clients in trouble", problem)

    def quiesce(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while not self.database.is_still() and time.monotonic() < ends:
            self.report.load.look()
            time.sleep(0.5)

    def _check(self) -> None:
        ours, truth = self.database.read(), Truth.of(self.stack.ledger)
        findings = self.report.findings
        media = self.stack.folder.path / "media"
        found = checker.compare(ours, truth, self.submitted, media, self.options.limit)
        for name, sentences in found.found.items():
            findings.found[name] += sentences
        findings.locations = found.locations
        records = {record.correlation: record for record in truth.records}
        unknown = [message for message in ours.messages.values() if message.state == "unknown"]
        for message in unknown:
            self.report.unknown[cause_of(message, records, self.stack.blows)] += 1
        self._look_at_work_list({message.reference for message in unknown})
        self.report.states = self.database.counts()

    def _look_at_work_list(self, references: set[str]) -> None:
        """Every unknown outcome stands on the page, for whoever may see all."""
        looker = Person(self.stack.url, LOOKER, self.broken)
        path, shown = "/unknown/", set[str]()
        while path:
            page = looker.open(path)
            shown |= set(re.findall(r"DSP-\d+-\d+", page.text))
            following = re.search(r'href="([^"]*)"[^>]*rel="next"|rel="next"[^>]*href="([^"]*)"', page.text)
            link = (following[1] or following[2]).replace("&amp;", "&") if following else ""
            path = link if not link.startswith("?") else f"/unknown/{link}"
        for reference in sorted(references - shown):
            self.report.findings.add("unknown, not listed", f"{reference} is not on the work list.")

    def _submit_fresh(self) -> None:
        """After all that, the portal works as if nothing had been."""
        self.say(f"{self.options.fresh} fresh dispatches…")
        fresh = self.submit(make_orders(self.options.fresh, self.seed, "fresh"))
        self.quiesce(90)
        ours = self.database.read()
        for done in fresh:
            open_ones = [
                one for one in ours.locations if one.dispatch == done.dispatch and one.ticket is None
            ]
            if open_ones or not done.dispatch:
                self.report.findings.add(
                    "fresh, not ticketed", f"{done.order.mark}: dispatch {done.dispatch}"
                )

    def submit(self, orders: list) -> list[Submitted]:  # type: ignore[type-arg]
        crowd = Crowd(self.clients, orders).start()
        ends = time.monotonic() + 240
        while not crowd.is_done and time.monotonic() < ends:
            time.sleep(0.1)
        self._collect(crowd)
        return crowd.submitted

    def _finish(self) -> None:
        report = self.report
        self.operator.is_over.set()
        report.excused_pages = checker.check_pages(self.broken, self.stack.blows, report.findings)
        report.strokes = self.chaos.count
        report.measured["trials ordered by the operator"] = str(self.operator.orders)
        report.seconds = time.monotonic() - report.began_at
