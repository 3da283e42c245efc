"""The rules of GTT's envelope, each as strict as it is written. All problems are reported together.

Source: dx.dev.gtt.net/?p=329 (create case). The rules of an update are ours: its page was never seen.
"""

from dataclasses import dataclass, field
from typing import Any

from portal.vendors.sandbox.gtt import story
from portal.vendors.sandbox.gtt.errors import Problem
from portal.vendors.sandbox.message import Request

REQUIRED = ("short_description", "case_type", "priority", "category")
OPTIONAL = ("description", "subcategory")
FIELDS = (*REQUIRED, *OPTIONAL)
GIVEN_BY_GTT = ("number", "case_id", "opened_at", "updated_at")
LONGEST = {"short_description": 160, "description": 32_000}
LONGEST_OTHER, LONGEST_COMMENT = 100, 4_000
TOP = ("kind", "version", "namespace", "name", "metadata", "spec")
CHOICES = {
    "case_type": {"Incident", "Service Request"},
    "priority": {"1 - Critical", "2 - High", "3 - Moderate", "4 - Low", "5 - Planning"},
}


@dataclass(frozen=True)
class Address:
    """What the path said."""

    version: str
    namespace: str
    kind: str
    name: str = ""


@dataclass
class Reading:
    """An envelope as it was understood; fit for use only if there are no problems."""

    spec: dict[str, Any] = field(default_factory=dict)
    top: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def refuse(self, place: str, message: str) -> None:
        self.problems.append(Problem(place, message))


def read_envelope(request: Request, address: Address) -> Reading:
    """The part that every kind shares."""
    reading = Reading()
    if request.trouble or not isinstance(request.json, dict):
        reading.refuse("body", request.trouble or "Must be a JSON object.")
        return reading
    reading.top = request.json
    for key, expected in (
        ("kind", address.kind),
        ("version", address.version),
        ("namespace", address.namespace),
    ):
        if (value := reading.top.get(key)) != expected:
            reading.refuse(key, _told(value) if not isinstance(value, str) else f"Must be {expected!r}.")
    if not isinstance(reading.top.get("name", ""), str):
        reading.refuse("name", "Must be a string.")
    if not isinstance(reading.top.get("metadata", {}), dict):
        reading.refuse("metadata", "Must be an object.")
    if isinstance(spec := reading.top.get("spec"), dict):
        reading.spec = spec
    else:
        reading.refuse("spec", _told(spec, "an object"))
    reading.ignored = [key for key in reading.top if key not in TOP]
    return reading


def read_new_case(request: Request, address: Address, choices: dict[str, set[str]]) -> Reading:
    """What is not sent shall be left out, so a blank is refused."""
    reading = read_envelope(request, address)
    if reading.top:
        _check_fields(reading, choices, required=REQUIRED, may_be_blank=())
        reading.ignored += [f"spec.{key}" for key in reading.spec if key not in FIELDS]
    return reading


def read_update(
    request: Request, address: Address, choices: dict[str, set[str]], shown: dict[str, Any], *, is_whole: bool
) -> Reading:
    """An update of the case that is shown so. `is_whole`: what is left out shall be blank afterwards."""
    reading = read_envelope(request, address)
    if not reading.top:
        return reading
    if reading.top.get("name", shown["name"]) != shown["name"]:
        reading.refuse("name", f"Must be {shown['name']!r}.")
    _check_fields(reading, choices, required=REQUIRED if is_whole else (), may_be_blank=OPTIONAL)
    if reading.spec.get("state", shown["spec"]["state"]) not in (*story.STATES, shown["spec"]["state"]):
        reading.refuse("spec.state", "No such state.")
    for key in ("number", "case_id", "opened_at"):
        if reading.spec.get(key, shown["spec"][key]) != shown["spec"][key]:
            reading.refuse(f"spec.{key}", "Is given by GTT and cannot be changed.")
    known = {comment["id"]: comment["text"] for comment in shown["spec"]["comments"]}
    _check_comments(reading, known)
    told = (*FIELDS, *GIVEN_BY_GTT, "state", "comments")
    reading.ignored += [f"spec.{key}" for key in reading.spec if key not in told]
    return reading


def changes_in(reading: Reading, *, is_whole: bool) -> dict[str, str]:
    changes = {key: reading.spec[key] for key in (*FIELDS, "state") if key in reading.spec}
    return {**dict.fromkeys(OPTIONAL, ""), **changes} if is_whole else changes


def new_comments(reading: Reading) -> list[str]:
    """One text is a new comment. In a list, whatever has no id is one."""
    comments = reading.spec.get("comments") or []
    rows = comments if isinstance(comments, list) else [comments]
    return [row if isinstance(row, str) else row["text"] for row in rows if _is_new(row)]


def _check_fields(
    reading: Reading,
    choices: dict[str, set[str]],
    *,
    required: tuple[str, ...],
    may_be_blank: tuple[str, ...],
) -> None:
    for key in FIELDS:
        value, place = reading.spec.get(key), f"spec.{key}"
        if key not in reading.spec:
            if key in required:
                reading.refuse(place, "This field is required.")
        elif not isinstance(value, str):
            reading.refuse(place, "Must be a string.")
        elif not value.strip() and key not in may_be_blank:
            reading.refuse(place, "Must not be blank.")
        elif len(value) > (most := LONGEST.get(key, LONGEST_OTHER)):
            reading.refuse(place, f"Must have at most {most} characters.")
        elif key in choices and value not in choices[key]:
            reading.refuse(place, f"Must be one of: {', '.join(sorted(choices[key]))}.")


def _check_comments(reading: Reading, known: dict[str, str]) -> None:
    comments = reading.spec.get("comments")
    for row in comments if isinstance(comments, list) else [] if comments is None else [comments]:
        text = row.get("text") if isinstance(row, dict) else row
        if not isinstance(text, str) or not text.strip():
            reading.refuse("spec.comments", "A comment needs a text.")
        elif len(text) > LONGEST_COMMENT:
            reading.refuse("spec.comments", f"Must have at most {LONGEST_COMMENT} characters.")
        elif not _is_new(row) and known.get(row["id"]) != text:
            reading.refuse("spec.comments", "A comment that is there cannot be changed.")


def _is_new(row: Any) -> bool:
    return not isinstance(row, dict) or not isinstance(row.get("id"), str) or not row["id"]


def _told(value: object, wanted: str = "a string") -> str:
    return "This field is required." if value is None else f"Must be {wanted}."
