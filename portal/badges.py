"""How a state looks: a tone and an icon for each word, so that colour never speaks alone."""

from typing import NamedTuple


class Look(NamedTuple):
    tone: str  # quiet, wait, good, warn, bad, alarm: a class of the style sheet
    icon: str


PLAIN = Look("quiet", "circle")
LOOKS = {
    # states of a message
    "queued": Look("wait", "hourglass-split"),
    "claimed": Look("wait", "hourglass-split"),
    "sending": Look("wait", "send"),
    "done": Look("good", "check-circle"),
    "rejected": Look("bad", "x-octagon"),
    "unknown": Look("alarm", "question-diamond-fill"),
    "held": Look("warn", "pause-circle"),
    "cancelled": Look("quiet", "slash-circle"),
    "not_created": Look("quiet", "search"),
    "abandoned": Look("quiet", "archive"),
    # outcomes of an attempt
    "not sent": Look("quiet", "wifi-off"),
    "not executed": Look("warn", "arrow-counterclockwise"),
    # drafts, tickets, accounts
    "draft": Look("quiet", "pencil"),
    "ticket": Look("wait", "ticket-detailed"),
    "resolved": Look("good", "check2-all"),
    "technician": Look("good", "person-check"),
    "no technician": Look("warn", "person-x"),
    "paused": Look("warn", "pause-circle"),
    # a plain tone, for what has no word of its own
    "good": Look("good", "check-circle"),
    "warn": Look("warn", "exclamation-triangle"),
    "bad": Look("bad", "x-octagon"),
    "alarm": Look("alarm", "exclamation-octagon-fill"),
    "info": Look("wait", "info-circle"),
}


def look(word: str) -> Look:
    """A word nobody foresaw looks plain; it is shown all the same."""
    return LOOKS.get(str(word).strip().lower(), PLAIN)
