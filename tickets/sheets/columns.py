"""Headings as people write them, compared with the names of our fields."""

import re
import unicodedata
from collections import Counter

from tickets.sheets.fields import FIELDS

_WORDS = {
    "no": "number",
    "num": "number",
    "nr": "number",
    "nbr": "number",
    "numbers": "number",
    "tel": "phone",
    "telephone": "phone",
    "ph": "phone",
    "cell": "phone",
    "mobile": "phone",
    "phones": "phone",
    "mail": "email",
    "emails": "email",
    "loc": "location",
    "acct": "account",
    "acc": "account",
    "lcon": "local contact",
    "poc": "contact",
    "alt": "secondary",
    "alternative": "secondary",
    "alternate": "secondary",
    "2nd": "secondary",
    "second": "secondary",
    "backup": "secondary",
    "svc": "service",
    "desc": "description",
    "descr": "description",
    "instr": "instructions",
    "spl": "special",
    "tz": "time zone",
    "postcode": "postal code",
    "sched": "scheduled",
    "appt": "appointment",
    "addl": "additional",
    "mgr": "manager",
    "1st": "primary",
    "first": "primary",
    "main": "primary",
    "strt": "start",
    "proj": "project",
    "cust": "customer",
    "ext": "extension",
    "extn": "extension",
    "datetime": "date time",
    "timezone": "time zone",
    "onsite": "on site",
}
_SILENT = {"the", "of", "for", "a", "and", "s", "please", "enter", "required", "optional", "mandatory"}
LONGEST = 200  # characters of a heading
_IN_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def key_of(text: str) -> str:
    """A heading as it is compared: `LCON Phone #:` and `lconPhoneNumber` are `local contact phone number`."""
    return _key(text)


def keys_of(header: list[str]) -> list[str]:
    """The headings as they are compared, those that are then the same counted: none stands for two columns."""
    seen, found = Counter[str](), []
    for name in header:
        key = key_of(name)
        seen[key] += 1
        found.append(key if seen[key] == 1 else f"{key} [{seen[key]}]")
    return found


def _key(text: str, *, is_short: bool = False) -> str:
    plain = unicodedata.normalize("NFKC", text).replace("\u2019", "'")
    if is_short:
        plain = _IN_BRACKETS.sub(" ", plain)
    plain = _CAMEL.sub(" ", plain).lower().replace("#", " number ").replace("e-mail", "email")
    words = re.sub(r"[^\w]|_", " ", plain.replace("'s", "")).split()
    full = " ".join(_WORDS.get(word, word) for word in words)
    if is_short:
        full = " ".join(word for word in full.split() if word not in _SILENT)
    return re.sub(r"\b(\w+)( \1\b)+", r"\1", full)


def _names() -> tuple[dict[str, str], dict[str, list[str]]]:
    exact = {field.name: field.name for field in FIELDS}
    usual: dict[str, list[str]] = {}
    for field in FIELDS:
        exact[field.label.lower()] = field.name
        for name in (field.label, field.name, *field.names.split("; ")):
            for phrase in {_key(name), _key(name, is_short=True)}:
                if field.name not in usual.setdefault(phrase, []):
                    usual[phrase].append(field.name)
    return exact, usual


EXACT, USUAL = _names()
_SECOND_OF = re.compile(r" \(\d+\)$")


def exact(text: str) -> str:
    """The field whose own name or label this is."""
    return "" if len(text) > LONGEST else EXACT.get(" ".join(text.lower().split()), "")


def usual(text: str) -> list[str]:
    """The fields a heading may mean, the likeliest first."""
    if len(text) > LONGEST:
        return []
    plain = _SECOND_OF.sub("", text)
    for phrase in (_key(plain), _key(plain, is_short=True)):
        if phrase in USUAL:
            return USUAL[phrase]
    return []


def recognised(cells: list[str]) -> int:
    """How many different fields these headings name."""
    return len({field for cell in cells if cell and (field := exact(cell) or next(iter(usual(cell)), ""))})
