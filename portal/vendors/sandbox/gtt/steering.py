"""GTT's addresses below /_sandbox/gtt/, for the trainer's browser and for other processes."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from portal.vendors.sandbox.gtt.api import NUMBERS as SETTINGS

if TYPE_CHECKING:
    from portal.vendors.sandbox.gtt.vendor import Gtt

Fields = dict[str, Any]
CASE = re.compile(r"gtt/cases/(CS[0-9]{1,18})")
AGAIN = re.compile(r"gtt/deliveries/([0-9]{1,18})/again")
NUMBERS = {"more": int, "seconds": float, "kilobytes": int, "levels": int}
NO_ARGS = ("name", "times", "on", "chance")


def action(gtt: "Gtt", name: str) -> Callable[[Fields], None] | None:
    """What a post to this address does, given its fields. It raises ValueError for what cannot be done."""
    if case := CASE.fullmatch(name):
        return lambda fields: _steer_case(gtt, case[1], fields)
    if again := AGAIN.fullmatch(name):
        return lambda fields: gtt.deliver_again(int(again[1]))
    actions: dict[str, Callable[[Fields], None]] = {
        "gtt/cases": lambda fields: _open_case(gtt, fields),
        "gtt/misfortunes": lambda fields: _spoil(gtt, fields),
        "gtt/misfortunes/clear": lambda fields: gtt.board.clear(),
        "gtt/release": lambda fields: gtt.release(),
        "gtt/settings": lambda fields: _set(gtt, fields),
    }
    return actions.get(name)


def _steer_case(gtt: "Gtt", name: str, fields: Fields) -> None:
    if fields.get("state"):
        gtt.move(name, str(fields["state"]))
    if fields.get("comment"):
        gtt.comment(name, str(fields["comment"]), str(fields.get("author", "")))
    if fields.get("edit"):
        gtt.edit(name, **dict(fields["edit"]))
    if fields.get("let_go"):
        gtt.let_go(name)
    if fields.get("forge"):
        gtt.forge(name)
    if fields.get("deliver"):
        gtt.deliver(name, str(fields["deliver"]), str(fields.get("misfortune", "")), **_args(fields))


def _open_case(gtt: "Gtt", fields: Fields) -> None:
    gtt.open_case(**{key: str(value) for key, value in fields.items() if value != ""})


def _spoil(gtt: "Gtt", fields: Fields) -> None:
    times = int(fields["times"]) if fields.get("times") else None
    chance = float(fields["chance"]) if fields.get("chance") else None
    args = {key: value for key, value in fields.items() if key not in NO_ARGS and value != ""}
    args = {key: NUMBERS[key](value) if key in NUMBERS else value for key, value in args.items()}
    gtt.spoil_next(fields["name"], times, fields.get("on") or "any", chance=chance, **args)


def _set(gtt: "Gtt", fields: Fields) -> None:
    """The settings that another process may want to change."""
    gtt.set_up(**{key: int(value) if key in SETTINGS else value for key, value in fields.items()})


def _args(fields: Fields) -> Fields:
    return {key: number(fields[key]) for key, number in NUMBERS.items() if fields.get(key)}
