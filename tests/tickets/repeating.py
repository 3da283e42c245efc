"""What tests of templates and recurring dispatches share."""

import uuid
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from portal.models import User
from tickets.models import Draft, Recurrence
from tickets.services import recurring

NEW_YORK = ZoneInfo("America/New_York")
# Mondays of 2027. Nothing here depends on the day the tests run.
RULE: dict[str, Any] = {
    "name": "Weekly router check",
    "pattern": "weekly",
    "every": 1,
    "weekdays": [0],
    "day_of_month": 1,
    "nth": 1,
    "starts_on": date(2027, 1, 4),
    "ends_on": None,
    "count": None,
    "on_holidays": "skip",
    "window_start": time(8),
    "window_end": time(12),
    "mode": "review",
    "lead_days": 2,
}


def make_recurrence(by: User, draft: Draft, **changes: Any) -> Recurrence:
    return recurring.set_up(recurring.content_of_draft(draft), uuid.uuid4(), RULE | changes, by=by)


def at(day: int, hour: int = 9, month: int = 1, year: int = 2027) -> datetime:
    """A moment on New York's clock."""
    return datetime(year, month, day, hour, tzinfo=NEW_YORK)
