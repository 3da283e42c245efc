"""Granite's kinds of work by the names people give them. Words that could mean two of them mean none."""

import re

from portal.vendors.granite.service_types import SERVICE_TYPES

_USUAL = {
    "Equipment Install": (
        "equipment install;equipment installation;equip install;install;installation;install equipment;"
        "new install;new installation;equipment installs;hardware install;hardware installation"
    ),
    "Smart Hands": "smart hands;smarthands;smart hand;smarthand;remote hands;tech assist;smart hands support",
    "Site Audit": "site audit;audit;site survey;survey;site audits;site audit survey;site assessment",
    "Move": "move;moves;relocation;relocate;move equipment",
    "POTS Extension": "pots extension;pots line extension;analog extension;analog line extension",
    "Circuit Extension": "circuit extension;circuit demarc extension;data circuit extension",
}
_SUBJECTS = {
    "circuit extension": "Circuit Extension",
    "fiber extension": "Fiber Extension",
    "fibre extension": "Fiber Extension",
    "broadband circuit": "Broadband Circuit",
    "broadband": "Broadband Circuit",
    "pots": "POTS",
    "pots line": "POTS",
    "customer equipment": "Customer Equipment",
}
_BY_GRANITE = re.compile(r"\b(?:grt|granite)(?: provided| supplied)?\b")
_BY_CUSTOMER = re.compile(r"\b(?:customer|cust|client)(?: provided| supplied| owned)\b")
_VALUES = {kind.value.lower(): kind.value for kind in SERVICE_TYPES}


def _key(text: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()
    return re.sub(r"\bexts?\b|\bextn\b", "extension", plain)


_BY_KEY = {_key(kind.value): kind.value for kind in SERVICE_TYPES} | {
    _key(word): value for value, words in _USUAL.items() for word in words.split(";")
}


def kind_of_work(text: str) -> str:
    """Granite's own value for what somebody wrote, or ""."""
    key = _key(text)
    if key in _BY_KEY:
        return _BY_KEY[key]
    for pattern, provider in ((_BY_GRANITE, "grt provided"), (_BY_CUSTOMER, "customer provided")):
        rest = " ".join(pattern.sub(" ", key).split())
        if rest != key and (subject := _SUBJECTS.get(rest)):
            return _VALUES.get(f"{subject} ({provider})".lower(), "")
    return ""
