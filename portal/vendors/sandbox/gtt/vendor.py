"""GTT as scripts and tests hold it: `box.gtt`. Every method here takes the sandbox's lock itself."""

import threading
from collections.abc import Callable
from typing import Any

from portal.vendors.sandbox.clock import Clock
from portal.vendors.sandbox.gtt.api import GttApi
from portal.vendors.sandbox.gtt.faults import KINDS
from portal.vendors.sandbox.gtt.story import engineer
from portal.vendors.sandbox.truth import Record


class Gtt(GttApi):
    """`save` is called after each change that came from no request."""

    faults = KINDS
    operations = (*GttApi.operations, "gtt.any")

    def __init__(self, clock: Clock, speed: float, lock: threading.RLock, save: Callable[[], None]) -> None:
        super().__init__(clock, speed, lock)
        self._save = save

    # What there is

    @property
    def cases(self) -> dict[str, dict[str, Any]]:
        """Every case as it is now, by its number. A copy: change cases by the methods below."""
        with self.lock:
            return self.book.snapshot()

    # What GTT's people do

    def move(self, name: str, state: str) -> None:
        """The case is in this state until it is let go. Raises ValueError for a case nobody knows."""
        with self.lock:
            self.book.move(self.book.get(name), state)
            self._save()

    def let_go(self, name: str) -> None:
        """The case moves by itself again."""
        with self.lock:
            self.book.let_go(self.book.get(name))
            self._save()

    def comment(self, name: str, text: str, author: str = "") -> None:
        """An engineer writes to the customer."""
        with self.lock:
            self.book.change(self.book.get(name), {}, [text], author or engineer(name))
            self._save()

    def edit(self, name: str, **fields: str) -> None:
        """An engineer changes what the case says. Raises ValueError for a field that no case has."""
        with self.lock:
            case = self.book.get(name)
            if unknown := set(fields) - {"short_description", *case.fields, "description", "subcategory"}:
                raise ValueError(f"A case has no {', '.join(sorted(unknown))}.")
            self.book.change(case, fields, [], engineer(name))
            self._save()

    def open_case(self, **fields: str) -> str:
        """GTT opens a case that nobody asked for. Returns its number."""
        given = {"case_type": "Incident", "priority": "3 - Moderate", "category": "Secure Network"}
        with self.lock:
            namespace = sorted(self.desk.namespaces["sandbox-client"])[0]
            case = self.book.add(namespace, "gtt", {"short_description": "Circuit alarm", **given, **fields})
            self._save()
            return case.name

    # As a vendor of the sandbox

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def reset(self) -> None:
        self._set_defaults()
        self.book.clear()
        self.desk.clear()

    def revoke_tokens(self) -> None:
        with self.lock:
            self.desk.revoke_all()

    def noted(self, record: Record) -> dict[str, Any]:
        return {"gtt": self.book.dump(record.case_names)} if record.case_names else {}

    def kept(self) -> dict[str, Any]:
        return {"gtt": self.dump() | {"is_all": True}}

    def take_back(self, line: dict[str, Any]) -> None:
        if content := line.get("gtt"):
            if content.get("is_all"):
                self.book.clear()
            self.restore(content)

    def dump(self) -> dict[str, Any]:
        return self.book.dump()

    def restore(self, content: dict[str, Any]) -> None:
        self.book.restore(content)

    def action(self, name: str) -> Callable[[dict[str, Any]], None] | None:
        return None

    def truth(self) -> dict[str, Any]:
        return {"cases": self.cases}

    def facts(self) -> list[tuple[str, str]]:
        return []

    def sections(self) -> list[str]:
        return []
