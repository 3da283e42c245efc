"""What can be proven is put right, and said with what stood there before; the rest stays for a person to decide.

Numbers that name a place or an account are texts: nothing about them is ever proven.
"""

import re
from collections.abc import Callable, Mapping

from portal.sheets.tables import BLANKS
from portal.vendors.granite.phone import clean_phone
from tickets.sheets.kinds import kind_of_work
from tickets.sheets.places import state_of, zip_of, zone_of
from tickets.sheets.windows import OURS, repaired_moment

Repaired = tuple[str, str]  # the value, and why it differs; "" where it does not
Row = Mapping[str, str]

PHONES = {"local_contact_number": "location_contact_ext", "secondary_lcon_number": "secondary_lcon_ext"}
LOST_DIGITS = re.compile(r"\d(?:\.\d+)?E\+?\d+", re.IGNORECASE)
IDENTIFIERS = (
    "account_macnum",
    "location_number",
    "local_contact_number",
    "secondary_lcon_number",
    "zip",
    "prior_ticket",
)
DIGITS_ARE_LOST = "Excel had kept only the first digits of this number. Enter it again."
WRITTEN_ISO = "Written as the portal writes a date and time."
LONGEST = 200  # characters of a cell that can be repaired; what is longer is no phone and no ZIP code
BLANKS_GONE = "Blanks around it were taken away."
_FLOAT = re.compile(r"(\d+)\.0+")
_EXTENSION = re.compile(r"^(.*?\d)[\s,;]*(?:#|\bx|\bext(?:n|ension)?\.?:?)\s*\.?\s*(\d{1,8})$", re.IGNORECASE)
_LABEL = re.compile(
    r"^(?:tel|phone|ph|cell|mobile|office|main|m|c|o|t|p)\s*[.:]+\s*|\s*\((?:cell|mobile|office|work|home|main|c|m|o)\)$",
    re.IGNORECASE,
)
_YES = {"yes", "y", "true", "t", "x", "1", "on", "hard", "hard start", "✓", "✔", "si", "ja"}
_NO = {
    "",
    "no",
    "n",
    "false",
    "f",
    "0",
    "off",
    "-",
    "–",
    "none",
    "window",
    "flexible",
    "soft",
    "n/a",
    "na",
    "nein",
}


def repair(field: str, text: str, row: Row) -> Repaired:
    """One cell put right as far as it is provable. `row` holds the other cells of its row, by field."""
    value = text.strip(BLANKS)
    why = BLANKS_GONE if value != text and value else ""
    if not value:
        return "", ""
    if field in IDENTIFIERS and LOST_DIGITS.fullmatch(value):
        return "", DIGITS_ARE_LOST
    rule = RULES.get(field)
    if rule and len(value) <= LONGEST:
        better, reason = rule(value, row)
        if better != value:
            return better, reason
    return value, why


def repair_row(cells: Row) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Every cell of a row but its times; and of each that changed what it was and why."""
    found: dict[str, str] = {}
    marks: dict[str, list[str]] = {}
    for name, text in cells.items():
        value, why = repair(name, text, cells)
        found[name] = value
        if why:
            marks[name] = [text, why]
    _take_extensions(cells, found, marks)
    return found, marks


def _take_extensions(cells: Row, found: dict[str, str], marks: dict[str, list[str]]) -> None:
    for phone, extension in PHONES.items():
        parts = _with_extension(cells.get(phone, "").strip(BLANKS))
        if parts and not found.get(extension):
            found[phone], found[extension] = parts
            why = "The extension was put into its own field."
            marks[phone] = [cells[phone], why]
            marks[extension] = ["", f"It stood in the phone number “{cells[phone].strip(BLANKS)}”."]


def _with_extension(text: str) -> tuple[str, str] | None:
    if len(text) > LONGEST:
        return None
    match = _EXTENSION.match(_LABEL.sub("", text))
    return (match[1].strip(), match[2]) if match and _is_phone(match[1]) else None


def _is_phone(text: str) -> bool:
    try:
        clean_phone(text)
    except ValueError:
        return False
    return True


def _phone(value: str, row: Row) -> Repaired:
    """Any way of writing ten digits is as good; only what is no number yet is touched."""
    if _is_phone(value):
        return value, ""
    plain = _LABEL.sub("", value).strip(BLANKS)
    if match := _FLOAT.fullmatch(plain):
        plain = match[1]
    return (plain, "Only the number itself was kept.") if _is_phone(plain) else (value, "")


def _zip(value: str, row: Row) -> Repaired:
    plain = match[1] if (match := _FLOAT.fullmatch(value)) else value
    state = state_of(row.get("state", ""))
    found = zip_of(plain, state)
    if not found:
        return value, ""
    is_short = len(plain.split("-")[0]) < 5
    return found, f"The lost zero is proven by the state {state}." if is_short else "Written as a ZIP code."


def _state(value: str, row: Row) -> Repaired:
    return state_of(value) or value, "Written with its two letters."


def _zone(value: str, row: Row) -> Repaired:
    return zone_of(value, state_of(row.get("state", ""))) or value, "Named as the time zone of a place."


def _service(value: str, row: Row) -> Repaired:
    return kind_of_work(value) or value, "Named as Granite names this kind of work."


def _ticket(value: str, row: Row) -> Repaired:
    plain = value.removeprefix("#").strip(BLANKS)
    match = re.fullmatch(r"(\d{1,18})(?:\.0+)?", plain)
    return (match[1], "Only the number itself was kept.") if match else (value, "")


def _extension(value: str, row: Row) -> Repaired:
    match = re.fullmatch(r"(?:x|ext\.?|extension|#)\s*:?\s*(\d{1,8})|(\d{1,8})\.0+", value, re.IGNORECASE)
    return (match[1] or match[2], "Only the number itself was kept.") if match else (value, "")


def _hard_start(value: str, row: Row) -> Repaired:
    plain = value.lower()
    if plain in _YES:
        return "on", ""
    if plain in _NO:
        return "", ""
    return "", f"“{value[:60]}” is neither yes nor no, so there is no hard start. Set it if there is one."


def _email(value: str, row: Row) -> Repaired:
    plain = re.sub(r"^(?:mailto:)+", "", value, flags=re.IGNORECASE).strip("<> ")
    return plain, "Only the address itself was kept."


def _start(value: str, row: Row) -> Repaired:
    return (value, "") if OURS.fullmatch(value) else (repaired_moment(value) or value, WRITTEN_ISO)


def _end(value: str, row: Row) -> Repaired:
    if OURS.fullmatch(value):
        return value, ""
    return repaired_moment(value, row.get("start_date", "")) or value, WRITTEN_ISO


RULES: dict[str, Callable[[str, Row], Repaired]] = {
    "local_contact_number": _phone,
    "secondary_lcon_number": _phone,
    "location_contact_ext": _extension,
    "secondary_lcon_ext": _extension,
    "location_contact_email": _email,
    "secondary_lcon_email": _email,
    "contact_email_address": _email,
    "zip": _zip,
    "state": _state,
    "time_zone": _zone,
    "service_type": _service,
    "prior_ticket": _ticket,
    "hard_start": _hard_start,
    "start_date": _start,
    "end_date": _end,
}
