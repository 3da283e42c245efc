"""One run: many locations submitted at the review page, everything else running, and a single dispatch in between."""

import contextlib
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

from portal.local.problems import CannotStart
from tests.nemesis.ours import Database
from tests.nemesis.people import BrokenPage, OutOfPatience, Person
from tests.nemesis.preparing import client_name
from tests.nemesis.report import Load
from tests.nemesis.stack import Stack, wait_until
from tests.nemesis.vendor import Truth
from tests.page_forms import controls_of

REST = 12.0  # seconds after which the budget holds all it can
LOOKS_EVERY = 10.0  # as the page of a large dispatch does
TICKETED = """
    SELECT count(t.id) AS done, extract(epoch FROM max(t.first_seen_at))::float AS at
    FROM tickets_location l LEFT JOIN tickets_ticket t ON t.location_id = l.id WHERE l.dispatch_id = %s
"""
FIRST_SENT = """
    SELECT extract(epoch FROM min(t.at))::float AS at FROM portal_messagetransition t
    JOIN tickets_location l ON l.message_id = t.message_id WHERE l.dispatch_id = %s AND t.after = 'sending'
"""
STATES = """
    SELECT m.state, count(*) AS locations FROM tickets_location l JOIN portal_message m ON m.id = l.message_id
    WHERE l.dispatch_id = %s GROUP BY m.state ORDER BY m.state
"""


@dataclass
class Figures:
    size: int
    locations: int
    messages: int = 0
    submit: float = 0.0  # seconds until the page of the dispatch was there
    all_ticketed: float | None = None
    states: dict[str, int] = field(default_factory=dict)
    single_started: float | None = None
    busiest: int = 0
    reads: int = 0
    slowest_page: float = 0.0
    broken_pages: int = 0
    load: Load = field(default_factory=Load)


class Bulk:
    def __init__(self, stack: Stack, locations: int) -> None:
        self.stack, self.database = stack, Database(stack.database_url)
        self.broken: list[BrokenPage] = []
        self.figures = Figures(stack.options.locations_per_message, locations)
        self.dispatcher, self.other, self.looker = (
            Person(stack.url, client_name(number), self.broken) for number in range(3)
        )

    def go(self, within: float) -> Figures:
        drafts = self._drafts()
        self.stack.start_all()
        warm_up, many, single = drafts
        self._until_ticketed(self._press_submit(self.other, warm_up), 60)
        time.sleep(REST)
        pressed_at = time.time()
        dispatch = self._press_submit(self.dispatcher, many)
        self.figures.submit = time.time() - pressed_at
        watching = threading.Thread(target=self._watch, args=(dispatch,), daemon=True)
        watching.start()
        half = self.figures.locations // 2
        wait_until(lambda: self._looked(dispatch) >= half, within)
        self._submit_single(single)
        self._until_ticketed(dispatch, within)
        row = self.database.rows(TICKETED, dispatch)[0]
        if row["done"] == self.figures.locations:
            self.figures.all_ticketed = row["at"] - pressed_at
        self._finish(dispatch, watching)
        return self.figures

    def _drafts(self) -> list[int]:
        command = [sys.executable, "-m", "tests.bench.preparing"]
        counts = f"1,{self.figures.locations},1"
        made = subprocess.run(
            [*command, client_name(0), counts],
            env=self.stack.env,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if made.returncode:
            raise CannotStart(f"No drafts could be made.\n{made.stderr[-2000:]}")
        return [int(pk) for pk in made.stdout.split()]

    def _press_submit(self, person: Person, draft: int) -> int:
        """Review, then the button: as a browser sends it."""
        review = person.open(f"/drafts/{draft}/review/")
        form = list(controls_of(review.text, action="/submit/").items())
        if not form:
            raise CannotStart(f"Draft {draft} cannot be submitted ({review.status}).")
        page = person.send(f"/drafts/{draft}/submit/", form)
        found = re.fullmatch(r"/dispatches/(\d+)/", page.path)
        if found is None:
            raise CannotStart(f"Draft {draft} was not submitted ({page.status}, {page.path}).")
        return int(found[1])

    def _submit_single(self, draft: int) -> None:
        pressed_at = time.time()
        dispatch = self._press_submit(self.other, draft)
        wait_until(lambda: self.database.rows(FIRST_SENT, dispatch)[0]["at"], 120)
        if sent_at := self.database.rows(FIRST_SENT, dispatch)[0]["at"]:
            self.figures.single_started = sent_at - pressed_at

    def _until_ticketed(self, dispatch: int, seconds: float) -> None:
        wait_until(lambda: self._is_settled(dispatch), seconds, every=0.5)

    def _is_settled(self, dispatch: int) -> bool:
        self.figures.load.look()
        states = {row["state"] for row in self.database.rows(STATES, dispatch)}
        return not states & {"queued", "claimed", "sending"}

    def _looked(self, dispatch: int) -> int:
        self.figures.load.look()
        return int(self.database.rows(TICKETED, dispatch)[0]["done"])

    def _watch(self, dispatch: int) -> None:
        """Somebody leaves the page of the dispatch open."""
        with contextlib.suppress(OutOfPatience):
            while not self.looker.is_over.wait(LOOKS_EVERY):
                asked_at = time.monotonic()
                self.looker.open(f"/dispatches/{dispatch}/status/")
                self.figures.slowest_page = max(self.figures.slowest_page, time.monotonic() - asked_at)

    def _finish(self, dispatch: int, watching: threading.Thread) -> None:
        self.looker.is_over.set()
        watching.join(60)
        truth, figures = Truth.of(self.stack.ledger), self.figures
        figures.busiest = truth.most_in_any_minute()
        figures.reads = sum(
            record.path.startswith("/api/") and record.operation != "create" for record in truth.records
        )
        figures.states = {row["state"]: row["locations"] for row in self.database.rows(STATES, dispatch)}
        figures.messages = -(-figures.locations // figures.size)
        figures.broken_pages = len(self.broken)
