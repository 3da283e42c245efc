"""States, ZIP codes and time zones as people write them."""

import re

from sites import zones

_STATES = (
    "AL alabama; AK alaska; AZ arizona; AR arkansas; CA california; CO colorado; CT connecticut; "
    "DE delaware; DC district of columbia; FL florida; GA georgia; HI hawaii; ID idaho; IL illinois; "
    "IN indiana; IA iowa; KS kansas; KY kentucky; LA louisiana; ME maine; MD maryland; "
    "MA massachusetts; MI michigan; MN minnesota; MS mississippi; MO missouri; MT montana; "
    "NE nebraska; NV nevada; NH new hampshire; NJ new jersey; NM new mexico; NY new york; "
    "NC north carolina; ND north dakota; OH ohio; OK oklahoma; OR oregon; PA pennsylvania; "
    "PR puerto rico; RI rhode island; SC south carolina; SD south dakota; TN tennessee; TX texas; "
    "UT utah; VT vermont; VA virginia; VI virgin islands; WA washington; WV west virginia; "
    "WI wisconsin; WY wyoming"
)
STATE_NAMES = {name: code for code, name in (pair.split(" ", 1) for pair in _STATES.split("; "))}
_ZIP = re.compile(r"(\d{3,5})(?:-?(\d{4}))?")
_ZONES = {
    "America/New_York": "eastern;et;est;edt;eastern time;eastern standard time;eastern daylight time;us/eastern;est5edt",
    "America/Chicago": "central;ct;cst;cdt;central time;central standard time;central daylight time;us/central;cst6cdt",
    "America/Denver": "mountain;mt;mdt;mountain time;mountain daylight time;us/mountain;mst7mdt",
    "America/Phoenix": "arizona;arizona time;us/arizona;mountain (arizona);mst (arizona);mountain no dst",
    "America/Los_Angeles": "pacific;pt;pst;pdt;pacific time;pacific standard time;pacific daylight time;us/pacific;pst8pdt",
    "America/Anchorage": "alaska;akst;akdt;akt;alaska time;alaska standard time;alaska daylight time;us/alaska",
    "Pacific/Honolulu": "hawaii;hst;hawaii time;hawaii standard time;hawaiian;hawaiian time;hawaiian standard time;us/hawaii",
    "America/Puerto_Rico": "puerto rico",
}
_BY_WORD = {word: zone for zone, words in _ZONES.items() for word in words.split(";")}
_BY_NAME = {zone.lower(): zone for zone in (*zones.ZONES, *zones.BY_STATE.values())}
_DETAIL = re.compile(r"\s*\(?\b(?:utc|gmt)\s*[-−+]\s*\d{1,2}(?::?\d\d)?\)?\s*(?:hours)?\s*", re.IGNORECASE)
_US_CANADA = re.compile(r"\s*\(us\s*(?:&|and)\s*canada\)", re.IGNORECASE)


def state_of(text: str) -> str:
    """The two letters of a state, or ""."""
    plain = " ".join(text.replace(".", "").split())
    if plain.upper() in zones.BY_STATE:
        return plain.upper()
    return STATE_NAMES.get(plain.lower(), "")


def zip_of(text: str, state: str) -> str:
    """The code with the zeros a program took away, where the state proves them; "" where nothing is proven."""
    match = _ZIP.fullmatch("".join(text.split()))
    if not match:
        return ""
    five, four = match[1], match[2] or ""
    if len(five) == 5 and not four:
        return five
    if len(five) == 5:
        return f"{five}-{four}"
    full = five.zfill(5)
    proven = bool(state) and zones.state_of_zip(full) == state
    return (f"{full}-{four}" if four else full) if proven else ""


def zone_of(text: str, state: str) -> str:
    """The name of the zone a text means, or "". `MST` is Denver's or Arizona's: the state tells."""
    plain = " ".join(_US_CANADA.sub("", _DETAIL.sub(" ", text)).split()).strip("() ").lower()
    if plain in ("mst", "mountain standard time"):
        return (
            zones.zone_for_state(state) if state and state not in zones.MIXED and _is_mountain(state) else ""
        )
    if plain in ("ast", "atlantic", "atlantic time", "atlantic standard time"):
        return "America/Puerto_Rico" if state in ("PR", "VI") else ""
    if plain in _BY_WORD:
        return _BY_WORD[plain]
    return _BY_NAME.get(plain.replace(" ", "_"), "")


def _is_mountain(state: str) -> bool:
    return zones.zone_for_state(state) in ("America/Denver", "America/Phoenix")
