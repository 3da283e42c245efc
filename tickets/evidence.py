"""What a message said and what came back, made readable: nothing is left out and nothing is added."""

import json
from dataclasses import dataclass
from typing import Any

from portal.models import Attempt, Message

LONGEST_SHOWN = 20_000


@dataclass(frozen=True)
class Part:
    """A text part of the request. `pretty` is the same for reading, where the value is JSON."""

    name: str
    value: str
    pretty: str = ""


@dataclass(frozen=True)
class Try:
    """An attempt with the body of its answer as text for a page."""

    attempt: Attempt
    body: str
    is_cut: bool


def as_sent(message: Message) -> list[Part]:
    """A form's parts, or the body in one piece."""
    if body := message.payload.get("body"):
        return [Part("body", body, _pretty(body))]
    return [Part(name, value, _pretty(value)) for name, value in message.payload.get("fields", [])]


def tries_of(message: Message) -> list[Try]:
    """Every attempt, the last one first."""
    return [try_of(attempt) for attempt in message.attempts.order_by("-number")]


def try_of(attempt: Attempt) -> Try:
    body = _pretty(attempt.response_body) or attempt.response_body
    return Try(attempt, body[:LONGEST_SHOWN], len(body) > LONGEST_SHOWN)


def _pretty(text: str) -> str:
    if not text.lstrip().startswith(("[", "{")):
        return ""
    try:
        data: Any = json.loads(text)
        return json.dumps(data, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):  # ten thousand levels are evidence, too
        return ""
