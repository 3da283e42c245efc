"""What the outbox asks of whoever changes a case at GTT.

GTT takes whole cases, so the body is the case as it was read a moment before, with what was promised put in.
"""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from portal import ratelimit
from portal.accounts import gtt_client, token_source
from portal.models import Attempt, Message
from portal.models.messages import HeldReason, State
from portal.outbox.handlers import Kept, Renewal, Settlement, Stop
from portal.ratelimit import Purpose
from portal.vendors.errors import Exchange, NotExecuted, NotFound
from portal.vendors.gtt.answers import GET_CASE, CaseOnWire
from portal.vendors.gtt.client import CaseUpdated
from portal.vendors.gtt.paths import case_path
from portal.vendors.gtt.wire import as_bytes, merged
from tickets import case_mirror
from tickets.forms.labels import LABELS
from tickets.models import Case, CaseComment, CaseEdit

COMMENTS = "comments"


class UpdateCase:
    """A comment, or fields of a case, as the outbox handles them."""

    def path(self, message: Message) -> str:
        return case_path(message.account.namespace, message.payload["number"])

    def prepare(self, message: Message, path: str) -> Callable[[Attempt], CaseUpdated]:
        """Reads the case, compares it with what the person saw, and makes the body of it."""
        number = str(message.payload["number"])
        if ratelimit.take(message.account, Purpose.READ):
            raise NotExecuted("The budget of requests is used up for the moment.", reason="throttled")
        try:
            now = gtt_client(message.account).get_case(number).case
        except NotFound as error:
            raise Stop(HeldReason.CONFLICT, f"GTT says that there is no case {number} (404).") from error
        case_mirror.save(_case_of(message).pk, now, source=case_mirror.POLL)
        _compare(message.payload["seen"], now)
        client = gtt_client(message.account, token=token_source(message.account).get())
        body = as_bytes(merged(now.raw, message.payload["changes"], namespace=message.account.namespace))

        def send(attempt: Attempt) -> CaseUpdated:
            return client.update_case(
                body,
                number,
                correlation_id=str(attempt.correlation_id),
                deadline=settings.SEND_DEADLINE_SECONDS,
            )

        return send

    def read(self, message: Message, exchange: Exchange) -> CaseUpdated:
        return CaseUpdated(None, exchange, [])  # that it was taken is all there is to know

    def record(self, message: Message, attempt: Attempt, answer: CaseUpdated) -> Settlement:
        case = _case_of(message)
        if answer.case is not None:
            case_mirror.save(case.pk, answer.case, source=case_mirror.ANSWER)
        case_mirror.want_reading(case)
        return Settlement(State.DONE)

    def parts_in_doubt(self, message: Message) -> list[int]:
        """Nothing once our copy of the case shows what was promised."""
        if CaseComment.objects.filter(message=message, fingerprint="").exists():
            return [0]
        edit = CaseEdit.objects.filter(message=message).select_related("case").first()
        if edit and any(getattr(edit.case, name) != value for name, value in edit.changes.items()):
            return [0]
        return []

    def look(self, message: Message, vendor_id: str) -> dict[str, Any]:
        return gtt_client(message.account).get_case(vendor_id).case.raw

    def keep_found(
        self, message: Message, told: dict[str, dict[str, Any] | None], places: dict[str, int]
    ) -> Kept:
        sentences, ours = {}, 0
        for number, raw in told.items():
            sentence, is_there = _judge(message, number, raw)
            sentences[number] = sentence
            ours += is_there
        return Kept(sentences, min(ours, 1))

    def renew(self, message: Message, reference: str, parts: list[int]) -> Renewal | None:
        return Renewal({**message.payload, "reference": reference}, 1, [])

    def hand_on(self, message: Message, successor: Message, parts: list[int]) -> None:
        CaseComment.objects.filter(message=message).update(message=successor)
        CaseEdit.objects.filter(message=message).update(message=successor)


UPDATE_CASE = UpdateCase()


def _case_of(message: Message) -> Case:
    return Case.objects.get(account=message.account, number=message.payload["number"])


def _compare(seen: dict[str, str], now: CaseOnWire) -> None:
    """Raises Stop where GTT has other words by now than the person who changed them saw."""
    changed = [
        f"{LABELS.get(name, name.capitalize())} is “{getattr(now, name)}” at GTT by now, and was “{before}”"
        for name, before in seen.items()
        if str(getattr(now, name)) != before
    ]
    if changed:
        raise Stop(HeldReason.CONFLICT, f"Nothing was changed: {'; '.join(changed)}.")


def _judge(message: Message, number: str, raw: dict[str, Any] | None) -> tuple[str, bool]:
    if raw is None:
        return f"GTT has no case {number}.", False
    told = CaseOnWire.from_wire(raw, operation=GET_CASE, zone=ZoneInfo(message.account.assumed_zone))
    if message.payload["number"] not in told.names:
        return f"{number} is another case than {message.payload['number']}.", False
    case_mirror.save(_case_of(message).pk, told, source=case_mirror.POLL)
    changes = dict(message.payload["changes"])
    text = changes.pop(COMMENTS, None)
    if text is not None and not any(comment.text.strip() == text.strip() for comment in told.comments):
        return f"Case {number} does not show the comment.", False
    missing = [name for name, value in changes.items() if str(getattr(told, name)) != value]
    if missing:
        return f"Case {number} does not have the new {', '.join(missing)}.", False
    return f"Case {number} shows it.", True
