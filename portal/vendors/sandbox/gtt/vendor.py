"""GTT as scripts and tests hold it: `box.gtt`. Every method here takes the sandbox's lock itself."""

import threading
from collections.abc import Callable
from typing import Any

from portal.vendors.sandbox.clock import Clock
from portal.vendors.sandbox.gtt import page, steering
from portal.vendors.sandbox.gtt.api import NAMESPACE, GttApi
from portal.vendors.sandbox.gtt.cases import Case
from portal.vendors.sandbox.gtt.deliveries import Delivery
from portal.vendors.sandbox.gtt.faults import KINDS
from portal.vendors.sandbox.gtt.misfortunes import STYLES, forged
from portal.vendors.sandbox.gtt.notices import Notices
from portal.vendors.sandbox.gtt.story import engineer
from portal.vendors.sandbox.gtt.webhooks import Webhook
from portal.vendors.sandbox.truth import Record


class Gtt(GttApi):
    """`save` is called after each change that came from no request; while GTT `rests`, it tells nobody anything."""

    faults = KINDS
    operations = (*GttApi.operations, "gtt.any")

    def __init__(
        self,
        clock: Clock,
        speed: float,
        lock: threading.RLock,
        save: Callable[[], None],
        rests: Callable[[], bool],
    ) -> None:
        super().__init__(clock, speed, lock)
        self._save = save
        self.notices = Notices(self.webhooks, lock, self.look, rests)
        self.board = self.notices.board

    def set_up(self, **settings: Any) -> None:
        if "payload_style" in settings:
            style = settings.pop("payload_style")
            if style not in STYLES:
                raise ValueError(f"The setting payload_style cannot be {style!r}.")
            self.notices.style = style
        super().set_up(**settings)

    def _tell(self, case: Case, action: str) -> None:
        self.notices.tell(self.book.to_wire(case, "v1alpha"), action)

    # What there is

    @property
    def cases(self) -> dict[str, dict[str, Any]]:
        """Every case as it is now, by its number. A copy: change cases by the methods below."""
        with self.lock:
            return self.book.snapshot()

    @property
    def deliveries(self) -> list[dict[str, Any]]:
        """Every delivery, oldest first, with the answer it got. A copy."""
        with self.lock:
            return [delivery.as_json() for delivery in self.notices.postman.log]

    def wait_for_deliveries(self, seconds: float = 5.0) -> bool:
        """Until all have arrived, but those held back or lost. False if that took too long."""
        with self.lock:
            return self.notices.postman.wait_until_settled(seconds)

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
            self.book.edit(self.book.get(name), fields, engineer(name))
            self._save()

    def open_case(self, **fields: str) -> str:
        """GTT opens a case that nobody asked for. Returns its number."""
        given = {"short_description": "Circuit alarm", "case_type": "Incident"}
        given |= {"priority": "3 - Moderate", "category": "Secure Network"}
        with self.lock:
            case = self.book.add(NAMESPACE, "gtt", given | fields)
            self._save()
            return case.name

    # What becomes of deliveries

    def spoil_next(
        self,
        name: str,
        times: int | None = None,
        on: str = "any",
        *,
        chance: float | None = None,
        **args: Any,
    ) -> None:
        """Let a misfortune befall the next deliveries about a "create" or an "update", or those with a chance.

        Raises ValueError for one that nobody knows.
        """
        with self.lock:
            self.board.arm(name, times, on, args, chance)

    def deliver(self, name: str, action: str = "update", misfortune: str = "", **args: Any) -> list[Delivery]:
        """Tell all subscribers to the action of a case as it is now, though nothing happened to it."""
        with self.lock:
            case = self.book.to_wire(self.book.get(name), "v1alpha")
            return self._send_to_all(case, action, misfortune, args)

    def forge(self, name: str, action: str = "update", **lies: Any) -> list[Delivery]:
        """Tell all subscribers of a case what is not so. It need not exist."""
        with self.lock:
            head = {"kind": "case", "version": "v1alpha", "namespace": NAMESPACE, "name": name}
            case = self.book.find(NAMESPACE, name)
            shown = self.book.to_wire(case, "v1alpha") if case else {**head, "spec": {"number": name}}
            return self._send_to_all(forged(shown, lies or None), action, "", {})

    def deliver_again(self, delivery_id: int) -> None:
        """The very same delivery once more. Raises ValueError for one nobody knows."""
        with self.lock:
            self.notices.again(delivery_id)

    def release(self) -> None:
        """What was held back leaves now."""
        with self.lock:
            self.notices.postman.release()

    def _send_to_all(
        self, case: dict[str, Any], action: str, misfortune: str, args: dict[str, Any]
    ) -> list[Delivery]:
        webhooks: list[Webhook] = self.webhooks.wanting(NAMESPACE, "case", action)
        if not webhooks:
            raise ValueError(f"Nobody has asked to hear of {action}.")
        return [
            delivery
            for webhook in webhooks
            for delivery in self.notices.send(webhook, case, action, misfortune, args)
        ]

    # As a vendor of the sandbox

    def start(self) -> None:
        self.notices.postman.start()

    def stop(self) -> None:
        with self.lock:
            self.notices.postman.stop()

    def look(self) -> None:
        with self.lock:
            self.book.all()

    def reset(self) -> None:
        self._set_defaults()
        self.notices.style = STYLES[0]
        self.notices.clear()
        self.book.clear()
        self.desk.clear()

    def revoke_tokens(self) -> None:
        with self.lock:
            self.desk.revoke_all()

    def noted(self, record: Record) -> dict[str, Any]:
        if not record.case_names and not record.webhook_names:
            return {}
        return {"gtt": {**self.book.dump(record.case_names), "webhooks": self.webhooks.dump()}}

    def kept(self) -> dict[str, Any]:
        return {"gtt": {**self.dump(), "is_all": True}}

    def take_back(self, line: dict[str, Any]) -> None:
        if content := line.get("gtt"):
            if content.get("is_all"):
                self.book.clear()
            self.restore(content)

    def dump(self) -> dict[str, Any]:
        return {**self.book.dump(), "webhooks": self.webhooks.dump()}

    def restore(self, content: dict[str, Any]) -> None:
        self.book.restore(content)
        self.webhooks.restore(content.get("webhooks", []))

    def action(self, name: str) -> Callable[[dict[str, Any]], None] | None:
        return steering.action(self, name)

    def truth(self) -> dict[str, Any]:
        webhooks = [webhook.to_wire() for webhook in self.webhooks.all()]
        waiting = [vars(armed) for armed in self.board.armed]
        return {
            "cases": self.cases,
            "webhooks": webhooks,
            "deliveries": self.deliveries,
            "misfortunes": waiting,
        }

    def facts(self) -> list[tuple[str, str]]:
        cases = self.book.all()
        is_open = [case for case in cases if not case.is_closed]
        return [("Cases open / all", f"{len(is_open)} / {len(cases)}")]

    def sections(self) -> list[str]:
        return page.sections(self.book, self.notices)
