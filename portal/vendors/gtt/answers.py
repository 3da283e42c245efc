"""What GTT answers, read with tolerance. Whatever differs from the contract is noted as drift, never fatal.

The contract shows only what creating takes and names a few fields of what it answers. The same reading serves
answers, lists and the bodies of webhooks, whose form is not documented at all. States, types and priorities are
an open set, given as words or as numbers: they stay text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from portal.vendors.drift import Drift
from portal.vendors.gtt.comments import CommentOnWire, comments_in
from portal.vendors.gtt.moments import NO_MOMENT, MomentOnWire, read_moment
from portal.vendors.reading import Reader

VENDOR = "gtt"
CREATE_CASE = "create case"
GET_CASE = "get case"
LIST_CASES = "list cases"
UPDATE_CASE = "update case"
CREATE_WEBHOOK = "create webhook"
CASE_EVENT = "case event"
"""A case as a webhook brought it."""

_WRAPPERS = ("data", "object", "resource", "payload", "body", "case", "item", "result")
_LIST_WRAPPERS = ("items", "results", "data", "cases", "result")
_DEEPEST = 6
_NUMBER = re.compile(r"[A-Z]{2,5}\d{5,}")
_SYSTEM_ID = re.compile(r"[0-9a-f]{32}")
_TEXTS = ("short_description", "description", "case_type", "priority", "category", "subcategory")
_ENVELOPE = {"kind", "version", "namespace", "name", "metadata", "spec"}
# Never documented; where one of them stands we understand it, and say nothing.
_UPDATED = ("updated_at", "sys_updated_on", "updated", "updatedAt", "lastModified", "last_modified")
_IN_SPEC = {*_TEXTS, *_UPDATED, "number", "case_id", "state", "opened_at", "comments"}
_EXPECTED = ("name", "case_id", "state", "opened_at")


@dataclass
class CaseOnWire:
    """One case as GTT tells it. Absent and null texts are ""; `raw` has all of it.

    `opened` and `updated` keep GTT's own text beside the time we take it for.
    """

    name: str
    number: str
    case_id: str
    namespace: str
    state: str
    short_description: str
    description: str
    case_type: str
    priority: str
    category: str
    subcategory: str
    opened: MomentOnWire = NO_MOMENT
    updated: MomentOnWire = NO_MOMENT
    comments: list[CommentOnWire] = field(default_factory=list)
    has_comments: bool = False
    """Whether the answer speaks of comments at all: silence is not "there are none"."""
    raw: dict[str, Any] = field(default_factory=dict, repr=False)
    drift: list[Drift] = field(default_factory=list, repr=False)

    @property
    def key(self) -> str:
        """What people call it (CS0074187), or whatever else it can be found by; "" for no case at all."""
        return self.number or self.name or self.case_id

    @property
    def names(self) -> set[str]:
        """Everything GTT may call it by."""
        return {self.number, self.name, self.case_id} - {""}

    @property
    def says_something(self) -> bool:
        """Whether it tells how the case stands, and not only that there is one."""
        return bool(self.state or self.short_description)

    @property
    def opened_at(self) -> datetime | None:
        return self.opened.at

    @property
    def updated_at(self) -> datetime | None:
        return self.updated.at

    @classmethod
    def from_wire(
        cls,
        row: dict[str, Any],
        *,
        operation: str = CREATE_CASE,
        zone: tzinfo = UTC,
        known_states: Collection[str] | None = None,
        own_names: Collection[str] = (),
    ) -> CaseOnWire:
        """Read one case. A state outside `known_states`, if given, is noted; `own_names` are authors who are us."""
        read = Reader(_flat(row), VENDOR, operation)
        _compare(row, read)
        values = {
            name: read.digits(name) for name in (*_TEXTS, "name", "number", "case_id", "namespace", "state")
        }
        if not values["number"] and _NUMBER.fullmatch(values["name"]):
            values["number"] = values["name"]
        if values["case_id"] and not _SYSTEM_ID.fullmatch(values["case_id"]):
            read.note("odd type", "spec.case_id", values["case_id"])
        if known_states is not None and values["state"] and values["state"] not in known_states:
            # The word is part of the path, so that every unknown word is listed on its own.
            read.note("unknown word", f"spec.state={values['state']}"[:200], values["state"])
        opened = _moment(read, "opened_at", zone)
        updated = next((_moment(read, name, zone) for name in _UPDATED if read.row.get(name)), NO_MOMENT)
        comments = comments_in(read, zone, own_names)
        spoken_of = read.row.get("comments") is not None
        return cls(
            **values,
            opened=opened,
            updated=updated,
            comments=comments,
            has_comments=spoken_of,
            raw=row,
            drift=read.drift,
        )


@dataclass
class WebhookOnWire:
    """A subscription: whatever happens to a `kind` of this `version` by `action` is told to `url`."""

    name: str
    url: str
    version: str
    kind: str
    action: str
    raw: dict[str, Any] = field(default_factory=dict, repr=False)
    drift: list[Drift] = field(default_factory=list, repr=False)

    @classmethod
    def from_wire(cls, row: dict[str, Any]) -> WebhookOnWire:
        """Read `spec`; at the top, `version` and `kind` are the envelope's own."""
        given = row.get("spec")
        spec = given if isinstance(given, dict) else {}
        read = Reader({**spec, "name": row.get("name")}, VENDOR, CREATE_WEBHOOK)
        fields = ("url", "version", "kind", "action")
        read.compare_fields({*fields, "name"}, fields, "spec.")
        values = {name: read.digits(name) for name in (*fields, "name")}
        return cls(**values, raw=row, drift=read.drift)


