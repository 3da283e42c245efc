"""GTT EnvisionDX: one method for each call.

Nothing is retried in here. Whether a call may be made again is for the outbox to decide, by the class of the error.
Only where GTT has said that it knows no such address or method, and so did nothing, is the other way the contract
leaves open taken in the same call. A token that GTT refuses (401) comes back as `token_version` on the error.

Of all this GTT documents nothing but creating. Reading, listing and updating follow the grammar of its other pages;
whoever calls them asks `VendorAccount.may` first.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

from portal.vendors.drift import Drift
from portal.vendors.errors import Exchange, NotExecuted, OutcomeUnknown, ReadFailed, Rejected, VendorError
from portal.vendors.gtt import answers, paging, paths, wire
from portal.vendors.gtt.answers import CaseOnWire, WebhookOnWire
from portal.vendors.http import VendorHttp
from portal.vendors.oauth import Tokens
from portal.vendors.reading import decode_json

JSON = "application/json"
# GTT says that it did nothing because things are not as we think; these never leave an outcome in doubt.
CONFLICTS = (409, 412)
PERMISSION = "GTT says that this account may not use the namespace {namespace} ({status})."


def is_conflict(error: VendorError) -> bool:
    """Whether the case has changed meanwhile: read it again and let a person compare."""
    status = error.exchange.status if error.exchange else None
    return isinstance(error, Rejected) and status in CONFLICTS


@dataclass(frozen=True)
class CreatedCase:
    case: CaseOnWire
    exchange: Exchange
    drift: list[Drift]


@dataclass(frozen=True)
class CaseRead:
    case: CaseOnWire
    exchange: Exchange
    drift: list[Drift]


@dataclass(frozen=True)
class CaseUpdated:
    """GTT took the change. `case` is None where its answer does not show the case: read it again."""

    case: CaseOnWire | None
    exchange: Exchange
    drift: list[Drift]


@dataclass(frozen=True)
class CasePage:
    """`next` goes into the next call of `list_cases`; None at the end. Callers limit how many they ask for.

    `is_whole` is False when there seems to be more than can be asked for: what is not here may exist all the same.
    """

    cases: list[CaseOnWire]
    next: str | None
    is_whole: bool
    exchange: Exchange
    drift: list[Drift] = field(default_factory=list)


@dataclass(frozen=True)
class CreatedWebhook:
    """`is_shown` is False where the answer was empty; `webhook` is then what we asked for."""

    webhook: WebhookOnWire
    is_shown: bool
    exchange: Exchange
    drift: list[Drift]


class GttClient:
    """Calls GTT for one set of credentials in one namespace.

    `known_states`: states that are not worth noting as drift. `zone`: in which times without a zone are read.
    `own_names`: authors of comments that are us.
    """

    def __init__(
        self,
        http: VendorHttp,
        tokens: Tokens,
        *,
        namespace: str,
        known_states: Collection[str] | None = None,
        zone: tzinfo = UTC,
        own_names: Collection[str] = (),
    ) -> None:
        self.http = http
        self.tokens = tokens
        self.namespace = namespace
        self.known_states = known_states
        self.zone = zone
        self.own_names = own_names

    def create_case(self, body: bytes, *, correlation_id: str, deadline: float) -> CreatedCase:
        """Raise one case. A second call raises it again.

        `body` is `wire.as_bytes(wire.NewCase.to_body(…))`; `deadline` is in seconds, for the whole call.
        Getting a token comes first and has its own limits.

        Raises NotSent, NotExecuted, Rejected (with `problems`, also for 409) or OutcomeUnknown, which includes a
        2xx answer without a name.
        Source: dx.dev.gtt.net/?p=329
        """
        path = self._address(body, paths.CASE)
        return self.read_created(self._write("POST", path, body, correlation_id, deadline))

    def read_created(self, exchange: Exchange) -> CreatedCase:
        """What an answer to `create_case` says. Raises OutcomeUnknown for one that names no case."""
        case = self._case_of(exchange, answers.CREATE_CASE)
        if case is None or not case.key:
            message = f"GTT answered {exchange.status}, but named no case. It may exist."
            raise OutcomeUnknown(message, exchange)
        return CreatedCase(case, exchange, case.drift)

    def get_case(self, name: str, *, correlation_id: str | None = None) -> CaseRead:
        """One case as it stands now, by its number; or by its system id, to be tried after a NotFound.

        Raises NotSent, NotExecuted, NotFound or ReadFailed, the last also for an answer about another case.
        """
        path = self._address_of(name)
        with self._authorized() as headers:
            exchange = self.http.read(path, {}, headers, single=True, correlation_id=correlation_id)
        case = self._case_of(exchange, answers.GET_CASE)
        if case is None or not case.says_something or (case.names and name not in case.names):
            raise ReadFailed(f"GTT's answer is not about case {name}.", exchange)
        case.name = case.name or name
        return CaseRead(case, exchange, case.drift)

    def list_cases(self, page: str | None = None, *, correlation_id: str | None = None) -> CasePage:
        """The cases of the namespace, or one page of them; `page` is the page before's `next`.

        Raises NotSent, NotExecuted or ReadFailed, the last also for an answer that is no list.
        """
        first = self._address_of()
        asked = page or first
        with self._authorized() as headers:
            exchange = self.http.read(asked, {}, headers, correlation_id=correlation_id)
        data = self._decoded(exchange)
        rows = answers.rows_of_list(data)
        if rows is None:
            raise ReadFailed("GTT's answer is no list of cases.", exchange)
        cases = [self._case(row, answers.LIST_CASES) for row in rows if isinstance(row, dict)]
        named = [case for case in cases if case.key]
        drift = [note for case in cases for note in case.drift]
        if len(named) < len(rows):
            drift.append(
                Drift(
                    answers.VENDOR,
                    answers.LIST_CASES,
                    "odd type",
                    "items",
                    f"{len(rows) - len(named)} without a name",
                )
            )
        following, is_whole = paging.following(
            data, exchange, base_url=self.http.base_url, first=first, asked=asked
        )
        return CasePage(named, following, is_whole and len(named) == len(rows), exchange, drift)

    def update_case(self, body: bytes, name: str, *, correlation_id: str, deadline: float) -> CaseUpdated:
        """Put the whole case as it should be: `wire.as_bytes(wire.merged(…))` of one just read.

        A server that takes no PUT (405) gets the same as PATCH.

        Raises NotSent, NotExecuted, Rejected (see `is_conflict`) or OutcomeUnknown.
        """
        path = self._address(body, paths.CASE, name)
        started = time.monotonic()
        try:
            exchange = self._write("PUT", path, body, correlation_id, deadline)
        except NotExecuted as refused:
            left = deadline - (time.monotonic() - started)
            if not refused.exchange or refused.exchange.status != 405 or left < 1:
                raise
            exchange = self._write("PATCH", path, body, correlation_id, left)
        case = self._case_of(exchange, answers.UPDATE_CASE) if exchange.response_body.strip() else None
        if case is None or name not in case.names:
            return CaseUpdated(None, exchange, [])
        return CaseUpdated(case, exchange, case.drift)

    def create_webhook(self, body: bytes, *, correlation_id: str, deadline: float) -> CreatedWebhook:
        """Subscribe to one action; `body` is `wire.as_bytes(wire.NewWebhook.to_body(…))`.

        Where the documented version of the address is not known (404), the one of all other pages is tried.

        Raises NotSent, NotExecuted, Rejected (for 409 the name is taken) or OutcomeUnknown.
        Source: dx.stage.gtt.net/?p=345
        """
        started = time.monotonic()
        first, second = paths.WEBHOOK_VERSIONS
        self._address(body, paths.WEBHOOK)
        try:
            path = paths.webhook_path(self.namespace, first)
            exchange = self._write("POST", path, wire.with_version(body, first), correlation_id, deadline)
        except NotExecuted as refused:
            left = deadline - (time.monotonic() - started)
            if not refused.exchange or refused.exchange.status != 404 or left < 1:
                raise
            body = wire.with_version(body, second)
            path = paths.webhook_path(self.namespace, second)
            exchange = self._write("POST", path, body, correlation_id, left)
        return _webhook_of(exchange, body)

    def _write(self, method: str, path: str, body: bytes, correlation_id: str, deadline: float) -> Exchange:
        try:
            with self._authorized() as headers:
                return self.http.write(
                    method,
                    path,
                    headers={**headers, "Content-Type": JSON},
                    body=body,
                    deadline=deadline,
                    correlation_id=correlation_id,
                )
        except Rejected as rejected:
            rejected.problems = _problems(rejected.exchange)
            raise
        except OutcomeUnknown as unknown:
            if unknown.exchange is None or unknown.exchange.status not in CONFLICTS:
                raise
            message = f"GTT says that this conflicts with what it has ({unknown.exchange.status})."
            raise Rejected(message, unknown.exchange, _problems(unknown.exchange)) from unknown

    def _address(self, body: bytes, kind: str, name: str = "") -> str:
        """Where a body goes. It was made for one namespace; the account may have been given another since."""
        made_for = wire.namespace_in(body)
        if made_for != self.namespace:
            message = f"This was written for the namespace {made_for or 'of no name'}, but the account now has {self.namespace}."
            raise Rejected(message)
        return paths.webhook_path(self.namespace) if kind == paths.WEBHOOK else self._address_of(name)

    def _address_of(self, name: str = "") -> str:
        try:
            return paths.case_path(self.namespace, name)
        except ValueError as error:
            raise NotExecuted(str(error), reason="path") from error

    def _decoded(self, exchange: Exchange) -> Any:
        try:
            return decode_json(exchange.response_body)
        except ValueError as error:
            raise ReadFailed("GTT's answer is unreadable.", exchange) from error

    def _case_of(self, exchange: Exchange, operation: str) -> CaseOnWire | None:
        """The one case an answer is about; None where it is unreadable, about none, or about several."""
        try:
            rows = list(answers.cases_in(decode_json(exchange.response_body)))
        except ValueError:
            return None
        return self._case(rows[0], operation) if len(rows) == 1 else None

    def _case(self, row: dict[str, Any], operation: str) -> CaseOnWire:
        case = CaseOnWire.from_wire(
            row,
            operation=operation,
            zone=self.zone,
            known_states=self.known_states,
            own_names=self.own_names,
        )
        if case.namespace not in ("", self.namespace):
            case.drift.append(Drift(answers.VENDOR, operation, "odd type", "namespace", case.namespace))
        return case

    @contextmanager
    def _authorized(self) -> Iterator[dict[str, str]]:
        """Headers with a token; a refusal of that token goes out with its version on it."""
        token = self.tokens.get()
        try:
            yield {"Authorization": f"Bearer {token.value}"}
        except NotExecuted as refused:
            if refused.reason == "credential":
                refused.token_version = token.version
            if refused.reason == "permission" and refused.exchange:
                status = refused.exchange.status
                refused.message = PERMISSION.format(namespace=self.namespace, status=status)
                refused.args = (refused.message,)
            raise


def _problems(exchange: Exchange | None) -> list[Any]:
    return wire.problems_from_body(exchange.response_body) if exchange else []


def _webhook_of(exchange: Exchange, body: bytes) -> CreatedWebhook:
    """No page shows an answer: empty is as good as ours repeated, anything but a webhook is not."""
    try:
        data = decode_json(exchange.response_body.strip() or b"null")
    except ValueError:
        data = ""
    if data is None or data == {}:
        return CreatedWebhook(WebhookOnWire.from_wire(decode_json(body)), False, exchange, [])
    found = answers.webhook_in(data)
    if found is None:
        message = f"GTT answered {exchange.status}, but showed no webhook. It may exist."
        raise OutcomeUnknown(message, exchange)
    webhook = WebhookOnWire.from_wire(found)
    return CreatedWebhook(webhook, True, exchange, webhook.drift)
