"""Our database, read from outside: plain SQL, so that nothing of the portal's own code vouches for itself."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

UNSENT, IN_A_WORKER = ("queued",), ("claimed", "sending")
MOVING = UNSENT + IN_A_WORKER
# With the two that people decide.
SETTLED = ("done", "rejected", "unknown", "cancelled", "not_created", "abandoned")


@dataclass
class Attempt:
    correlation_id: str
    worker: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    detail: str

    @property
    def pid(self) -> int:
        return int(self.worker.split(":")[1]) if self.worker.count(":") > 1 else 0


@dataclass
class Message:
    id: int
    reference: str
    chunk: str
    state: str
    held_reason: str
    detail: str
    payload: dict[str, Any]
    payload_hash: str
    renews: int | None
    attempts: list[Attempt] = field(default_factory=list)


@dataclass
class Location:
    id: int
    dispatch: int
    message: int
    name: str
    number: str
    ticket: int | None  # the vendor's id

    @property
    def place(self) -> tuple[str, str]:
        return self.name, self.number


@dataclass
class Ours:
    """One reading of everything."""

    messages: dict[int, Message]
    locations: list[Location]
    dispatches: set[int]
    descriptions: dict[int, str]
    files: dict[int, str]  # stored file → its path below MEDIA_ROOT

    @property
    def by_reference(self) -> dict[str, Message]:
        return {message.reference: message for message in self.messages.values()}

    def locations_of(self, message: Message) -> list[Location]:
        return [location for location in self.locations if location.message == message.id]


class Database:
    def __init__(self, url: str) -> None:
        self.url = url

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Raises psycopg.OperationalError while the database is away."""
        with psycopg.connect(self.url, connect_timeout=3, row_factory=dict_row) as connection:
            return connection.execute(sql, values).fetchall()  # type: ignore[arg-type]

    def counts(self) -> dict[str, int]:
        found = self.rows("SELECT state, count(*) AS n FROM portal_message GROUP BY state ORDER BY state")
        return {row["state"]: row["n"] for row in found}

    def is_still(self) -> bool:
        """Nothing waits to be sent and nothing is being sent. False while it cannot be asked."""
        try:
            return not set(self.counts()) & set(MOVING)
        except psycopg.Error:
            return False

    def standstill(self) -> bool:
        try:
            return bool(self.rows("SELECT 1 FROM portal_breaker WHERE state = 'open'"))
        except psycopg.Error:
            return False

    def read(self) -> Ours:
        has_renewals = self.rows(
            "SELECT 1 FROM information_schema.columns WHERE table_name = 'portal_message' AND column_name = 'renews_id'"
        )
        renews = "renews_id" if has_renewals else "NULL"
        messages = {
            row["id"]: Message(**row)
            for row in self.rows(
                "SELECT id, reference, chunk, state, held_reason, detail, payload, payload_hash, "
                f"{renews} AS renews FROM portal_message"
            )
        }
        for number, attempts in self._attempts().items():
            messages[number].attempts = attempts
        dispatches = self.rows("SELECT draft_id AS id, initial_description AS words FROM tickets_dispatch")
        return Ours(
            messages,
            [Location(**row) for row in self.rows(LOCATIONS)],
            {row["id"] for row in dispatches},
            {row["id"]: row["words"] for row in dispatches},
            {
                row["id"]: row["file"]
                for row in self.rows("SELECT id, content AS file FROM portal_storedfile")
            },
        )

    def _attempts(self) -> dict[int, list[Attempt]]:
        found: dict[int, list[Attempt]] = defaultdict(list)
        for row in self.rows(
            "SELECT message_id, correlation_id::text, worker, started_at, finished_at, outcome, detail "
            "FROM portal_attempt ORDER BY message_id, number"
        ):
            found[row.pop("message_id")].append(Attempt(**row))
        return found


LOCATIONS = """
    SELECT l.id, l.dispatch_id AS dispatch, l.message_id AS message, l.location_name AS name,
           l.location_number AS number, t.ticket_id AS ticket
    FROM tickets_location l LEFT JOIN tickets_ticket t ON t.location_id = l.id
    ORDER BY l.dispatch_id, l.position
"""