def cases_in(data: Any) -> Iterator[dict[str, Any]]:
    """Every case object in a body of whatever form: at its root, in a list, or under one of many names."""
    yield from _cases_in(data, _DEEPEST)


def webhook_in(data: Any) -> dict[str, Any] | None:
    """The subscription an answer shows, at its root or wrapped once."""
    places = [data, *(data[name] for name in _WRAPPERS if name in data)] if isinstance(data, dict) else []
    for place in places:
        if not isinstance(place, dict):
            continue
        spec = place.get("spec")
        if str(place.get("kind")).lower() == "webhook" or (
            isinstance(spec, dict) and _is_name(spec.get("url"))
        ):
            return place
    return None


def rows_of_list(data: Any) -> list[Any] | None:
    """The rows of a list's answer; None if it is no list at all. A lone case is a list of one."""
    if isinstance(data, list):
        return data
    if not isinstance(data, dict):
        return None
    for name in _LIST_WRAPPERS:
        if name in data and (data[name] is None or isinstance(data[name], list)):
            return data[name] or []
        if isinstance(data.get(name), dict) and (rows := rows_of_list(data[name])) is not None:
            return rows
    return [data] if _is_case(data) else None


def _cases_in(data: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth == 0:
        return
    if isinstance(data, list):
        for item in data:
            yield from _cases_in(item, depth - 1)
    elif isinstance(data, dict):
        if _is_case(data):
            yield data
            return
        for name in (*_WRAPPERS, *_LIST_WRAPPERS[:2], "cases"):
            if isinstance(data.get(name), dict | list):
                yield from _cases_in(data[name], depth - 1)


def _is_case(row: Mapping[str, Any]) -> bool:
    """Said to be one, or named like one. An error sent as 200 or a webhook's envelope must not pass for one."""
    kind, spec = row.get("kind"), row.get("spec")
    if isinstance(kind, str) and kind.strip():
        return kind.strip().lower() == "case"
    inner = spec if isinstance(spec, dict) else {}
    if any(_is_name(place.get(name)) for place in (row, inner) for name in ("number", "case_id")):
        return True
    name = row.get("name")
    return isinstance(name, str) and bool(_NUMBER.fullmatch(name))


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `spec` and those beside it, as one object; what stands in `spec` wins."""
    metadata, spec = row.get("metadata"), row.get("spec")
    inner = spec if isinstance(spec, dict) else {}
    beside = {name: value for name, value in row.items() if name not in ("metadata", "spec")}
    about = (
        {name: metadata[name] for name in _UPDATED if name in metadata} if isinstance(metadata, dict) else {}
    )
    said = {name: value for name, value in inner.items() if value is not None or name not in beside}
    flat = about | beside | said | {"name": row.get("name", inner.get("name"))}
    return {name: _shown(value) for name, value in flat.items()}


def _shown(value: Any) -> Any:
    # The software behind GTT's cases can be set to give a label and its code together.
    return value["display_value"] if isinstance(value, dict) and "display_value" in value else value


def _compare(row: Mapping[str, Any], read: Reader) -> None:
    beside = Reader(row, read.vendor, read.operation)
    beside.compare_fields(_ENVELOPE | _IN_SPEC, ())
    spec = row.get("spec")
    if isinstance(spec, dict):
        inner = Reader(spec, read.vendor, read.operation)
        inner.compare_fields(_IN_SPEC, (), "spec.")
        beside.drift += inner.drift
    elif spec is not None:
        beside.note("odd type", "spec", spec)
    for name in _EXPECTED:
        if name not in read.row or (name == "name" and not read.row["name"]):
            beside.note("missing field", name if name == "name" else f"spec.{name}")
    read.drift += beside.drift


def _moment(read: Reader, name: str, zone: tzinfo) -> MomentOnWire:
    value = read.row.get(name)
    moment = read_moment(value, zone)
    if moment.at is None and value not in (None, ""):
        read.note("odd type", f"spec.{name}", value)
    return moment
