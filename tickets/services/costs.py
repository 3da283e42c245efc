"""What the visits of a draft would cost, as Granite estimates it: asked as look-ups, shown as they arrive."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from portal import accounts, drift, lookups
from portal.models import Lookup, User, VendorAccount
from portal.vendors.granite.wire import site_time
from sites.models import Account
from tickets.forms.checking import CheckedLocation
from tickets.queueing import duration, seconds_for

KIND = "granite.cost"
FRESH_FOR = timedelta(minutes=30)
MOST_ASKED_UNBIDDEN = 10  # more would eat the calls that creating and following tickets need
MOST_ASKED = 500  # by one press of the button: some ten minutes of the vendor's rate
MOST_SHOWN = 50
SATURDAY = 5


@dataclass(frozen=True)
class Estimate:
    """One location's line: an amount, or why there is none (yet)."""

    title: str
    total: Decimal | None
    note: str
    is_waiting: bool = False


@dataclass(frozen=True)
class Estimates:
    """`missing` counts the questions without a fresh answer: so many calls it takes to know all."""

    lines: list[Estimate]
    can_ask: bool
    is_asked: bool
    missing: int = 0
    wait: str = ""

    @property
    def is_waiting(self) -> bool:
        return any(line.is_waiting for line in self.lines)

    @property
    def shown(self) -> list[Estimate]:
        return self.lines[:MOST_SHOWN]

    @property
    def unshown(self) -> int:
        return max(0, len(self.lines) - MOST_SHOWN)

    @property
    def calls(self) -> int:
        """What one press of the button asks for."""
        return min(self.missing, MOST_ASKED)

    @property
    def asks_itself(self) -> bool:
        return self.can_ask and not self.is_asked and self.missing <= MOST_ASKED_UNBIDDEN

    @property
    def total(self) -> Decimal | None:
        """The sum of what is known; None while nothing is."""
        known = [line.total for line in self.lines if line.total is not None]
        return sum(known, Decimal()) if known else None

    @property
    def unknown(self) -> int:
        return sum(line.total is None for line in self.lines)


def estimate(account: VendorAccount, question: dict[str, Any]) -> dict[str, Any]:
    """Ask Granite. Called by a worker, never by a view; amounts are text, so that no cent gets lost in JSON.

    Raises the vendor errors of a read.
    """
    cost = accounts.granite_client(account).estimated_cost(
        int(question["account_id"]),
        str(question["service_type"]),
        datetime.fromisoformat(question["start"]),
        datetime.fromisoformat(question["end"]),
    )
    drift.record(cost.drift)
    names = ("dispatch_fee_dollars", "hours", "misc_fee_dollars", "rate_per_hour", "total")
    return {name: None if getattr(cost, name) is None else str(getattr(cost, name)) for name in names}


def ask_estimates(
    account: VendorAccount, service_type: str, locations: Sequence[CheckedLocation], *, by: User
) -> None:
    """Put the questions to Granite that have no fresh answer yet, each once for all whom it concerns."""
    questions = _questions(account, service_type, locations)
    known = _known(account, questions)
    wanted = {lookups.hash_of(question): question for question in questions if question}
    missing = [question for key, question in wanted.items() if not _is_fresh(known.get(key))]
    for question in missing[:MOST_ASKED]:
        lookups.ask(account, KIND, question, by=by, fresh_for=FRESH_FOR)


def read_estimates(
    account: VendorAccount, service_type: str, locations: Sequence[CheckedLocation]
) -> Estimates:
    """What is known now. Changes nothing and asks nobody."""
    questions = _questions(account, service_type, locations)
    keys = [lookups.hash_of(question) if question else "" for question in questions]
    known = _known(account, questions)
    lines = [
        _line(location, question, known.get(key))
        for location, question, key in zip(locations, questions, keys, strict=True)
    ]
    missing = sum(not _is_fresh(known.get(key)) for key in set(keys) if key)
    wait = duration(seconds_for(account, min(missing, MOST_ASKED)))
    return Estimates(lines, can_ask=any(keys), is_asked=bool(known), missing=missing, wait=wait)


def _known(account: VendorAccount, questions: Sequence[dict[str, Any] | None]) -> dict[str, Lookup]:
    keys = {lookups.hash_of(question) for question in questions if question}
    found = Lookup.objects.filter(account=account, kind=KIND, question_hash__in=keys)
    return {lookup.question_hash: lookup for lookup in found}


def _is_fresh(lookup: Lookup | None) -> bool:
    """Under way, or answered a short while ago."""
    if lookup is None or lookup.is_waiting:
        return lookup is not None
    return lookup.answered_at is not None and timezone.now() - lookup.answered_at < FRESH_FOR


def _questions(
    account: VendorAccount, service_type: str, locations: Sequence[CheckedLocation]
) -> list[dict[str, Any] | None]:
    """One per location, None where Granite's id of the account is not known: its macnum does not do here.

    Visits of one kind of work at one account at the same hours are one question, with the first one's day; weekends
    are asked apart.
    """
    macnums = {location.account_macnum for location in locations}
    ids = dict(
        Account.objects.filter(
            vendor_account=account, macnum__in=macnums, account_id__isnull=False
        ).values_list("macnum", "account_id")
    )
    asked: dict[tuple[Any, ...], dict[str, Any]] = {}
    found: list[dict[str, Any] | None] = [None] * len(locations)
    in_time = sorted(range(len(locations)), key=lambda place: locations[place].start_date)
    for place in in_time:
        location = locations[place]
        if (number := ids.get(location.account_macnum)) is None:
            continue
        kind = str(location.own.get("service_type") or service_type)
        start, end = location.start_date, location.end_date
        hours = (number, kind, start.time(), end.time(), start.weekday() >= SATURDAY)
        question = {
            "account_id": number,
            "service_type": kind,
            "start": site_time(start),
            "end": site_time(end),
        }
        found[place] = asked.setdefault(hours, question)
    return found


def _line(location: CheckedLocation, question: dict[str, Any] | None, lookup: Lookup | None) -> Estimate:
    if question is None:
        return Estimate(
            location.title,
            None,
            "unknown: Granite's id of this account is not known here; searching for the account once tells it",
        )
    if lookup is None:
        return Estimate(location.title, None, "not asked yet")
    if lookup.is_waiting:
        return Estimate(location.title, None, "asking Granite …", is_waiting=True)
    if lookup.problem or not lookup.answer:
        return Estimate(location.title, None, lookup.problem or "Granite gave no answer")
    answer = lookup.answer
    if answer.get("total") is None:
        return Estimate(location.title, None, "Granite named no total")
    return Estimate(location.title, Decimal(answer["total"]), _note(answer))


def _note(answer: dict[str, Any]) -> str:
    """`dispatch $150.00, 3 h at $95.00, other $0.00`, from the parts that were named."""
    parts = []
    if answer.get("dispatch_fee_dollars") is not None:
        parts.append(f"dispatch ${Decimal(answer['dispatch_fee_dollars']):.2f}")
    if answer.get("hours") is not None and answer.get("rate_per_hour") is not None:
        parts.append(f"{Decimal(answer['hours']):g} h at ${Decimal(answer['rate_per_hour']):.2f}")
    if answer.get("misc_fee_dollars") is not None:
        parts.append(f"other ${Decimal(answer['misc_fee_dollars']):.2f}")
    return ", ".join(parts)
