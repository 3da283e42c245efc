"""Cases whose creation got no answer, looked for by machine: our reference stands in the description GTT lists."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from portal import accounts, arming, drift, encryption, ratelimit
from portal.models import Message, Resolution, VendorAccount
from portal.models.accounts import Operation
from portal.models.messages import State
from portal.outbox import resolving
from portal.problems import Problem
from portal.ratelimit import Purpose
from portal.vendors.errors import NotExecuted, VendorError
from portal.vendors.gtt.answers import CaseOnWire
from tickets.models import Case
from tickets.services.cases.delivery import carries
from tickets.work import UPDATE_CASE

log = logging.getLogger(__name__)
AGAIN = timedelta(minutes=1)
MOST_PAGES = 20


def look_for_lost() -> int:
    """Search the lists of all accounts with cases in doubt. Returns how many were found."""
    found = 0
    while arming.sends() and (lost := _claim()):
        for case in _listed(lost[0].account, lost):
            found += _tell(case, lost)
    if arming.sends():
        found += _look_at_updated()
    return found


def _look_at_updated() -> int:
    """Comments and changes in doubt: the case is read once more, and shows them or does not."""
    asked = 0
    doubtful = Message.objects.filter(
        kind=UPDATE_CASE,
        state=State.UNKNOWN,
        account__paused_at=None,
        account__operations__contains=Operation.GET.value,
    )
    by_machine = Resolution.objects.filter(message=OuterRef("pk"), opened_by=None)
    for message in doubtful.filter(~Exists(by_machine)).order_by("pk")[:50]:
        try:
            resolving.say_found(message, {str(message.payload["number"]): 0}, by=None)
        except Problem as problem:
            log.info("%s: %s", message.reference, problem)
        else:
            asked += 1
    return asked


def _claim() -> list[Case]:
    """The cases in doubt of one account that were not looked for lately, by moving their time on."""
    in_doubt = Q(message__state=State.UNKNOWN, number="", account__paused_at=None)
    due = Q(next_read_at=None) | Q(next_read_at__lte=Now())
    with transaction.atomic(durable=True):
        waiting = Case.objects.filter(in_doubt, due).filter(
            account__operations__contains=Operation.LIST.value
        )
        first = waiting.order_by("next_read_at", "pk").first()
        if first is None:
            return []
        same = waiting.filter(account=first.account_id).select_for_update(skip_locked=True, of=("self",))
        lost = list(same.select_related("account", "message").order_by("pk")[:200])
        Case.objects.filter(pk__in=[case.pk for case in lost]).update(
            next_read_at=Now() + AGAIN, tried_at=Now()
        )
    return lost


def _listed(account: VendorAccount, lost: list[Case]) -> list[CaseOnWire]:
    """What GTT lists and one of these references stands in; as far as the budget and the pages go."""
    found: list[CaseOnWire] = []
    page: str | None = None
    try:
        client = accounts.gtt_client(account)
        for _ in range(MOST_PAGES):
            if ratelimit.take(account, Purpose.READ):
                break
            told = client.list_cases(page)
            drift.record(told.drift)
            found += [case for case in told.cases if any(_is_of(case, one) for one in lost)]
            page = told.next
            if page is None:
                break
    except VendorError as error:
        if isinstance(error, NotExecuted):
            accounts.heed_refusal(account, error)
        log.warning("%s: the list of cases could not be read: %s", account, error.message)
    except encryption.Undecipherable:
        log.warning("%s: its secret cannot be read", account)
    return found


def _is_of(told: CaseOnWire, lost: Case) -> bool:
    return lost.message is not None and carries(told, lost.message.reference)


def _tell(told: CaseOnWire, lost: list[Case]) -> int:
    """Say that it was found; a worker reads it once more and believes that."""
    for case in lost:
        if case.message is not None and _is_of(told, case):
            try:
                resolving.say_found(case.message, {told.key: 0}, by=None)
            except Problem as problem:
                log.info("%s: %s", case.reference, problem)
                return 0
            return 1
    return 0
