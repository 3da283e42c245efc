"""GTT's cases: made from an envelope, moved on by time, by script or by the customer, and told of each change."""

import copy
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from portal.vendors.sandbox.clock import Clock
from portal.vendors.sandbox.gtt import story
from portal.vendors.sandbox.gtt.envelope import FIELDS

GTT = "gtt"


@dataclass
class Case:
    """`fields` is what the customer may set, apart from the state. Moments are seconds since the epoch."""

    name: str
    case_id: str
    namespace: str
    client: str
    fields: dict[str, str]
    opened: float
    state: str = story.STATES[0]
    entered: float = 0.0  # when the state began
    updated: float = 0.0
    is_by_hand: bool = False
    comments: list[dict[str, Any]] = field(default_factory=list)  # id, text, author, at
    history: list[dict[str, Any]] = field(default_factory=list)  # state, at, by
    updates: list[dict[str, Any]] = field(default_factory=list)  # at, by, and the fields that really changed

    @property
    def is_closed(self) -> bool:
        return self.state == story.CLOSED

    @property
    def states(self) -> list[str]:
        return [entry["state"] for entry in self.history]


class CaseBook:
    """All cases. The caller holds the sandbox's lock. `tell` hears of each case that is made or changed."""

    def __init__(self, clock: Clock, speed: float, tell: Callable[[Case, str], None]) -> None:
        self.clock, self.speed, self.tell = clock, speed, tell
        self.zone = "UTC"
        self.shows_update_time = True
        self._cases: dict[str, Case] = {}
        self._names_by_id: dict[str, str] = {}
        # From the clock, so that a sandbox started afresh does not give out the numbers of the one before it.
        self.last_number = int(time.time()) % 9_000_000

    def add(self, namespace: str, client: str, fields: dict[str, str]) -> Case:
        now = self.clock.now()
        self.last_number += 1
        name, case_id = f"CS{self.last_number % 10_000_000:07d}", secrets.token_hex(16)
        case = Case(name, case_id, namespace, client, fields, now, entered=now, updated=now)
        case.history.append({"state": case.state, "at": now, "by": GTT})
        self._keep(case)
        self.tell(case, "create")
        return case

    def find(self, namespace: str, name: str) -> Case | None:
        """By its number or its id."""
        case = self._cases.get(self._names_by_id.get(name, name))
        if case is None or case.namespace != namespace:
            return None
        self._move(case)
        return case

    def get(self, name: str) -> Case:
        """Raises ValueError for a case nobody knows."""
        case = self._cases.get(self._names_by_id.get(name, name))
        if case is None:
            raise ValueError(f"There is no case {name}.")
        self._move(case)
        return case

    def all(self) -> list[Case]:
        """Oldest first."""
        for case in list(self._cases.values()):
            self._move(case)
        return list(self._cases.values())

    # Changing

    def change(self, case: Case, changes: dict[str, str], comments: list[str], by: str) -> bool:
        """What the customer, or a script for GTT, makes of a case at once. False if that changes nothing."""
        now, state = self.clock.now(), changes.get("state", case.state)
        fields = {key: value for key, value in changes.items() if key != "state"}
        fields = {key: value for key, value in fields.items() if value != case.fields.get(key, "")}
        if state == case.state and not comments and not fields:
            return False
        if fields:
            case.updates.append({"at": now, "by": by, "fields": fields})
            case.fields.update(fields)
        for text in comments:
            self._write(case, text, by, now)
        if state != case.state:
            self._enter(case, state, now, by)
        case.updated = now
        self.tell(case, "update")
        return True

    def move(self, case: Case, state: str) -> None:
        """By script: the case stays in this state, be it one nobody knows, until it is let go."""
        case.is_by_hand = True
        self.change(case, {"state": state}, [], GTT)

    def edit(self, case: Case, fields: dict[str, str], by: str) -> None:
        """Raises ValueError for a field that no case has."""
        if unknown := set(fields) - set(FIELDS):
            raise ValueError(f"A case has no {', '.join(sorted(unknown))}.")
        self.change(case, fields, [], by)

    def let_go(self, case: Case) -> None:
        case.is_by_hand, case.entered = False, self.clock.now()

    def _move(self, case: Case) -> None:
        """Take every step that is due, each at its own moment, however long nobody looked."""
        while (due := self._due(case)) and due <= self.clock.now():
            _, state, text = story.following(case.name, case.state, case.states) or (0, "", "")
            self._enter(case, state, due, GTT)
            if text:
                self._write(case, text, story.engineer(case.name), due)
            case.updated = due
            self.tell(case, "update")

    def _due(self, case: Case) -> float | None:
        step = None if case.is_by_hand else story.following(case.name, case.state, case.states)
        return case.entered + step[0] * 60 / self.speed if step else None

    def _enter(self, case: Case, state: str, moment: float, by: str) -> None:
        case.state, case.entered = state, moment
        case.history.append({"state": state, "at": moment, "by": by})

    def _write(self, case: Case, text: str, author: str, moment: float) -> None:
        case.comments.append({"id": secrets.token_hex(16), "text": text, "author": author, "at": moment})

    # Showing

    def to_wire(self, case: Case, version: str) -> dict[str, Any]:
        """The whole envelope."""
        spec = {
            "number": case.name,
            "case_id": case.case_id,
            **case.fields,
            "state": case.state,
            "opened_at": self.time_text(case.opened),
            "comments": [self._comment_on_wire(comment) for comment in case.comments],
        }
        if self.shows_update_time:
            spec["updated_at"] = self.time_text(case.updated)
        head = {"kind": "case", "version": version, "namespace": case.namespace, "name": case.name}
        return {**head, "metadata": {}, "spec": spec}

    def time_text(self, moment: float) -> str:
        """Without a zone, as GTT writes it: in which one it is, only `zone` says."""
        zone = UTC if self.zone == "UTC" else ZoneInfo(self.zone)
        return datetime.fromtimestamp(moment, zone).strftime("%Y-%m-%d %H:%M:%S")

    def snapshot(self) -> dict[str, dict[str, Any]]:
        """Everything, for tests and the trainer."""
        return {case.name: copy.deepcopy(asdict(case)) for case in self.all()}

    def _comment_on_wire(self, comment: dict[str, Any]) -> dict[str, str]:
        shown = {key: comment[key] for key in ("id", "text", "author")}
        return {**shown, "created_at": self.time_text(comment["at"])}

    # Keeping

    def dump(self, names: list[str] | None = None) -> dict[str, Any]:
        """Those of these names as they are, or all of them."""
        names = list(self._cases) if names is None else names
        cases = [asdict(self._cases[name]) for name in names if name in self._cases]
        return {"last_number": self.last_number, "cases": cases}

    def restore(self, content: dict[str, Any]) -> None:
        """Beside those there are."""
        self.last_number = max(self.last_number, int(content["last_number"]))
        for row in content["cases"]:
            self._keep(Case(**row))

    def clear(self) -> None:
        self._cases.clear()
        self._names_by_id.clear()

    def _keep(self, case: Case) -> None:
        self._cases[case.name] = case
        self._names_by_id[case.case_id] = case.name
