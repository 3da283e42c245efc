"""How fast we may ask a vendor: one row per account, shared by every worker on every machine.

A token bucket with `rate * 60 + burst < limit`, so that no rolling minute can hold more than the limit: a bucket
as large as the limit would let twice as many through. One UPDATE takes a token, on the database's clock; where
the database is away, nothing is sent (it fails closed).
"""

from datetime import timedelta
from enum import Enum

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from portal.models import RateBudget, VendorAccount

SHRINK_FOR = timedelta(minutes=10)
SHRINK_TO = 0.75


class Purpose(Enum):
    CREATE = "create"
    READ = "read"


# What the bucket would hold now. `limit` is the account's requests per minute; see burst_of and rate_of.
BURST = "greatest(1, round(a.requests_per_minute / 12.0))"
RATE = f"((a.requests_per_minute - {BURST} - 1) / 60.0)"
LEVEL = f"""
    least({BURST}, b.tokens + greatest(0, extract(epoch FROM clock_timestamp() - b.refreshed_at)) * {RATE}
        * CASE WHEN b.shrunk_until > clock_timestamp() THEN {SHRINK_TO} ELSE 1 END)
"""
OPEN = "(b.closed_until IS NULL OR b.closed_until <= clock_timestamp())"
CREATES_WAIT = """EXISTS (SELECT 1 FROM portal_message m
    WHERE m.account_id = a.id AND m.state = 'queued' AND m.due_at <= clock_timestamp())"""
# A read leaves one token for whoever submits next, and more than half of the bucket while creates wait.
READ_NEEDS = f"least({BURST}, CASE WHEN {CREATES_WAIT} THEN greatest(3, {BURST} / 2 + 1) ELSE 2 END)"

TAKE = f"""
    UPDATE portal_ratebudget b SET tokens = {LEVEL} - 1, refreshed_at = clock_timestamp()
    FROM portal_vendoraccount a
    WHERE a.id = b.account_id AND b.account_id = %(account)s AND {OPEN} AND {LEVEL} >= {{needs}}
    RETURNING b.tokens
"""
WAIT = f"""
    SELECT greatest(
        0.05,
        ({{needs}} - {LEVEL}) / ({RATE} * {SHRINK_TO}),
        extract(epoch FROM b.closed_until - clock_timestamp())
    )::float
    FROM portal_ratebudget b JOIN portal_vendoraccount a ON a.id = b.account_id WHERE b.account_id = %(account)s
"""


def burst_of(limit: int) -> int:
    """Requests that may leave at once after a rest."""
    return max(1, round(limit / 12))


def rate_of(limit: int) -> float:
    """Requests per second in the long run: 0.9 for a limit of 60."""
    return (limit - burst_of(limit) - 1) / 60


def take(account: VendorAccount, purpose: Purpose) -> float:
    """Take one request from the budget: 0.0 when it was taken, otherwise the seconds after which to ask again."""
    needs = "1" if purpose is Purpose.CREATE else READ_NEEDS
    values = {"account": account.pk}
    with connection.cursor() as cursor:
        cursor.execute(TAKE.format(needs=needs), values)
        if cursor.fetchone():
            return 0.0
        cursor.execute(WAIT.format(needs=needs), values)
        row = cursor.fetchone()
    if row is None:
        open_budget(account)
        return take(account, purpose)
    return float(row[0])


def open_budget(account: VendorAccount) -> None:
    """Make the account's row. It starts with a single request, lest a new row become a way around the limit."""
    RateBudget.objects.get_or_create(account=account, defaults={"tokens": 1.0, "refreshed_at": Now()})


def shrink(account: VendorAccount, retry_after: float | None) -> None:
    """After a 429: a quarter slower for ten minutes, an empty bucket, and silence for as long as the vendor asked."""
    closed_for = timedelta(seconds=min(retry_after or 0, 3600))
    RateBudget.objects.filter(account=account).update(
        tokens=0, refreshed_at=Now(), shrunk_until=Now() + SHRINK_FOR, closed_until=Now() + closed_for
    )


def requests_left() -> dict[int, float]:
    """How many requests each account could make at this moment, by its key; accounts not used yet are absent."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT b.account_id, {LEVEL} FROM portal_ratebudget b JOIN portal_vendoraccount a ON a.id = b.account_id"
        )
        return {account: float(left) for account, left in cursor.fetchall()}


def accounts_with_room() -> "QuerySet[VendorAccount]":
    """Accounts whose budget has a request left at this moment: a hint for claiming, `take` has the last word."""
    level = RawSQL(  # noqa: S611  constants of this module only
        f"""COALESCE((SELECT {OPEN} AND {LEVEL} >= 1 FROM portal_ratebudget b JOIN portal_vendoraccount a
            ON a.id = b.account_id WHERE b.account_id = portal_vendoraccount.id), true)""",
        [],
    )
    return VendorAccount.objects.alias(has_room=level).filter(has_room=True)
