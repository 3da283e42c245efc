"""The comments of a case. Nothing of them is documented, so every likely form is read and none is relied on."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
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


_HEADLINE = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) - ([^\n]*?) \([^()\n]*\)$", re.MULTILINE)


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


def comments_in(read: Reader, zone: tzinfo = UTC, own_names: Collection[str] = ()) -> list[CommentOnWire]:
    """The comments in the order given: a list of texts or objects, one object, or one text."""
    given = read.row.get("comments")
    if given is None or given == "":
        return []
    if isinstance(given, str) and _HEADLINE.match(given):
        return _journal(given, zone, own_names)
    rows = given if isinstance(given, list) else [given]
    found = []
    for row in rows:
        comment = _comment(row, zone, own_names)
        if comment is None:
            read.note("odd type", "spec.comments", row)
        elif comment.text:
            found.append(comment)
    return found


def _journal(text: str, zone: tzinfo, own_names: Collection[str]) -> list[CommentOnWire]:
    """All comments as one text, the newest first, each below a line that says when and who.

    So does the software that GTT's cases evidently run on show them: ServiceNow, "journal" fields.
    """
    found = []
    parts = _HEADLINE.split(text)[1:]
    for at, author, said in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        row = {"text": said, "author": author, "created_at": at}
        if comment := _comment(row, zone, own_names):
            found.append(comment)
    return found[::-1]


def _comment(row: Any, zone: tzinfo, own_names: Collection[str]) -> CommentOnWire | None:
    if isinstance(row, str):
        return CommentOnWire(row.strip())
    if not isinstance(row, dict):
        return None
    text = _first(row, _TEXT)
    if not text:
        return None
    at = next((row[name] for name in _AT if row.get(name)), None)
    author = _first(row, _AUTHOR)
    # Another name proves nothing: GTT may show our comments under the name it gave our integration.
    ours = True if author and author in own_names else None
    said = next((row[name] for name in _OURS if isinstance(row.get(name), bool)), ours)
    return CommentOnWire(text, author, read_moment(at, zone), _first(row, _ID), said)


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
