"""So many requests a minute and client, over a true sliding minute."""

import math
import time
from collections import defaultdict, deque

WINDOW = 60.0


class SlidingMinute:
    """Counts the requests that were let in: a refused one does not prolong the refusal. The caller holds the lock."""

    def __init__(self, limit: int = 60) -> None:
        self.limit = limit
        self._let_in: defaultdict[str, deque[float]] = defaultdict(deque)

    def refused_for(self, client: str) -> int:
        """0 and the request counts, or the whole seconds after which there is room again."""
        now = time.monotonic()
        window = self._current(client, now)
        if len(window) < self.limit:
            window.append(now)
            return 0
        return max(1, math.ceil(window[len(window) - self.limit] + WINDOW - now)) if self.limit else 60

    def used(self) -> dict[str, int]:
        now = time.monotonic()
        return {client: len(self._current(client, now)) for client in list(self._let_in)}

    def clear(self) -> None:
        self._let_in.clear()

    def _current(self, client: str, now: float) -> deque[float]:
        window = self._let_in[client]
        while window and now - window[0] >= WINDOW:
            window.popleft()
        return window
