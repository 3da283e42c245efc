"""Time zones of places in the United States, found offline: by coordinates, by ZIP code, by state.

A state with two zones gets the one most of its people live in where nothing better is known; a site can always say
otherwise. Source of the table: the tz database's zone names; the split states are named in MIXED so that a page can
warn. The two data sets are read when the first place asks for them.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

ZONES = {
    "America/New_York": "CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV",
    "America/Chicago": "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
    "America/Denver": "CO ID MT NM UT WY",
    "America/Phoenix": "AZ",
    "America/Los_Angeles": "CA NV OR WA",
    "America/Anchorage": "AK",
    "Pacific/Honolulu": "HI",
    "America/Puerto_Rico": "PR VI",
}
BY_STATE = {state: zone for zone, states in ZONES.items() for state in states.split()}
MIXED = frozenset({"AK", "FL", "ID", "IN", "KS", "KY", "MI", "ND", "NE", "OR", "SD", "TN", "TX"})
STATES = sorted(BY_STATE)
CHOICES = [(zone, zone.replace("_", " ")) for zone in ZONES]
_ZIP = re.compile(r"(\d{5})(?:-?\d{4})?", re.ASCII)


def zone_for(
    *,
    state: str = "",
    zip_code: str = "",
    latitude: Decimal | float | None = None,
    longitude: Decimal | float | None = None,
) -> str:
    """The zone that what we know of a place proves, or "": then a person must say it.

    Coordinates go before the ZIP code, the ZIP code before the state. A ZIP code of another state that keeps other
    time proves nothing: one of the two is wrong.
    """
    if latitude is not None and longitude is not None and (there := _of_coordinates(latitude, longitude)):
        return there
    state = state.strip().upper()
    of_state = "" if state in MIXED else zone_for_state(state)
    zip_state, of_zip = _of_zip(zip_code)
    if not of_zip:
        return of_state
    is_contradicted = state in BY_STATE and zip_state != state and of_zip != of_state
    return "" if is_contradicted else of_zip


def state_of_zip(zip_code: str) -> str:
    """The state in which a ZIP code lies, or "" for one that is none."""
    return _of_zip(zip_code)[0]


def zone_for_state(state: str) -> str:
    """The zone's name, or "" for a state we do not know."""
    return BY_STATE.get(state.strip().upper(), "")


def is_zone(name: str) -> bool:
    return name in _names()


@cache
def _names() -> set[str]:
    # Without the cache each question would walk through the zones' files, a few hundred of them.
    return available_timezones()


def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name if is_zone(name) else "UTC")


def keep_the_same_time(first: str, second: str, at: datetime) -> bool:
    """Whether the clocks of two zones agree at a wall clock time: Detroit's and New York's do, whatever their names."""
    return at.replace(tzinfo=zone(first)).utcoffset() == at.replace(tzinfo=zone(second)).utcoffset()


def _of_coordinates(latitude: Decimal | float, longitude: Decimal | float) -> str:
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return ""
    from tzfpy import get_tz  # its map of the world is unpacked into memory on import

    return _usual(get_tz(float(longitude), float(latitude)))


@lru_cache(maxsize=10_000)
def _of_zip(zip_code: str) -> tuple[str, str]:
    """State and zone; both "" for what is no ZIP code in use."""
    match = _ZIP.fullmatch(zip_code.strip())
    if match is None:
        return "", ""
    import zipcodes  # the table of all ZIP codes, only for those who ask

    for found in zipcodes.matching(match[1]):
        return str(found["state"]), _usual(str(found["timezone"]))
    return "", ""


@cache
def _usual(name: str) -> str:
    """The zone people know that keeps the same time, in these years: `America/New_York` for Detroit. "" at sea."""
    if not is_zone(name) or name.startswith("Etc/"):
        return ""
    now = datetime.now(UTC)
    moments = [now + timedelta(days=5 * step) for step in range(150)]
    for usual in ZONES:
        if all(moment.astimezone(zone(usual)).utcoffset() == _offset(name, moment) for moment in moments):
            return usual
    return name


def _offset(name: str, moment: datetime) -> timedelta | None:
    return moment.astimezone(zone(name)).utcoffset()
