"""What can befall a delivery on its way, and the forms in which its content can come."""

import copy
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from portal.vendors.sandbox.faults import Kind
from portal.vendors.sandbox.gtt.deliveries import HELD, LOST, Delivery

Args = dict[str, Any]
STYLES = ("envelope", "minimal", "wrapped", "list", "flat")
LIES = {"state": "Closed", "priority": "4 - Low", "short_description": "All is well."}


@dataclass
class Misfortune(Kind):
    """`befall` makes of a delivery those that really leave."""

    befall: Callable[[Delivery, Args], list[Delivery]] = lambda delivery, args: [delivery]


def in_style(style: str, case: dict[str, Any], action: str) -> dict[str, Any] | list[Any]:
    """What a delivery says of a case: nobody knows GTT's own way."""
    if style == "minimal":
        return {key: case[key] for key in ("kind", "version", "namespace", "name")}
    if style == "wrapped":
        return {"event": f"case.{action}", "data": case}
    if style == "list":
        return [case]
    return {**case, **case["spec"]} if style == "flat" else case


def forged(case: dict[str, Any], lies: dict[str, Any] | None = None) -> dict[str, Any]:
    """The case, with something said of it that is not so."""
    told = copy.deepcopy(case)
    told["spec"].update(LIES if lies is None else lies)
    told["spec"]["updated_at"] = "2099-01-01 00:00:00"
    told["spec"].setdefault("comments", []).append(
        {"id": "f" * 32, "text": "Pay here.", "author": "Nobody", "created_at": "2099-01-01 00:00:00"}
    )
    return told


def _lose(delivery: Delivery, args: Args) -> list[Delivery]:
    delivery.status = LOST
    return [delivery]


def _repeat(delivery: Delivery, args: Args) -> list[Delivery]:
    return [delivery, *(replace(delivery) for _ in range(int(args.get("more", 1))))]


def _delay(delivery: Delivery, args: Args) -> list[Delivery]:
    delivery.due = time.monotonic() + float(args.get("seconds", 3.0))
    return [delivery]


def _hold(delivery: Delivery, args: Args) -> list[Delivery]:
    delivery.status = HELD
    return [delivery]


def _forge(delivery: Delivery, args: Args) -> list[Delivery]:
    content = json.loads(delivery.body)
    if isinstance(content, dict) and isinstance(content.get("spec"), dict):
        delivery.body = json.dumps(forged(content)).encode()
    return [delivery]


def _by(method: str) -> Callable[[Delivery, Args], list[Delivery]]:
    return lambda delivery, args: [replace(delivery, method=method)]


def _with_body(
    make: Callable[[bytes, Args], bytes], content_type: str = "application/json"
) -> Callable[[Delivery, Args], list[Delivery]]:
    return lambda delivery, args: [
        replace(delivery, body=make(delivery.body, args), content_type=content_type)
    ]


def _in_utf_16(body: bytes, args: Args) -> bytes:
    return json.dumps(json.loads(body), ensure_ascii=False).encode("utf-16")


def _huge(body: bytes, args: Args) -> bytes:
    filler = "x" * (int(args.get("kilobytes", 300)) * 1024)
    return json.dumps({**json.loads(body), "filler": filler}).encode()


def _deep(body: bytes, args: Args) -> bytes:
    levels = int(args.get("levels", 10_000))
    return b'{"a":' * levels + body + b"}" * levels


MISFORTUNES = [
    Misfortune("lost", "It never leaves.", befall=_lose),
    Misfortune("repeated", "It comes again at once, as often more as told.", befall=_repeat, args=("more",)),
    Misfortune("late", "It leaves so many seconds later.", befall=_delay, args=("seconds",)),
    Misfortune("overtaken", "It leaves after the next one to the same subscription.", befall=_hold),
    Misfortune("forged", "It says of the case what is not so.", befall=_forge),
    Misfortune("put", "It comes by PUT.", befall=_by("PUT")),
    Misfortune("get", "It comes by GET.", befall=_by("GET")),
    Misfortune(
        "charset",
        "It is UTF-16 and says it is Latin 1.",
        befall=_with_body(_in_utf_16, "application/json; charset=iso-8859-1"),
    ),
    Misfortune(
        "unknown_charset",
        "It names a charset that does not exist.",
        befall=_with_body(lambda body, args: body, "application/json; charset=klingon"),
    ),
    Misfortune("oversized", "It is 300 KiB long.", befall=_with_body(_huge), args=("kilobytes",)),
    Misfortune("nested", "It is ten thousand levels deep.", befall=_with_body(_deep), args=("levels",)),
    Misfortune("nul_bytes", "It has NUL bytes.", befall=_with_body(lambda body, args: body + b"\x00\x00")),
    Misfortune(
        "no_json",
        "It is a web page.",
        befall=_with_body(lambda body, args: b"<!doctype html><title>Event</title>", "text/html"),
    ),
    Misfortune("bodyless", "It has no body.", befall=_with_body(lambda body, args: b"")),
]
