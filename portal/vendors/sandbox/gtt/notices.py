"""From a change of a case to the deliveries that tell of it, and what befalls these."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from portal.vendors.sandbox.faults import FaultBoard
from portal.vendors.sandbox.gtt.deliveries import WAITING, Delivery, Postman
from portal.vendors.sandbox.gtt.misfortunes import MISFORTUNES, STYLES, Misfortune, in_style
from portal.vendors.sandbox.gtt.webhooks import Webhook, WebhookBook

ACTIONS = ["create", "update"]


class Notices:
    """The caller holds the sandbox's lock. `style` is the form of what is told, `webhooks` who wants to hear it."""

    def __init__(
        self,
        webhooks: WebhookBook,
        lock: threading.RLock,
        look: Callable[[], None],
        rests: Callable[[], bool],
    ) -> None:
        self.webhooks = webhooks
        self.postman = Postman(lock, look, rests)
        self.board = FaultBoard(list(MISFORTUNES), ACTIONS, 0)
        self.style = STYLES[0]

    def tell(self, case: dict[str, Any], action: str) -> None:
        """All who want to hear of it."""
        for webhook in self.webhooks.wanting(case["namespace"], case["kind"], action):
            armed = self.board.take(action)
            self.send(webhook, case, action, armed.name if armed else "", armed.args if armed else {})

    def send(
        self,
        webhook: Webhook,
        case: dict[str, Any],
        action: str,
        misfortune: str = "",
        args: dict[str, Any] | None = None,
    ) -> list[Delivery]:
        """One notice, as it is or as the misfortune leaves it. Raises ValueError for a misfortune nobody knows."""
        if misfortune and misfortune not in self.board.kinds:
            raise ValueError(
                f"There is no misfortune {misfortune!r}. There are: {', '.join(self.board.kinds)}."
            )
        body = json.dumps(in_style(self.style, case, action)).encode()
        delivery = Delivery(
            webhook.name,
            webhook.spec["url"],
            webhook.method,
            case["name"],
            action,
            body,
            misfortune=misfortune,
        )
        leaving = [delivery]
        if misfortune:
            leaving = cast(Misfortune, self.board.kinds[misfortune]).befall(delivery, args or {})
        return [self.postman.add(one) for one in leaving]

    def again(self, delivery_id: int) -> Delivery:
        """The very same once more. Raises ValueError for a delivery nobody knows."""
        found = next((one for one in self.postman.log if one.id == delivery_id), None)
        if found is None:
            raise ValueError(f"There is no delivery {delivery_id}.")
        return self.postman.add(replace(found, status=WAITING, due=0.0, at=None, took=0.0))

    def clear(self) -> None:
        self.webhooks.clear()
        self.postman.clear()
        self.board.clear()
