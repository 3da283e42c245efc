"""A refusal's body, in whichever of its many shapes, as complaints about fields.

No vendor documents its error body. Understood are the keys detail, message, error, error_description and
errors, holding text, a list, an object by field, or a list of {loc, msg}; an object by field without any of
these keys; and plain text, of which the start is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from portal.vendors.errors import FieldProblem

KEPT_TEXT = 500
MOST_PROBLEMS = 500
_WRAPPERS = ("errors", "detail", "details", "message", "error_description", "error")
_MESSAGE_KEYS = ("msg", "message", "error", "detail", "description")
_FIELD_KEYS = ("loc", "field", "param", "path", "name", "pointer")
# Where a complaint says in which part of the request the field stood.
_REQUEST_PARTS = {"body", "form", "query", "path", "header", "__root__", "non_field_errors"}
_NAMED = re.compile(r"\blocations\s*[\[.]\s*(\d{1,4})\s*\]?\.?([a-z]\w*)?|\b([a-z]+(?:_[a-z0-9]+)+)\b")

Place = tuple[str | int, ...]


def problems_from_body(body: bytes | str | Any) -> list[FieldProblem]:
    """Complaints in the order of the body; none only for an empty body. Texts are raw: escape them when shown."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    if isinstance(text, str):
        try:
            text = json.loads(text)
        except (ValueError, RecursionError):
            return _from_text((), text) if text.strip() else []
    problems = list(dict.fromkeys(_walk(text, ())))[:MOST_PROBLEMS]
    if not problems and text not in (None, "", [], {}):
        return _from_text((), json.dumps(text, ensure_ascii=False, default=str))
    return problems


def _walk(value: Any, place: Place) -> Iterator[FieldProblem]:
    if len(place) > 12:
        return
    if isinstance(value, dict):
        yield from _walk_object(value, place)
    elif isinstance(value, list):
        # In an object by field, a list of objects has one entry for each location; a list of texts is about one.
        by_row = bool(place) and all(isinstance(item, dict) and not _is_complaint(item) for item in value)
        for number, item in enumerate(value):
            yield from _walk(item, (*place, number) if by_row else place)
    elif value is not None and not isinstance(value, bool) and str(value).strip():
        yield from _from_text(place, str(value))


def _walk_object(value: dict[str, Any], place: Place) -> Iterator[FieldProblem]:
    if _is_complaint(value):
        message = next(value[key] for key in _MESSAGE_KEYS if key in value)
        where = next(value[key] for key in _FIELD_KEYS if key in value)
        yield from _walk(message, (*place, *_steps(where)))
        return
    wrapped = [key for key in _WRAPPERS if key in value] if not place else []
    detailed = [key for key in wrapped if isinstance(value[key], dict | list) and value[key]]
    for key in detailed or wrapped or value:
        yield from _walk(value[key], place if wrapped else (*place, key))


def _is_complaint(value: dict[str, Any]) -> bool:
    return any(key in value for key in _MESSAGE_KEYS) and any(
        isinstance(value.get(key), str | list) for key in _FIELD_KEYS
    )


def _steps(where: Any) -> Place:
    parts = where if isinstance(where, list) else re.split(r"[.\[\]/]+", str(where))
    return tuple(part for part in parts if part != "" and isinstance(part, str | int))


def _from_text(place: Place, text: str) -> list[FieldProblem]:
    message = text.strip().replace("\x00", "\ufffd").encode("utf-8", "replace").decode()[:KEPT_TEXT]
    field, index = _field_of(place)
    if not field:
        field, index = _field_named_in(message)
    return [FieldProblem(field, index, message)]


def _field_of(place: Place) -> tuple[str, int | None]:
    steps = [step for step in (_step for part in place for _step in _steps(str(part)))]
    numbers = [int(step) for step in steps if str(step).isdigit()]
    names = [str(step) for step in steps if not str(step).isdigit() and step not in _REQUEST_PARTS]
    return (names[-1][:100] if names else ""), (numbers[0] if numbers and numbers[0] < 10_000 else None)


def _field_named_in(message: str) -> tuple[str, int | None]:
    """The field a plain sentence is about, if it names exactly one."""
    found = {(match[2] or match[3] or "locations", match[1]) for match in _NAMED.finditer(message)}
    if len(found) != 1:
        return "", None
    name, number = found.pop()
    return name, int(number) if number else None
