"""A worker with a clock of its own: `python -m tests.flows.fleet_worker SKEW_SECONDS TIMES_FASTER`.

It sends and reads without end, as fast as it is let. Tokens are renewed so many times nearer to their end, for a
vendor whose tokens live so many times shorter.
"""

import sys
import time
from datetime import UTC, datetime, timedelta

import django
import time_machine


def work() -> None:
    from portal import outbox
    from tickets.services import following

    print("ready", flush=True)
    while True:
        if not outbox.deliver_due(limit=1) + following.follow_due(limit=1):
            outbox.sweep()
            time.sleep(0.2)


def hurry_tokens(times_faster: float) -> None:
    from portal.vendors import oauth

    oauth.MARGIN_SECONDS /= times_faster
    oauth.TokenSource.get.__defaults__ = (oauth.MARGIN_SECONDS,)


if __name__ == "__main__":
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=float(sys.argv[1])), tick=True):
        django.setup()
        hurry_tokens(float(sys.argv[2]))
        work()
