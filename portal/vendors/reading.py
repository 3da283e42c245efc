"""Reading a vendor's object with tolerance: what can be understood is, what cannot is noted as drift."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from portal.vendors.drift import Drift, Kind, sample_of

BIGGEST_ID = 2**63 - 1
_YES = {"true", "1", "yes", "y"}
_NO = {"false", "0", "no", "n"}


def decode_json(body: bytes, *, exact: bool = False) -> Any:
    """The answer as Python values that a JSON column accepts; with `exact`, fractions are Decimal (money).

    Raises ValueError.
    """
    try:
        return _storable(
            json.loads(body, parse_float=Decimal if exact else _fraction, parse_constant=_refuse_constant)
        )
    except RecursionError:
        raise ValueError("The answer is nested too deeply.") from None


def rows_in(data: Any, wrappers: Sequence[str]) -> list[dict[str, Any]]:
    """The objects of an answer: an array, one object, or either wrapped under one of `wrappers`.

    Anything in an array that is no object is left out.
    """
    for _ in range(3):
        if not isinstance(data, dict):
            break
        wrapped = next((data[name] for name in wrappers if isinstance(data.get(name), list | dict)), None)
        if wrapped is None:
            return [data]
        data = wrapped
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []


class Reader:
    """Reads the fields of one object. Every reading method accepts what the contract says and a little more."""

    def __init__(self, row: Mapping[str, Any], vendor: str, operation: str) -> None:
        self.row = row
        self.vendor = vendor
        self.operation = operation
        self.drift: list[Drift] = []

    def note(self, kind: Kind, path: str, value: object = "") -> None:
        self.drift.append(Drift(self.vendor, self.operation, kind, path, sample_of(value)))

    def compare_fields(self, known: Collection[str], expected: Collection[str], prefix: str = "") -> None:
        """Note fields the contract does not name, and expected ones that are absent (null is not absent)."""
        for name in self.row:
            if name not in known:
                self.note("unknown field", prefix + name[:150], self.row[name])
        for name in expected:
            if name not in self.row:
                self.note("missing field", prefix + name)

    def text(self, name: str) -> str:
        """Text; a number becomes its digits (noted). "" when absent or null."""
        value = self.row.get(name)
        if value is None or isinstance(value, str):
            return value or ""
        self.note("odd type", name, value)
        return "" if isinstance(value, dict | list) else str(value)

    def digits(self, name: str) -> str:
        """Text that may come as a whole number by contract, such as a phone number."""
        value = self.row.get(name)
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else self.text(name)

    def joined(self, name: str) -> str:
        """Text of several values divided by commas, which may come as a list."""
        value = self.row.get(name)
        if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
            return ",".join(str(item) for item in value)
        return self.text(name)

    def identifier(self, name: str) -> int | None:
        """A positive whole number, or the same as text."""
        value = self.row.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
            value = int(value) if len(value) < 25 else None
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= BIGGEST_ID:
            return value
        self.note("odd type", name, self.row.get(name))
        return None

    def yes_no(self, name: str) -> bool | None:
        value = self.row.get(name)
        if value is None or isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        if word in _YES or word in _NO:
            return word in _YES
        if word:
            self.note("odd type", name, value)
        return None

    def moment(self, name: str) -> datetime | None:
        """An ISO 8601 date and time, in UTC; without a zone it is UTC already."""
        value = self.row.get(name)
        if value is None or value == "":
            return None
        try:
            moment = datetime.fromisoformat(value.strip())
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (AttributeError, TypeError, ValueError, OverflowError):
            self.note("odd type", name, value)
            return None

    def amount(self, name: str) -> Decimal | None:
        """A number as Decimal. Decode money with `exact`, or it has been a float before it comes here."""
        value = self.row.get(name)
        if value is None or value == "":
            return None
        try:
            amount = value if isinstance(value, Decimal) else Decimal(_plain_number(value))
        except (InvalidOperation, TypeError):
            amount = Decimal("NaN")
        if amount.is_finite():
            return amount
        self.note("odd type", name, value)
        return None


def _plain_number(value: object) -> str:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value).strip()
    raise TypeError("not a number")


def _fraction(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON.")


def _storable(value: Any) -> Any:
    # PostgreSQL refuses NUL and halves of surrogate pairs in text; an answer must not be lost over one.
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(item) for name, item in value.items()}
    return value
