"""What a status code means for what we may do next.

The table is the portal's law: only codes that say "I did not do it" count as not executed, and everything
that is not listed is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from portal.vendors.errors import (
    Exchange,
    NotExecuted,
    NotFound,
    OutcomeUnknown,
    ReadFailed,
    Reason,
    Rejected,
    VendorError,
)

REJECTED_CODES = frozenset({400, 413, 414, 415, 422})
LONGEST_WAIT = 86_400.0
_REFUSALS: dict[int, tuple[Reason, str]] = {
    401: ("credential", "{vendor} did not accept our credential (401)."),
    403: ("permission", "{vendor} says that this account may not do that (403)."),
    404: ("path", "{vendor} knows no such address (404)."),
    405: ("path", "{vendor} does not take this kind of request at this address (405)."),
    429: ("throttled", "{vendor} asks us to slow down (429)."),
}


def write_error(
    exchange: Exchange, vendor: str, not_executed_codes: Collection[int] = ()
) -> VendorError | None:
    """The error an answered write amounts to; None for 2xx."""
    status = exchange.status or 0
    if 200 <= status < 300:
        return None
    if refusal := _refusal(exchange, vendor):
        return refusal
    if status in REJECTED_CODES:
        return Rejected(f"{vendor} refused the request ({status}).", exchange)
    if status in not_executed_codes:
        message = f"{vendor} could not take the request now ({status}) and has promised that it did nothing."
        return NotExecuted(message, exchange, reason="promised", retry_after=retry_after(exchange))
    return OutcomeUnknown(
        f"We do not know whether {vendor} carried this out: it answered {status}.", exchange
    )


def read_error(exchange: Exchange, vendor: str, *, single: bool) -> VendorError | None:
    """The error an answered read amounts to; None for 2xx. `single`: a 404 means that the one thing is not there."""
    status = exchange.status or 0
    if 200 <= status < 300:
        return None
    if status == 404 and single:
        return NotFound(f"{vendor} knows no such thing (404).", exchange)
    if refusal := _refusal(exchange, vendor):
        return refusal
    return ReadFailed(f"{vendor} gave no answer to our question ({status}).", exchange)


def retry_after(exchange: Exchange) -> float | None:
    """Seconds the answer's Retry-After asks for, given as a number or as an HTTP date; at most a day."""
    value = _header(exchange, "Retry-After").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = _seconds_until(value, _header(exchange, "Date"))
    if not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _refusal(exchange: Exchange, vendor: str) -> NotExecuted | None:
    status = exchange.status or 0
    if 300 <= status < 400:
        message = f"{vendor} redirects the request ({status}), which we never follow."
        return NotExecuted(message, exchange, reason="redirect")
    if status not in _REFUSALS:
        return None
    reason, message = _REFUSALS[status]
    return NotExecuted(
        message.format(vendor=vendor), exchange, reason=reason, retry_after=retry_after(exchange)
    )


def _seconds_until(date: str, vendors_now: str) -> float:
    # Measured on the vendor's clock where it tells us its time, for ours may differ.
    then = _http_date(date)
    if then is None:
        return math.nan
    return (then - (_http_date(vendors_now) or datetime.now(UTC))).total_seconds()


def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _header(exchange: Exchange, name: str) -> str:
    return next((v for k, v in exchange.response_headers.items() if k.lower() == name.lower()), "")
