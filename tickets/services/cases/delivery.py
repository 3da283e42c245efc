"""What the outbox asks of whoever raises a case at GTT: where, what, and what the answer meant."""

import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction

from portal.accounts import gtt_client, token_source
from portal.models import Attempt, Message
from portal.models.messages import SETTLED, State
from portal.outbox.handlers import Kept, Renewal, Settlement
from portal.vendors.errors import Exchange
from portal.vendors.gtt.answers import GET_CASE, CaseOnWire
from portal.vendors.gtt.client import CreatedCase
from portal.vendors.gtt.paths import case_path
from tickets import case_mirror
from tickets.models import Case


class CreateCase:
    """GTT's create case, as the outbox handles it."""

    def path(self, message: Message) -> str:
        return case_path(message.account.namespace)

    def prepare(self, message: Message, path: str) -> Callable[[Attempt], CreatedCase]:
        client = gtt_client(message.account, token=token_source(message.account).get())
        body = str(message.payload["body"]).encode()

        def send(attempt: Attempt) -> CreatedCase:
            return client.create_case(
                body, correlation_id=str(attempt.correlation_id), deadline=settings.SEND_DEADLINE_SECONDS
            )

        return send

    def read(self, message: Message, exchange: Exchange) -> CreatedCase:
        return gtt_client(message.account).read_created(exchange)

    def record(self, message: Message, attempt: Attempt, answer: CreatedCase) -> Settlement:
        told = answer.case
        if message.state in SETTLED:  # people were faster than the answer
            return Settlement(State.DONE, f"It names {told.key}.")
        if sentence := _keep(message, told, source=case_mirror.ANSWER):
            return Settlement(State.UNKNOWN, sentence)
        return Settlement(State.DONE)

    def parts_in_doubt(self, message: Message) -> list[int]:
        return [0] if Case.objects.filter(message=message, number="").exists() else []

    def look(self, message: Message, vendor_id: str) -> dict[str, Any]:
        return gtt_client(message.account).get_case(vendor_id).case.raw

    def keep_found(
        self, message: Message, told: dict[str, dict[str, Any] | None], places: dict[str, int]
    ) -> Kept:
        sentences = {number: _judge(message, number, raw) for number, raw in told.items()}
        return Kept(
            {number: sentence for number, (sentence, _) in sentences.items()},
            sum(is_ours for _, is_ours in sentences.values()),
        )

    def renew(self, message: Message, reference: str, parts: list[int]) -> Renewal | None:
        """The same request under the next reference, which stands in the description."""
        body = str(message.payload["body"]).replace(message.reference, reference)
        return Renewal({**message.payload, "body": body}, 1, [])

    def hand_on(self, message: Message, successor: Message, parts: list[int]) -> None:
        Case.objects.filter(message=message).update(message=successor)


CREATE_CASE = CreateCase()


def carries(told: CaseOnWire, reference: str) -> bool:
    """Whether our reference stands in the description: the whole of it, not the beginning of a longer one."""
    return bool(re.search(rf"(?<![\w-]){re.escape(reference)}(?![\w-])", told.description))


def _keep(message: Message, told: CaseOnWire, *, source: str) -> str:
    """Copy the case in. Returns why that could not be, or ""."""
    case = Case.objects.get(message=message)
    try:
        with transaction.atomic():
            case_mirror.save(case.pk, told, source=source)
    except IntegrityError:
        return f"Case {told.key} is held already, by another of our cases."
    return ""


def _judge(message: Message, number: str, raw: dict[str, Any] | None) -> tuple[str, bool]:
    """What a case somebody named proved to be: a sentence, and whether it is ours."""
    if raw is None:
        return f"GTT has no case {number}.", False
    zone = ZoneInfo(message.account.assumed_zone)
    told = CaseOnWire.from_wire(raw, operation=GET_CASE, zone=zone)
    if not carries(told, message.reference):
        title = told.short_description or "no summary"
        return (
            f"Case {number} ({title}) does not carry {message.reference}: it is not of this request.",
            False,
        )
    if sentence := _keep(message, told, source=case_mirror.POLL):
        return sentence, False
    return f"Case {told.key} carries {message.reference}.", True
