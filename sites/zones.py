"""Time zones of US states, for places of which we know no more than the state.

A state with two zones gets the one most of its people live in; a site can always say otherwise.
Source: the tz database's zone names; the split states are named in MIXED so that a page can warn.
"""

from functools import cache
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
