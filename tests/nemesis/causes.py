"""Why an outcome is unknown: what the vendor did to the call, or what was done to us while it was made."""

import time
from collections.abc import Sequence
from datetime import datetime

from portal.vendors.sandbox.truth import Record
from tests.nemesis.ours import Attempt, Message
from tests.nemesis.stack import Blow

UNEXPLAINED = "unexplained"
OF_A_DEPLOYMENT = "worker told to stop"


def cause_of(message: Message, records: dict[str, Record], blows: Sequence[Blow]) -> str:
    """In one or two words, by the last attempt."""
    if not message.attempts:
        return "never attempted"
    attempt = message.attempts[-1]
    record = records.get(attempt.correlation_id)
    start, end = attempt.started_at.timestamp(), _seconds(attempt.finished_at)
    own = [blow for blow in blows if attempt.pid in blow.pids and blow.touches(start, end)]
    others = [blow for blow in blows if blow.name in ("sandbox", "postgres") and blow.touches(start, end)]
    for blow in sorted(own, key=lambda blow: blow.deed == "told to stop"):
        if blow.deed != "told to stop" and not _has_ended_before(attempt, blow):
            return f"worker {blow.deed}"
    if record is not None and record.fault:
        return f"vendor: {record.fault}"
    if own:
        return OF_A_DEPLOYMENT
    return f"{others[0].name} {others[0].deed}" if others else UNEXPLAINED


def _has_ended_before(attempt: Attempt, blow: Blow) -> bool:
    return attempt.finished_at is not None and attempt.finished_at.timestamp() < blow.at


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else time.time()
