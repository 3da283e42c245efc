"""The body of a delivery as a page can show it."""

import json
from dataclasses import dataclass

from portal import masking
from portal.models import Delivery

SHOWN = 64 * 1024
DEEPEST = 100  # a page shows deeper ones as they came


@dataclass(frozen=True)
class ShownBody:
    text: str
    size: int
    is_cut: bool
    is_pretty: bool
    is_masked: bool


def body_of(delivery: Delivery, *, shows_people: bool) -> ShownBody:
    """Laid out where it is JSON; telephone numbers and addresses only for whoever may see people."""
    raw = bytes(delivery.body)
    pretty = _pretty(raw)
    text = pretty if pretty is not None else raw.decode("utf-8", "replace")
    text = text.replace("\x00", "\u2400")
    shown = text[:SHOWN]
    return ShownBody(
        shown if shows_people else masking.mask(shown),
        len(raw),
        len(shown) < len(text),
        pretty is not None,
        not shows_people,
    )


def _pretty(raw: bytes) -> str | None:
    if raw.count(b"{") + raw.count(b"[") > DEEPEST * DEEPEST:
        return None
    try:
        return json.dumps(json.loads(raw), indent=2, ensure_ascii=False).encode("utf-8", "replace").decode()
    except (ValueError, RecursionError):
        return None
