"""The rules of Granite's create page, each as strict as it is written. All problems are reported together.

Source: dev.dx.granitemsp.com/g360/techexpress/create-ticket. Stricter than the page in one respect: a blank optional
part is refused, because our own client shall leave such a part out.
"""

import json
import re
from collections import Counter
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from portal.vendors.sandbox.granite import order as rules
from portal.vendors.sandbox.granite.accounts import BY_MACNUM
from portal.vendors.sandbox.granite.errors import Problem
from portal.vendors.sandbox.granite.order import Order
from portal.vendors.sandbox.message import FilePart, Request

EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>.]+(\.[^@\s,;<>.]+)+")
DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
EXTENSIONS = (".pdf", ".doc", ".csv", ".xlsx", ".png", ".jpg", ".jpeg")
MOST_FILE_BYTES = 25 * 1024 * 1024
PO_LENGTH = 25
PHONE_LOW, PHONE_HIGH = 1_000_000_000, 9_999_999_999


def read_order(request: Request) -> tuple[Order, list[Problem]]:
    """The order, fit for use only if there are no problems."""
    if request.media_type != "multipart/form-data" or request.trouble:
        text = request.trouble or "The body must be multipart/form-data."
        return Order({}, [], []), [Problem(("body",), text)]
    problems = [*_repeated(request), *_misplaced_files(request)]
    known = (*rules.REQUIRED_PARTS, *rules.OPTIONAL_PARTS)
    parts = request.parts
    fields = _fields({name: text for name, text in parts.items() if name in known}, problems)
    ignored = [name for name in parts if name not in (*known, "file")]
    ignored += [file.name for file in request.files if file.name not in (*known, "file")]
    locations = (
        _locations(parts["locations"], problems, ignored) if parts.get("locations", "").strip() else []
    )
    files = [file for file in request.files if file.name == "file"]
    for position, file in enumerate(files):
        problems += _file_problems(file, position)
    return Order(fields, locations, files, ignored), problems


def _repeated(request: Request) -> list[Problem]:
    counts = Counter(name for name, _ in request.texts)
    return [Problem((name,), "Sent more than once.") for name, count in counts.items() if count > 1]


def _misplaced_files(request: Request) -> list[Problem]:
    """Text where a file belongs, and files where text belongs."""
    problems = [
        Problem((file.name,), "Must be text, not a file.") for file in request.files if _is_field(file.name)
    ]
    if "file" in request.parts:
        problems.append(Problem(("file",), "A file needs a name."))
    return problems


def _is_field(name: str) -> bool:
    return name in rules.REQUIRED_PARTS or name in rules.OPTIONAL_PARTS


def _fields(parts: dict[str, str], problems: list[Problem]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in rules.REQUIRED_PARTS:
        if name not in parts:
            problems.append(Problem((name,), "This field is required."))
    for name, text in parts.items():
        if not text.strip():
            problems.append(Problem((name,), "Must not be blank."))
        elif problem := _field_problem(name, text):
            problems.append(Problem((name,), problem))
        else:
            fields[name] = _value(name, text)
    return fields


def _field_problem(name: str, text: str) -> str:
    if name in ("automatic_email_contact", "automatic_email_cc", "customer_preferred_tech"):
        return "" if text in ("true", "false") else "Must be true or false."
    if name == "contact_email_address":
        return "" if EMAIL.fullmatch(text) else "Must be an e-mail address."
    if name == "automatic_email_cc_address":
        is_good = all(EMAIL.fullmatch(one) for one in text.split(","))
        return "" if is_good else "Must be e-mail addresses separated by commas."
    if name == "po_number":
        return "" if len(text) <= PO_LENGTH else f"Must not be longer than {PO_LENGTH} characters."
    if name == "prior_ticket":
        return "" if re.fullmatch(r"[1-9][0-9]{0,17}", text) else "Must be a ticket number."
    if name == "service_type":
        return (
            "" if text in rules.SERVICE_TYPES else "Must be one of: " + ", ".join(rules.SERVICE_TYPES) + "."
        )
    return ""


def _value(name: str, text: str) -> Any:
    if name in ("automatic_email_contact", "automatic_email_cc", "customer_preferred_tech"):
        return text == "true"
    return int(text) if name == "prior_ticket" else text


def _locations(text: str, problems: list[Problem], ignored: list[str]) -> list[dict[str, Any]]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        problems.append(Problem(("locations",), "Must be JSON."))
        return []
    rows = [content] if isinstance(content, dict) else content
    if not isinstance(rows, list) or not rows:
        problems.append(Problem(("locations",), "Must be a list with at least one location."))
        return []
    for index, row in enumerate(rows):
        if isinstance(row, dict):
            problems += [Problem(("locations", index, key), text) for key, text in _location_problems(row)]
            known = (*rules.REQUIRED_LOCATION_KEYS, *rules.OPTIONAL_LOCATION_KEYS)
            ignored += [f"locations[{index}].{key}" for key in row if key not in known]
        else:
            problems.append(Problem(("locations", index), "Must be an object."))
    return rows


def _location_problems(row: dict[str, Any]) -> list[tuple[str, str]]:
    problems = [(key, "This field is required.") for key in rules.REQUIRED_LOCATION_KEYS if key not in row]
    for key in (*rules.REQUIRED_LOCATION_KEYS, *rules.OPTIONAL_LOCATION_KEYS):
        if key in row and (problem := _key_problem(key, row[key])):
            problems.append((key, problem))
    return problems or _window_problems(row)


def _key_problem(key: str, value: Any) -> str:
    if key == "local_contact_number":
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return "" if is_number and PHONE_LOW <= value <= PHONE_HIGH else "Must be an integer of ten digits."
    if not isinstance(value, str):
        return "Must be text."
    if not value.strip():
        return "Must not be blank."
    if key in ("location_contact_email", "secondary_lcon_email"):
        return "" if EMAIL.fullmatch(value) else "Must be an e-mail address."
    if key == "account_macnum":
        return "" if value in BY_MACNUM else f"There is no account {value}."
    if key in ("start_date", "end_date"):
        return "" if parse_datetime(value) else "Must be a time like 2026-01-31T09:00:00."
    return ""


def _window_problems(row: dict[str, Any]) -> list[tuple[str, str]]:
    problem = window_problem(row["start_date"], row["end_date"])
    return [("end_date", problem)] if problem else []


def window_problem(start: str, end: str) -> str:
    """Why two well-formed times are no window. Equal ones are a hard start."""
    if start[:10] != end[:10]:
        return "Must be on the same day as the start."
    return "" if end >= start else "Must not be before the start."


def parse_datetime(text: str) -> datetime | None:
    """A time written exactly as the page says: to the second, without zone or fraction."""
    if not DATETIME.fullmatch(text) or not text.isascii():
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _file_problems(file: FilePart, position: int) -> list[Problem]:
    loc = ("file", position)
    if not file.filename.strip():
        return [Problem(loc, "A file needs a name.")]
    if PurePosixPath(file.filename).suffix.lower() not in EXTENSIONS:
        return [Problem(loc, f"{file.filename}: only {', '.join(EXTENSIONS)} are taken.")]
    if file.size > MOST_FILE_BYTES:
        return [Problem(loc, f"{file.filename}: larger than 25 MB.")]
    return []
