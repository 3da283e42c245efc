"""Are two addresses the same place? Pure functions, tolerant of how addresses are written, not of where they are.

The abbreviations are those of USPS Publication 28 (street suffixes, directions, unit designators) that occur most.
"""

import re
import unicodedata
from typing import NamedTuple, Protocol

SHORT = {
    "STREET": "ST", "SAINT": "ST", "SAINTE": "STE", "AVENUE": "AVE", "AV": "AVE", "ROAD": "RD", "DRIVE": "DR", "LANE": "LN",
    "BOULEVARD": "BLVD", "COURT": "CT", "PLACE": "PL", "SQUARE": "SQ", "TERRACE": "TER", "PARKWAY": "PKWY",
    "PKY": "PKWY", "HIGHWAY": "HWY", "CIRCLE": "CIR", "TRAIL": "TRL", "CROSSING": "XING", "PLAZA": "PLZ",
    "CENTER": "CTR", "CENTRE": "CTR", "EXPRESSWAY": "EXPY", "FREEWAY": "FWY", "TURNPIKE": "TPKE", "ROUTE": "RTE",
    "RT": "RTE", "HEIGHTS": "HTS", "POINT": "PT", "JUNCTION": "JCT", "MOUNT": "MT", "FORT": "FT", "MOUNTAIN": "MTN",
    "NORTH": "N", "SOUTH": "S", "EAST": "E", "WEST": "W",
    "NORTHEAST": "NE", "NORTHWEST": "NW", "SOUTHEAST": "SE", "SOUTHWEST": "SW",
    "FIRST": "1ST", "SECOND": "2ND", "THIRD": "3RD", "FOURTH": "4TH", "FIFTH": "5TH", "SIXTH": "6TH",
    "SEVENTH": "7TH", "EIGHTH": "8TH", "NINTH": "9TH", "TENTH": "10TH",
}  # fmt: skip
UNIT_WORDS = frozenset(
    [
        "SUITE",
        "STE",
        "UNIT",
        "APT",
        "APARTMENT",
        "ROOM",
        "RM",
        "FLOOR",
        "FL",
        "BUILDING",
        "BLDG",
        "SPACE",
        "SPC",
    ]
)


class Place(Protocol):
    address_line_1: str
    address_line_2: str
    city: str
    state: str
    zip: str


class Difference(NamedTuple):
    field: str  # "address", "city", "state" or "ZIP code"
    ours: str
    theirs: str


def differences(ours: Place, *, address: str, city: str, state: str, zip_code: str) -> list[Difference]:
    """Where the vendor's address leads elsewhere than ours. What the vendor left blank is not compared."""
    found = []
    our_address = ", ".join(part for part in (ours.address_line_1, ours.address_line_2) if part)
    if address.strip() and not same_street(ours.address_line_1, ours.address_line_2, address):
        found.append(Difference("address", our_address, address))
    if city.strip() and _words(city) != _words(ours.city):
        found.append(Difference("city", ours.city, city))
    if state.strip() and state.strip().upper() != ours.state.strip().upper():
        found.append(Difference("state", ours.state, state))
    if zip_code.strip() and _zip(zip_code) != _zip(ours.zip):
        found.append(Difference("ZIP code", ours.zip, zip_code))
    return found


def same_street(line_1: str, line_2: str, theirs: str) -> bool:
    """The same building; a suite counts only where both sides name one."""
    their_street, their_unit = _split(theirs)
    our_street, unit_1 = _split(line_1)
    joined_street, joined_unit = _split(f"{line_1} {line_2}")
    our_unit = unit_1 or joined_unit
    if their_street not in (our_street, joined_street):
        return False
    return not (our_unit and their_unit) or our_unit == their_unit


def _split(text: str) -> tuple[list[str], list[str]]:
    """The words of the street, and those of the suite or floor without the words that only say which it is."""
    words = _words(text.replace("#", " UNIT "))
    # The house number and the street's first word come first: a unit cannot stand before the third word.
    at = next((place for place, word in enumerate(words) if place > 1 and word in UNIT_WORDS), len(words))
    unit = words[at:]
    if at < len(words) and words[at] in ("FLOOR", "FL") and re.fullmatch(r"\d+(ST|ND|RD|TH)", words[at - 1]):
        at -= 1  # "5th floor" and "floor 5" are the same
        unit = [re.sub(r"\D", "", words[at]), *words[at + 2 :]]
    return words[:at], [word for word in unit if word not in UNIT_WORDS]


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().upper()
    plain = re.sub(r"[.'’]", "", plain)
    return [SHORT.get(word, word) for word in re.findall(r"[A-Z0-9]+", plain)]


def _zip(text: str) -> str:
    """Five digits; the zero that a spreadsheet ate comes back."""
    return re.sub(r"\D", "", text.split("-")[0]).zfill(5)[:5]
