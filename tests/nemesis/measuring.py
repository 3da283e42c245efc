"""How long it takes to recover: measured on the quiet, after the checks, and asserted nowhere."""

import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.nemesis.clients import Submitted, make_orders
from tests.nemesis.stack import wait_until
from tests.nemesis.vendor import Truth

if TYPE_CHECKING:
    from tests.nemesis.run import Run

SLOW = 3.0  # seconds of each create, so that something is under way when it is to be hit
BROKER_AWAY = 30.0


def measure(run: "Run") -> None:
    for name, figure in FIGURES.items():
        try:
            run.report.measured[name] = figure(run)
        except AssertionError as error:
            run.report.measured[name] = f"not measured: {error}"
        _put_right(run)


def _put_right(run: "Run") -> None:
    run.stack.start(*(name for name in (*run.stack.workers, "beat", "valkey") if not run.stack.is_up(name)))
    run.vendor.be_good()
    run.quiesce(180)


# --- R8 -----------------------------------------------------------------------------------------------------------


def claim_of_a_killed_worker(run: "Run") -> str:
    """A worker is killed while it holds a message and has not sent it; another one takes it when the lease is over."""
    first, second = run.stack.workers
    run.stack.kill(second)
    run.vendor.always("slow", on="token", seconds=12)
    run.vendor.revoke_tokens()
    _submit(run, 1, "claim")
    assert wait_until(lambda: _waits_for_a_token(run), 30), "no message was claimed and waited for its token"
    run.stack.start(second, wait=True)
    struck_at = time.time()
    run.stack.kill(first)
    run.vendor.be_good()
    assert wait_until(lambda: _first_after(run, struck_at, "sending"), 90), "it was not sent"
    took = _first_after(run, struck_at, "sending") - struck_at
    run.stack.start(first)
    return f"{took:.0f} s until it was sent by another"


def _waits_for_a_token(run: "Run") -> bool:
    return bool(
        run.database.rows(
            "SELECT 1 FROM portal_message m JOIN portal_messagetransition t ON t.message_id = m.id "
            "WHERE m.state = 'claimed' GROUP BY m.id HAVING max(t.at) < now() - interval '1 second'"
        )
    )


# --- R9 -----------------------------------------------------------------------------------------------------------


def database_killed(run: "Run") -> str:
    before = _unknown_attempts(run)
    _queue_up(run, 16, "database")
    assert wait_until(lambda: run.database.counts().get("sending"), 30), "nothing was sent"
    run.stack.kill("postgres")
    run.stack.start("postgres")
    back_at = time.time()
    assert wait_until(lambda: _first_after(run, back_at, "claimed"), 60), "nothing moved"
    took = _first_after(run, back_at, "claimed") - back_at
    run.quiesce(120)
    new = {one: words for one, words in _unknown_attempts(run).items() if one not in before}
    arrived = {record.correlation for record in Truth.of(run.stack.ledger).records}
    why = "; ".join(f"{'arrived' if one in arrived else 'never sent'}: {words}" for one, words in new.items())
    moved = f"{took:.1f} s after it took connections the queue moved"
    return f"{moved}; {len(new)} unknown from it" + (f" ({why})" if why else "")


def _unknown_attempts(run: "Run") -> dict[str, str]:
    rows = run.database.rows(
        "SELECT a.correlation_id::text AS one, m.detail FROM portal_message m "
        "JOIN portal_attempt a ON a.message_id = m.id WHERE m.state = 'unknown'"
    )
    return {row["one"]: row["detail"] for row in rows}


# --- R10 ----------------------------------------------------------------------------------------------------------


def broker_stopped(run: "Run") -> str:
    with_it, pages_with = _latencies(run, "with broker")
    stopped_at = time.monotonic()
    run.stack.kill("valkey")
    without, pages_without = _latencies(run, "without broker")
    time.sleep(max(0.0, BROKER_AWAY - (time.monotonic() - stopped_at)))
    run.stack.start("valkey")
    added = statistics.median(without) - statistics.median(with_it)
    return (
        f"{added:+.1f} s per message ({statistics.median(with_it):.1f} s with it, {statistics.median(without):.1f} s "
        f"and at most {max(without):.1f} s without); a page took {pages_with:.0f} and {pages_without:.0f} ms"
    )


def _latencies(run: "Run", name: str) -> tuple[list[float], float]:
    """Seconds from submit to the tickets, and the milliseconds of a page."""
    for client in run.clients:
        client.took.clear()
    done = _submit(run, 8, name)
    run.quiesce(60)
    rows = run.database.rows(
        "SELECT extract(epoch FROM settled_at - created_at)::float AS seconds FROM portal_message "
        "WHERE settled_at IS NOT NULL AND split_part(reference, '-', 2)::int = ANY(%s)",
        [one.dispatch for one in done],
    )
    assert rows, "nothing was settled"
    pages = [seconds * 1000 for client in run.clients for seconds in client.took]
    return [row["seconds"] for row in rows], statistics.median(pages)


# --- R18 ----------------------------------------------------------------------------------------------------------


def deployment(run: "Run") -> str:
    """Every worker is told to stop while it sends, and replaced."""
    unknown, took = _unknown(run), []
    _queue_up(run, 24, "deployment")
    for worker in run.stack.workers:
        assert wait_until(lambda: run.database.counts().get("sending"), 30), "nothing was sent"
        told_at = time.monotonic()
        run.stack.tell_to_stop(worker)
        assert wait_until(lambda worker=worker: run.stack.has_ended(worker), 120), "it did not stop"
        took.append(time.monotonic() - told_at)
        run.stack.bury(worker)
        run.stack.start(worker, wait=False)
    run.quiesce(120)
    return f"{_unknown(run) - unknown} unknown from it; workers took {', '.join(f'{one:.1f} s' for one in took)} to stop"


# --- Shared -------------------------------------------------------------------------------------------------------


def _queue_up(run: "Run", count: int, name: str) -> None:
    """Dispatches submitted while no worker runs; then the workers start, and the vendor takes its time."""
    for worker in run.stack.workers:
        run.stack.kill(worker)
    _submit(run, count, name)
    run.vendor.always("slow", seconds=SLOW)
    run.stack.start(*run.stack.workers, wait=False)


def _submit(run: "Run", count: int, name: str) -> list[Submitted]:
    return run.submit(
        [order for order in make_orders(count * 2, run.seed, name) if len(order.places) < 5][:count]
    )


def _unknown(run: "Run") -> int:
    return run.database.counts().get("unknown", 0)


def _first_after(run: "Run", moment: float, state: str) -> float:
    """When a message first came into this state since then; 0.0 if none did."""
    rows = run.database.rows(
        "SELECT extract(epoch FROM min(at))::float AS at FROM portal_messagetransition "
        "WHERE after = %s AND at > to_timestamp(%s)",
        state,
        moment,
    )
    return rows[0]["at"] or 0.0


FIGURES: dict[str, Callable[["Run"], str]] = {
    "R8, a worker killed with an unsent message in hand": claim_of_a_killed_worker,
    "R9, the database killed": database_killed,
    "R10, the broker stopped": broker_stopped,
    "R18, a deployment while the queue runs": deployment,
}
