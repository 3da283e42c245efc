"""What the visits of a draft would cost, as Granite estimates it: asked as look-ups, shown as they arrive."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from portal import accounts, drift, lookups
from portal.models import Lookup, User, VendorAccount
from portal.vendors.granite.wire import site_time
from sites.models import Account
from tickets.forms.checking import CheckedLocation

KIND = "granite.cost"
FRESH_FOR = timedelta(minutes=30)
MOST_ASKED_UNBIDDEN = 10  # more would eat the calls that creating and following tickets need


@dataclass(frozen=True)
class Estimate:
    """One location's line: an amount, or why there is none (yet)."""

    title: str
    total: Decimal | None
    note: str
    is_waiting: bool = False


@dataclass(frozen=True)
class Estimates:
    lines: list[Estimate]
    can_ask: bool
    is_asked: bool

    @property
    def is_waiting(self) -> bool:
        return any(line.is_waiting for line in self.lines)

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
    """Put the questions to Granite that have no fresh answer yet."""
    questions = _questions(account, service_type, locations)
    for question in {_key(question): question for question in questions if question}.values():
        lookups.ask(account, KIND, question, by=by, fresh_for=FRESH_FOR)


def read_estimates(
    account: VendorAccount, service_type: str, locations: Sequence[CheckedLocation]
) -> Estimates:
    """What is known now. Changes nothing and asks nobody."""
    questions = _questions(account, service_type, locations)
    asked = [question for question in questions if question]
    found = Lookup.objects.filter(account=account, kind=KIND, question__in=asked)
    keyed = {_key(lookup.question): lookup for lookup in found}
    lines = [
        _line(location, question, keyed.get(_key(question)) if question else None)
        for location, question in zip(locations, questions, strict=True)
    ]
    return Estimates(lines, can_ask=bool(asked), is_asked=bool(keyed))


def _key(question: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(question.items()))


def _questions(
    account: VendorAccount, service_type: str, locations: Sequence[CheckedLocation]
) -> list[dict[str, Any] | None]:
    """One per location, None where Granite's id of the account is not known: its macnum does not do here."""
    macnums = {location.account_macnum for location in locations}
    ids = dict(
        Account.objects.filter(
            vendor_account=account, macnum__in=macnums, account_id__isnull=False
        ).values_list("macnum", "account_id")
    )
    return [
        {
            "account_id": ids[location.account_macnum],
            "service_type": service_type,
            "start": site_time(location.start_date),
            "end": site_time(location.end_date),
        }
        if location.account_macnum in ids
        else None
        for location in locations
    ]


def _line(location: CheckedLocation, question: dict[str, Any] | None, lookup: Lookup | None) -> Estimate:
    if question is None:
        return Estimate(
            location.title,
            None,
            "unknown: search this account once in Where, then we know Granite's id of it",
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
