"""Bursts of deliveries against the real web server, and what the database has of them afterwards."""

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from portal.local import ports
from tests.nemesis.ours import Database

PATIENCE = 30  # seconds for one answer
BODIES = "SELECT body FROM portal_delivery WHERE id > %s"
LAST = "SELECT coalesce(max(id), 0)::bigint AS id FROM portal_delivery"
STATES = "SELECT state, count(*)::int AS count FROM portal_delivery WHERE id > %s GROUP BY state"


@dataclass
class Acks:
    """What the answers were. A status of 0: the line broke, and GTT knows nothing."""

    took: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    seconds: float = 0.0
    stored_once: int = 0
    lost: int = 0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.took)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0

    @property
    def not_2xx(self) -> int:
        return sum(count for status, count in self.statuses.items() if not 200 <= status < 300)


class Sender:
    """GTT, as far as anybody knows it: so many connections, so many deliveries within so many seconds."""

    def __init__(self, port: int, secret: str, numbers: list[str], database_url: str) -> None:
        self.port, self.path, self.numbers = port, f"/hooks/gtt/{secret}/", numbers
        self.database = Database(database_url)
        self.lock = threading.Lock()

    def send(self, count: int, seconds: float, connections: int, mark: str) -> Acks:
        """Evenly, whether answers come or not: who is late sends at once. Then look at what was kept."""
        before = self.last_id()
        acks = self.start(count, seconds, connections, mark)()
        return self.compare(acks, before, mark)

    def start(self, count: int, seconds: float, connections: int, mark: str) -> Callable[[], Acks]:
        """Begin; what is returned waits for the end."""
        acks, began = Acks(), time.monotonic()
        threads = [
            threading.Thread(
                target=self._work, args=(acks, range(first, count, connections), began, seconds / count, mark)
            )
            for first in range(connections)
        ]
        for thread in threads:
            thread.start()

        def finish() -> Acks:
            for thread in threads:
                thread.join()
            acks.seconds = time.monotonic() - began
            return acks

        return finish

    def compare(self, acks: Acks, before: int, mark: str) -> Acks:
        kept = [json.loads(bytes(row["body"])).get("mark", "") for row in self.database.rows(BODIES, before)]
        mine = [one for one in kept if one.startswith(mark)]
        acks.lost = len(acks.acknowledged - set(mine))
        acks.stored_once = len(set(mine))
        return acks

    def last_id(self) -> int:
        return int(self.database.rows(LAST)[0]["id"])

    def states(self, after: int) -> dict[str, int]:
        return {row["state"]: row["count"] for row in self.database.rows(STATES, after)}

    def _work(self, acks: Acks, places: range, began: float, every: float, mark: str) -> None:
        for place in places:
            if (wait := began + place * every - time.monotonic()) > 0:
                time.sleep(wait)
            name = f"{mark}{place}"
            asked_at = time.monotonic()
            status = self._deliver(self.numbers[place % len(self.numbers)], name)
            with self.lock:
                acks.took.append(time.monotonic() - asked_at)
                acks.statuses[status] = acks.statuses.get(status, 0) + 1
                if 200 <= status < 300:
                    acks.acknowledged.add(name)

    def _deliver(self, number: str, mark: str) -> int:
        # The web server closes each connection after its answer, so this is also the price of a new one.
        connection = http.client.HTTPConnection(ports.HOST, self.port, timeout=PATIENCE)
        body = json.dumps({"kind": "case", "version": "v1alpha", "name": number, "mark": mark})
        try:
            connection.request("POST", self.path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            with contextlib.suppress(OSError, http.client.HTTPException):
                answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()
