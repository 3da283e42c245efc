"""The sandbox's time: the wall clock, moved forward by hand when a test or a trainer does not want to wait."""

import time
from datetime import UTC, datetime


class Clock:
    """Wall time plus an offset. Only tickets live by it: tokens and the rate limit follow the real clock,
    because the portal's own clocks do not move when this one is moved."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        """Seconds since the epoch, in the sandbox's time."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("The sandbox's time only moves forward.")
        self.offset += seconds


def utc_text(moment: float) -> str:
    """ISO 8601 in UTC, to the second, as the vendors write it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
