"""The comments of a case. Nothing of them is documented, so every likely form is read and none is relied on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from portal.vendors.gtt.moments import NO_MOMENT, MomentOnWire, read_moment
from portal.vendors.reading import Reader

_TEXT = ("text", "comment", "comments", "value", "body", "message", "content")
_AUTHOR = ("author", "created_by", "sys_created_by", "user", "createdBy", "name", "from")
_AT = ("created_at", "at", "created", "sys_created_on", "createdAt", "time", "timestamp", "date")
_ID = ("id", "sys_id", "comment_id", "number")
_OURS = ("is_customer", "from_customer", "is_ours")


@dataclass(frozen=True)
class CommentOnWire:
    """`id` and `author` are "" and `is_ours` None where the answer does not say."""

    text: str
    author: str = ""
    moment: MomentOnWire = NO_MOMENT
    id: str = ""
    is_ours: bool | None = None

    @property
    def at(self) -> datetime | None:
        return self.moment.at


def comments_in(read: Reader, zone: tzinfo = UTC) -> list[CommentOnWire]:
    """The comments in the order given: a list of texts or objects, one object, or one text."""
    given = read.row.get("comments")
    if given is None or given == "":
        return []
    rows = given if isinstance(given, list) else [given]
    found = []
    for row in rows:
        comment = _comment(row, zone)
        if comment is None:
            read.note("odd type", "spec.comments", row)
        elif comment.text:
            found.append(comment)
    return found


def _comment(row: Any, zone: tzinfo) -> CommentOnWire | None:
    if isinstance(row, str):
        return CommentOnWire(row.strip())
    if not isinstance(row, dict):
        return None
    text = _first(row, _TEXT)
    if not text:
        return None
    at = next((row[name] for name in _AT if row.get(name)), None)
    ours = next((row[name] for name in _OURS if isinstance(row.get(name), bool)), None)
    return CommentOnWire(text, _first(row, _AUTHOR), read_moment(at, zone), _first(row, _ID), ours)


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = row.get(name)
        if isinstance(value, dict):  # a person as an object
            value = next(
                (value[part] for part in ("display_value", "name", "email") if value.get(part)), None
            )
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return ""
