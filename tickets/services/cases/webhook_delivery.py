"""What the outbox asks of whoever subscribes at GTT, and the knock at our own door by which it is tested."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.db import transaction

from portal import encryption, inbox
from portal.accounts import gtt_client, token_source
from portal.models import Attempt, Message, Subscription
from portal.models.messages import State
from portal.outbox.handlers import Kept, Renewal, Settlement
from portal.vendors.drift import Drift
from portal.vendors.errors import Exchange, VendorError
from portal.vendors.gtt.paths import webhook_path
from portal.vendors.gtt.wire import NewWebhook, as_bytes
from portal.vendors.http import VendorHttp
from tickets import subscription_address

HIDDEN = "•••"
TEST_SECONDS = 10


@dataclass(frozen=True)
class Confirmed:
    """GTT's yes. There is nothing in it that we keep."""

    exchange: Exchange
    drift: list[Drift] = field(default_factory=list)


class CreateWebhook:
    """GTT's create webhook, as the outbox handles it. The secret of the address is in nothing that is kept."""

    def path(self, message: Message) -> str:
        return webhook_path(message.account.namespace)

    def prepare(self, message: Message, path: str) -> Callable[[Attempt], Confirmed]:
        client = gtt_client(message.account, token=token_source(message.account).get())
        secret = encryption.decrypt(str(message.payload["sealed"]))
        wanted = NewWebhook(
            name=str(message.payload["name"]),
            url=subscription_address.address(secret),
            action=str(message.payload["action"]),
        )
        body = as_bytes(wanted.to_body(message.account.namespace))

        def send(attempt: Attempt) -> Confirmed:
            correlation_id, deadline = str(attempt.correlation_id), settings.SEND_DEADLINE_SECONDS
            try:
                made = client.create_webhook(body, correlation_id=correlation_id, deadline=deadline)
            except VendorError as error:
                _hide(error, secret)
                raise
            drift = [note for note in made.drift if secret not in note.sample]
            return Confirmed(without(made.exchange, secret), drift)

        return send

    def read(self, message: Message, exchange: Exchange) -> Confirmed:
        return Confirmed(exchange)

    def record(self, message: Message, attempt: Attempt, answer: Confirmed) -> Settlement:
        return Settlement(State.DONE)

    def parts_in_doubt(self, message: Message) -> list[int]:
        return [0]

    def look(self, message: Message, vendor_id: str) -> dict[str, Any]:
        raise NotImplementedError("GTT shows no subscriptions; asking again under the same name tells.")

    def keep_found(
        self, message: Message, told: dict[str, dict[str, Any] | None], places: dict[str, int]
    ) -> Kept:
        return Kept(dict.fromkeys(told, "GTT shows no subscriptions."), 0)

    def renew(self, message: Message, reference: str, parts: list[int]) -> Renewal | None:
        return None

    def hand_on(self, message: Message, successor: Message, parts: list[int]) -> None:
        """Nothing: `subscribing.ask_again` makes the next one."""


CREATE_WEBHOOK = CreateWebhook()


def without(exchange: Exchange, secret: str) -> Exchange:
    """The exchange with our secret address made unreadable: GTT repeats it in its answer."""
    return replace(
        exchange,
        response_body=exchange.response_body.replace(secret.encode(), HIDDEN.encode()),
        request_summary=exchange.request_summary.replace(secret, HIDDEN),
        response_headers={
            name: value.replace(secret, HIDDEN) for name, value in exchange.response_headers.items()
        },
    )


def _hide(error: VendorError, secret: str) -> None:
    error.message = error.message.replace(secret, HIDDEN)
    error.args = (error.message,)
    if error.exchange is not None:
        error.exchange = without(error.exchange, secret)
    if problems := getattr(error, "problems", None):
        for place, problem in enumerate(problems):
            problems[place] = replace(problem, message=problem.message.replace(secret, HIDDEN))


def run_tests() -> int:
    """Knock at our own addresses as GTT would, wherever somebody wants to know. Returns how many were tried."""
    tried = 0
    while subscription := _claim_test():
        result = _knock(subscription)
        Subscription.objects.filter(pk=subscription.pk).update(test_result=result[:300])
        tried += 1
    return tried


def _claim_test() -> Subscription | None:
    with transaction.atomic(durable=True):
        wanted = Subscription.objects.filter(test_wanted_at__isnull=False)
        found = wanted.select_for_update(skip_locked=True, of=("self",)).select_related("message").first()
        if found is not None:
            Subscription.objects.filter(pk=found.pk).update(
                test_wanted_at=None, test_result="A worker is trying it."
            )
    return found


def _knock(subscription: Subscription) -> str:
    if subscription.message is None:
        return "It was never asked for."
    try:
        secret = encryption.decrypt(str(subscription.message.payload["sealed"]))
    except encryption.Undecipherable:
        return "The secret of its address cannot be read any more: renew the address."
    http = VendorHttp(settings.PUBLIC_URL.rstrip("/"), vendor="The portal")
    try:
        http.write(
            "POST",
            subscription_address.path(secret),
            headers={"Content-Type": "application/json", inbox.TEST_HEADER: "1"},
            body=json.dumps({"kind": inbox.TEST_KIND}).encode(),
            deadline=TEST_SECONDS,
            correlation_id=str(uuid.uuid4()),
        )
    except VendorError as error:
        return f"The address did not answer as it should: {error.message.replace(secret, HIDDEN)}"
    return (
        "The address was reached from here, and took a test delivery. Whether GTT reaches it, only GTT shows."
    )
