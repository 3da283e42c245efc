"""The operator: reads that sending stands still, and orders a trial as an admin may, lest a run take hours."""

import contextlib
import re
import threading
import time

from tests.nemesis.ours import Database
from tests.nemesis.people import BrokenPage, Lost, OutOfPatience, Person
from tests.nemesis.preparing import OPERATOR

ACCOUNTS = "/admin/portal/vendoraccount/"
WAITS = 5.0  # seconds of standstill


class Operator(Person):
    """In a thread of its own: the pages may be dead just now, and whoever starts them again must not wait for him."""

    def __init__(self, url: str, database: Database, broken: list[BrokenPage]) -> None:
        super().__init__(url, OPERATOR, broken)
        self.database = database
        self.orders = 0
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        still_since = None
        while not self.is_over.wait(1):
            if not self.database.standstill():
                still_since = None
                continue
            still_since = still_since or time.monotonic()
            if time.monotonic() - still_since > WAITS:
                still_since = None
                with contextlib.suppress(Lost, OutOfPatience):
                    self._order_trial()

    def _order_trial(self) -> None:
        page = self.open(ACCOUNTS)
        number = re.search(r'name="_selected_action" value="(\d+)"', page.text)
        if number:
            data = [("action", "resume_account"), ("_selected_action", number[1]), ("index", "0")]
            self.send(ACCOUNTS, [*data, ("reason", "The vendor said it is back.")])
            self.orders += 1
