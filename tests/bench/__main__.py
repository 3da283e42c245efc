"""`make bench-bulk`: see docs/benchmarks.md."""

import os
import signal
import sys

from portal.local.problems import CannotStart
from tests.bench.bulk import Bulk, Figures
from tests.nemesis.options import Options
from tests.nemesis.stack import prepared_stack

LIMIT = 60  # Granite's, a minute
BURST, RATE = 5, 0.9  # what the portal makes of it, see portal/ratelimit.py
GOALS = {1: 575.0, 5: 115.0, 10: 60.0, 25: 25.0}  # seconds, for 500 locations
INTERACTIVE_GOAL = 5.0


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    try:
        locations = int(os.environ.get("LOCATIONS") or 500)
        sizes = [int(size) for size in (os.environ.get("SIZES") or "25,10,5,1").split(",")]
        if not 2 <= locations <= 500 or any(not 1 <= size <= 100 for size in sizes):
            raise ValueError
    except ValueError:
        print("LOCATIONS is a number from 2 to 500, SIZES a list like 1,5,10,25.", file=sys.stderr)
        return 2
    try:
        found = [_run(size, locations) for size in sizes]
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Nothing is left running.")
        return 130
    print("\n".join(["", *_table(found)]))
    return 0 if all(_is_whole(one) for one in found) else 1


def _run(size: int, locations: int) -> Figures:
    print(f"{locations} locations, {size} a message…", flush=True)
    options = Options(limit=LIMIT, locations_per_message=size, clients=3, worker_processes=2, deadline=60)
    with prepared_stack(options) as stack:
        return Bulk(stack, locations).go(within=60 + 2 * _pace(size, locations))


def _pace(size: int, locations: int) -> float:
    """Seconds that the creates alone take at the portal's pace."""
    messages = -(-locations // size)
    return max(0.0, (messages - BURST) / RATE)


def _is_whole(one: Figures) -> bool:
    is_in_time = one.single_started is not None and one.single_started <= INTERACTIVE_GOAL
    return one.all_ticketed is not None and is_in_time and one.busiest <= LIMIT and not one.broken_pages


def _table(found: list[Figures]) -> list[str]:
    """For docs/benchmarks.md, as it is."""
    heads = ["", *(f"N = {one.size}" for one in found)]
    lines = {
        "locations, messages": [f"{one.locations}, {one.messages}" for one in found],
        "submit: until the page of the dispatch is there": [f"{one.submit:.1f} s" for one in found],
        "**submit: until the last ticket**": [f"**{_seconds(one.all_ticketed)}**" for one in found],
        "the pace alone": [f"{_pace(one.size, one.locations):.0f} s" for one in found],
        "goal, for 500": [_seconds(GOALS.get(one.size)) for one in found],
        "outcomes": [", ".join(f"{count} {state}" for state, count in one.states.items()) for one in found],
        "requests in the busiest 60 s (60 are allowed)": [str(one.busiest) for one in found],
        "of all requests reads": [str(one.reads) for one in found],
        "a single dispatch in the middle: until it is being sent": [
            _seconds(one.single_started) for one in found
        ],
        "the slowest look at the page": [f"{one.slowest_page:.1f} s" for one in found],
        "broken pages": [str(one.broken_pages) for one in found],
        "load of the machine": [str(one.load).removeprefix("load ") for one in found],
    }
    rows = [f"| {name} | {' | '.join(values)} |" for name, values in lines.items()]
    return [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}", *rows]


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
