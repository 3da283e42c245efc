"""Deliveries: really sent over HTTP, by threads of their own, in order unless told otherwise, and none tried again."""

import contextlib
import hashlib
import http.client
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

KEPT = 5_000
SHOWN_TEXT = 8 * 1024
LONGEST_WAIT = 0.25
WAITING, HELD, UNDER_WAY, LOST = "waiting", "held", "under way", "lost"
UNSETTLED = (WAITING, UNDER_WAY)


@dataclass(eq=False)
class Delivery:
    """One request to a subscriber. `status` is an HTTP status, or a word while or because there is none."""

    webhook: str
    url: str
    method: str
    case: str
    action: str
    body: bytes
    content_type: str = "application/json"
    misfortune: str = ""
    due: float = 0.0  # monotonic
    status: int | str = WAITING
    id: int = 0
    at: float | None = None  # when it was sent, in seconds since the epoch
    took: float = 0.0  # seconds

    def as_json(self) -> dict[str, Any]:
        names = ("id", "webhook", "url", "method", "case", "action", "content_type", "misfortune", "status")
        return {
            **{name: getattr(self, name) for name in (*names, "at", "took")},
            "body_length": len(self.body),
            "body_sha256": hashlib.sha256(self.body).hexdigest(),
            "text": self.body[:SHOWN_TEXT].decode("utf-8", "replace"),
        }


class Postman:
    """Sends what is due. All methods but `send` need the sandbox's lock, which is let go of while sending.

    `look` is called before each round: it lets time do its work. `rests` says that nothing leaves at the moment.
    """

    def __init__(self, lock: threading.RLock, look: Callable[[], None], rests: Callable[[], bool]) -> None:
        self.look, self.rests = look, rests
        self.timeout = 5.0
        self.couriers = 1  # from the next start on; with more than one, no order is kept
        self.log: deque[Delivery] = deque(maxlen=KEPT)
        self._changed = threading.Condition(lock)
        self._waiting: list[Delivery] = []
        self._last_id = 0
        self._round = 0  # a thread of an earlier start ends when it sees that this has gone on
        self._threads: list[threading.Thread] = []

    def add(self, delivery: Delivery) -> Delivery:
        """Into the log, and to be sent unless it is lost."""
        self._last_id += 1
        delivery.id = self._last_id
        delivery.due = delivery.due or time.monotonic()
        self.log.append(delivery)
        if delivery.status != LOST:
            self._waiting.append(delivery)
        self._changed.notify_all()
        return delivery

    def release(self, webhook: str | None = None) -> None:
        """Those held back, of one subscription or all, go next."""
        for delivery in self._waiting:
            if delivery.status == HELD and webhook in (None, delivery.webhook):
                delivery.status, delivery.due = WAITING, time.monotonic()
        self._changed.notify_all()

    def wait_until_settled(self, seconds: float) -> bool:
        """Until nothing but what is held back is left to send. False if that took too long."""
        return self._changed.wait_for(
            lambda: not any(delivery.status in UNSETTLED for delivery in self._waiting), seconds
        )

    def clear(self) -> None:
        """Nothing is left to send. What is under way at this moment is waited for, or it would arrive afterwards."""
        self.log.clear()
        self._waiting = [delivery for delivery in self._waiting if delivery.status == UNDER_WAY]
        self._changed.wait_for(lambda: not self._waiting, self.timeout if self._threads else 0)
        self._waiting.clear()

    # The thread

    def start(self) -> None:
        if self._threads:
            return
        for _ in range(self.couriers):
            thread = threading.Thread(
                target=self._run, args=(self._round,), name="vendor-sandbox-webhooks", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        self._round += 1
        self._threads.clear()
        self._changed.notify_all()

    def _run(self, own_round: int) -> None:
        while True:
            with self._changed:
                delivery = None
                while delivery is None:
                    if self._round != own_round:
                        return
                    delivery = self._next()
            started = time.monotonic()
            status = send(delivery, self.timeout)
            with self._changed:
                delivery.status, delivery.took = status, time.monotonic() - started
                if delivery in self._waiting:
                    self._waiting.remove(delivery)
                self.release(delivery.webhook)

    def _next(self) -> Delivery | None:
        """The delivery that is due longest, marked; or None after having waited a little."""
        if not self.rests():
            self.look()
        now = time.monotonic()
        waiting = [one for one in self._waiting if one.status == WAITING and not self.rests()]
        delivery = min(waiting, key=lambda one: one.due, default=None)
        if delivery is None or delivery.due > now:
            self._changed.wait(min(delivery.due - now, LONGEST_WAIT) if delivery else LONGEST_WAIT)
            return None
        delivery.status, delivery.at = UNDER_WAY, time.time()
        return delivery


def send(delivery: Delivery, timeout: float) -> int | str:
    """The status of the answer, or a word for what came instead. Redirects are not followed."""
    parts = urlsplit(delivery.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Content-Type": delivery.content_type, "User-Agent": "EnvisionDX", "Connection": "close"}
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request(delivery.method, target, delivery.body, headers)
        answer = connection.getresponse()
        with contextlib.suppress(OSError, http.client.HTTPException):
            answer.read(64 * 1024)
        return answer.status
    except TimeoutError:
        return "timed out"
    except ConnectionRefusedError:
        return "refused"
    except (OSError, http.client.HTTPException, ValueError):
        return "broken off"
    finally:
        connection.close()
