"""What a fault is, and the board of those armed for the next calls.

A fault either answers *instead* of the vendor (nothing is created) or spoils the answer *after* the vendor has done
everything. Which of the two it is decides whether technicians drive, so every fault says it in its sentence.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from portal.vendors.sandbox.message import Answer, Request


@dataclass
class Armed:
    """A fault waiting for its call. `left` is None where it waits until it is cleared."""

    name: str
    on: str
    left: int | None
    args: dict[str, Any] = field(default_factory=dict)
    chance: float | None = None


@dataclass
class Kind:
    """What a fault is. Exactly one of `instead` and `after` is set.

    `stops_reading`: the request's body is not read to its end, so nobody looks at the request either.
    """

    name: str
    sentence: str
    instead: Callable[[Request, dict[str, Any]], Answer] | None = None
    after: Callable[[Answer, dict[str, Any]], Answer] | None = None
    args: tuple[str, ...] = ()
    stops_reading: bool = False


class FaultBoard:
    """The armed faults, first armed first served. The caller holds the sandbox's lock.

    `seed` decides which calls the faults with a chance fall on; with the same calls, the same ones again.
    """

    def __init__(self, kinds: list[Kind], operations: list[str], seed: int) -> None:
        self.kinds = {kind.name: kind for kind in kinds}
        self.operations = operations
        self.armed: list[Armed] = []
        self.clearings = 0
        self.sow(seed)

    def sow(self, seed: int) -> None:
        """Begin the sequence of chances anew."""
        self.seed = seed
        self._random = random.Random(seed)  # noqa: S311 (misfortune to be repeated, nothing secret)

    def arm(
        self, name: str, times: int | None, on: str, args: dict[str, Any], chance: float | None = None
    ) -> None:
        """Raises ValueError for a fault, operation, argument or chance nobody knows."""
        kind = self.kinds.get(name)
        if kind is None:
            raise ValueError(f"There is no fault {name!r}. There are: {', '.join(self.kinds)}.")
        if on != "any" and not any(_covers(on, operation) for operation in self.operations):
            raise ValueError(f"There is no operation {on!r}. There are: {', '.join(self.operations)}, any.")
        if unknown := set(args) - set(kind.args):
            raise ValueError(f"The fault {name!r} does not take {', '.join(sorted(unknown))}.")
        if chance is not None and not 0 < chance <= 1:
            raise ValueError("A chance is above 0 and at most 1.")
        if times is None and chance is None:
            times = 1
        if times is not None and times < 1:
            raise ValueError("A fault happens at least once.")
        self.armed.append(Armed(name, on, times, args, chance))

    def clear(self) -> None:
        self.armed.clear()
        self.clearings += 1

    def take(self, operation: str) -> Armed | None:
        """The fault for this call, used up by it."""
        for armed in self.armed:
            if not _covers(armed.on, operation):
                continue
            if armed.chance is not None and self._random.random() >= armed.chance:
                continue
            if armed.left is not None:
                armed.left -= 1
                if not armed.left:
                    self.armed.remove(armed)
            return armed
        return None

    def give_back(self, armed: Armed, clearings: int) -> None:
        """The call was refused before the fault could happen: it waits for the next one.

        `clearings` is how often the board had been cleared when it was taken; what was cleared since is gone.
        """
        if armed.left is None or clearings != self.clearings:
            return
        armed.left += 1
        if not any(other is armed for other in self.armed):
            self.armed.insert(0, armed)


def _covers(on: str, operation: str) -> bool:
    """Whether a fault armed `on` this concerns the operation: "any" means all, "gtt.any" all that begin with "gtt."."""
    if on.endswith(".any"):
        return operation.startswith(on.removesuffix("any"))
    return on in (operation, "any")
