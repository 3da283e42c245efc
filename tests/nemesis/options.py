"""What a run is told, by the environment: `make nemesis DISPATCHES=200 SEED=1`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T", int, float)
SCENES = ("", "blackhole")
YES, NO = ("1", "yes", "true", "on"), ("", "0", "no", "false", "off")


class BadOption(Exception):
    """Shown as it is."""


@dataclass(frozen=True)
class Options:
    dispatches: int = 200
    seeds: list[int] = field(default_factory=lambda: [1])
    clients: int = 4
    naive: bool = False
    scene: str = ""
    # Seconds between two strokes, on average.
    pace: float = 3.0
    # No stroke after so many; 0 is no limit.
    strokes: int = 0
    # The chances of the vendor's faults, times this.
    faults: float = 1.0
    # Requests a minute, of the account and of the vendor: a thousand dispatches must not take hours.
    limit: int = 600
    # Of one send. Beyond it and 30 s more, an answer that did not come is an unknown outcome.
    deadline: int = 15
    locations_per_message: int = 10
    worker_processes: int = 2  # of each of the two workers
    fresh: int = 20
    measure: bool = True
    blackhole_minutes: float = 10.0
    # Nothing takes longer than that, whatever happens.
    minutes: float = 60.0

    @classmethod
    def by(cls, given: Mapping[str, str]) -> "Options":
        """Raises BadOption."""
        scene = given.get("SCENE", "")
        if scene not in SCENES:
            raise BadOption(f"There is no SCENE={scene!r}. There is: blackhole.")
        seeds = given.get("SEEDS") or given.get("SEED") or "1"
        return cls(
            dispatches=_number(given, "DISPATCHES", 200, int),
            seeds=[_number({"SEEDS": one}, "SEEDS", 1, int) for one in seeds.split(",")],
            clients=_number(given, "CLIENTS", 4, int),
            naive=_is_yes(given, "NAIVE"),
            scene=scene,
            pace=_number(given, "PACE", 3.0, float),
            strokes=_number(given, "STROKES", 0, int),
            faults=_number(given, "FAULTS", 1.0, float),
            limit=_number(given, "LIMIT", 600, int),
            deadline=_number(given, "DEADLINE", 15, int),
            fresh=_number(given, "FRESH", 20, int),
            measure=_is_yes(given, "MEASURE", "1"),
            blackhole_minutes=_number(given, "BLACKHOLE_MINUTES", 10.0, float),
            minutes=_number(given, "MINUTES", 60.0, float),
        )


def _number(given: Mapping[str, str], name: str, default: T, kind: type[T]) -> T:
    text = given.get(name, "").strip()
    try:
        value = kind(text) if text else default
    except ValueError:
        value = kind(-1)
    if value < 0:
        raise BadOption(f"{name}={text!r} is not usable. It should be a number.")
    return value


def _is_yes(given: Mapping[str, str], name: str, default: str = "") -> bool:
    text = (given.get(name) or default).strip().lower()
    if text not in YES + NO:
        raise BadOption(f"{name}={text!r} is not usable. It should be 1 or 0.")
    return text in YES
