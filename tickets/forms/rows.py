"""Every location of a draft judged in one pass, from what was typed, field by field.

A form for each of five thousand rows would take many seconds; the fields of a form do not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from sites.models import Site
from tickets.forms import when, where
from tickets.forms.typed import ROW_WHAT, WHEN, Row, tick
from tickets.forms.what import WhatForm

FILES = "files"
MOST_REMEMBERED = 200  # characters of a text that is judged once and for all
# What a row of a sheet must say itself where *What* leaves it open.
MUST_BE_SAID = ("service_type", "initial_description", "contact_name", "contact_email_address")

_WHAT: dict[str, forms.Field] = {name: WhatForm.base_fields[name] for name in ROW_WHAT if name != FILES}

Problems = dict[str, list[str]]


@dataclass
class CheckedRow:
    """`values` are the cleaned ones of a row without problems; `own` what it says differently from *What*."""

    problems: Problems = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    own: dict[str, Any] = field(default_factory=dict)

    def blame(self, name: str, *sentences: str) -> None:
        self.problems.setdefault(name, []).extend(sentences)


def check_rows(
    rows: Sequence[Row], *, what: Mapping[str, Any] | None = None, files: Sequence[str] = ()
) -> list[CheckedRow]:
    """Judge rows as typed; one query in all.

    `what` is the cleaned *What* and `files` the names of the draft's files, where rows may say things for themselves.
    """
    sites = _known_sites(rows)
    by_name = {name.casefold(): name for name in files}
    found = []
    for row in rows:
        checked = CheckedRow()
        _check_place(checked, row, sites)
        _check_window(checked, row)
        if what is not None:
            _check_what(checked, row, what)
            _check_files(checked, row, by_name)
        found.append(checked)
    return found


def check_window(row: Row) -> Problems:
    """What is wrong with a window, wherever it is."""
    checked = CheckedRow()
    _check_window(checked, row)
    return checked.problems


def _clean(checked: CheckedRow, into: dict[str, Any], name: str, field_: forms.Field, text: str) -> None:
    judge = _judged if len(text) <= MOST_REMEMBERED else _judge
    value, sentences = judge(field_, text)
    if sentences:
        checked.blame(name, *sentences)
    else:
        into[name] = value


def _judge(field_: forms.Field, text: str) -> tuple[Any, tuple[str, ...]]:
    """The cleaned value, or what is wrong with the text: a matter of the two alone."""
    try:
        return field_.clean(text), ()
    except ValidationError as error:
        return None, tuple(error.messages)


# An edit changes one cell of a sheet and judges all of them: the others were judged before.
_judged = lru_cache(maxsize=100_000)(_judge)


def _check_place(checked: CheckedRow, row: Row, sites: set[int]) -> None:
    for name, field_ in where.FIELDS.items():
        _clean(checked, checked.values, name, field_, row.get(name, ""))
    key = _site_key(row)
    if row.get("site") and key not in sites:
        checked.blame("site", where.SITE_GONE)
    checked.values["site"] = key


def _check_window(checked: CheckedRow, row: Row) -> None:
    times: dict[str, datetime | None] = {}
    for name in WHEN:
        _clean(checked, times, name, when.FIELDS[name], row.get(name, ""))
    is_hard = bool(tick(row.get("hard_start", "")))
    if is_hard:
        checked.problems.pop("end_date", None)
        times["end_date"] = times.get("start_date")
    zone = checked.values.get("time_zone") or ""
    for name, sentence in when.wrong_with_window(
        times.get("start_date"), times.get("end_date"), is_hard, zone
    ):
        if name in times:
            checked.blame(name, sentence)
    checked.values |= times


def _check_what(checked: CheckedRow, row: Row, what: Mapping[str, Any]) -> None:
    for name, field_ in _WHAT.items():
        if text := row.get(name, "").strip():
            _clean(checked, checked.own, name, field_, text)
            if checked.own.get(name) == what.get(name):
                checked.own.pop(name, None)
        elif name in MUST_BE_SAID and not what.get(name):
            checked.blame(name, f"{field_.error_messages['required']} It stands neither here nor in What.")


def _check_files(checked: CheckedRow, row: Row, files: Mapping[str, str]) -> None:
    named = [name.strip() for name in row.get(FILES, "").split(";") if name.strip()]
    for name in named:
        if name.casefold() not in files:
            checked.blame(FILES, f"“{name}” is not among the files of this draft. Add it in Files.")
    chosen = {files[name.casefold()] for name in named if name.casefold() in files}
    if chosen and chosen != set(files.values()):
        checked.own[FILES] = [name for name in files.values() if name in chosen]


def _known_sites(rows: Sequence[Row]) -> set[int]:
    named = {key for row in rows if (key := _site_key(row))}
    return set(Site.objects.filter(pk__in=named).values_list("pk", flat=True)) if named else set()


def _site_key(row: Row) -> int | None:
    text = str(row.get("site") or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
