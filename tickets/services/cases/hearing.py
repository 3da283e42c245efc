"""What GTT's webhooks tell of our cases. A delivery is a hint and no order: where we may, the case is read again.

So it does not matter how often, how late or in which order deliveries come, nor whether one is forged. Only where
reading is switched off is what it says copied in, and then only if GTT's own time of change says that it is newer.
"""

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from portal import bell, drift, inbox
from portal.inbox import Heard
from portal.models import Delivery
from portal.models.accounts import Operation
from portal.models.messages import State
from portal.outbox import resolving
from portal.problems import Problem
from portal.vendors.gtt.wire import CASE_EVENT, CaseOnWire, cases_in
from portal.vendors.reading import decode_json
from tickets import case_mirror
from tickets.models import Case
from tickets.services.cases import following
from tickets.services.cases.delivery import carries

MOST_AT_ONCE = 200
MOST_CASES = 50
REFERENCE = re.compile(r"CAS-\d{6,}(?:-\d+)?")
# So many deliveries within so many seconds are a burst: what it tells of is read once when it is over.
BURST, BURST_LASTS = 20, timedelta(seconds=10)
# A delivery may overtake the answer that names the case's number.
LOOKED_AGAIN_AFTER, LOOKED_AGAIN = timedelta(seconds=10), 12
# GTT's zone is assumed, so its times may seem some hours off; beyond that a time is invented.
LATEST = timedelta(days=1)
WAITING, PROCESSED = Delivery.State.WAITING, Delivery.State.PROCESSED
UNREADABLE, IGNORED = Delivery.State.UNREADABLE, Delivery.State.IGNORED


def heed_due(limit: int = MOST_AT_ONCE) -> int:
    """Heed what waits in the inbox. Returns how many deliveries were looked at."""
    heeded = 0
    while heeded < limit and inbox.heed_next(hear):
        heeded += 1
    if heeded:
        bell.ring_after_commit(following.TASK)
    return heeded


def hear(delivery: Delivery) -> Heard:
    """What one delivery means; runs in the transaction that writes the outcome down."""
    try:
        data = decode_json(_text(delivery))
    except ValueError:
        return Heard(UNREADABLE, "It is not JSON, or none that anybody could mean.")
    if isinstance(data, dict) and data.get("kind") == inbox.TEST_KIND:
        return Heard(IGNORED, "A test of our own: the address can be reached.")
    rows = [row for row, _ in zip(cases_in(data), range(MOST_CASES + 1), strict=False)]
    zone = ZoneInfo(delivery.account.assumed_zone)
    told = [CaseOnWire.from_wire(row, operation=CASE_EVENT, zone=zone) for row in rows[:MOST_CASES]]
    told = [one for one in told if one.key]
    if not told:
        return Heard(UNREADABLE, "It is JSON, but tells of no case that we could recognise.")
    # In one order everywhere: two workers that lock the same rows must not wait for each other.
    told.sort(key=lambda one: one.key)
    # That it names the case and says no more is nothing odd in a hint.
    notes = [note for one in told for note in one.drift if note.kind != "missing field"]
    drift.record(sorted(notes, key=lambda note: (note.kind, note.path)))
    return _together([_hear_one(delivery, one) for one in told], is_cut=len(rows) > MOST_CASES)


def _text(delivery: Delivery) -> bytes:
    """The body as JSON can be read from: its own signs tell UTF-8, 16 and 32, an old charset must be named."""
    raw = bytes(delivery.body)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        named = re.search(r"charset=\"?([\w.:-]+)", delivery.content_type)
        if named and named[1].lower().replace("_", "-") in (
            "iso-8859-1",
            "latin-1",
            "latin1",
            "windows-1252",
        ):
            return raw if b"\x00" in raw[:4] else raw.decode("latin-1").encode()
    return raw


def _together(heard: list[Heard], *, is_cut: bool) -> Heard:
    """One outcome for the cases of one delivery: what waits makes all of it wait, for heeding twice is harmless."""
    state = next((one for one in (WAITING, PROCESSED) if any(each.state == one for each in heard)), IGNORED)
    words = list(dict.fromkeys(each.outcome for each in heard))
    if is_cut:
        words.append(f"Only the first {MOST_CASES} cases of it were looked at.")
    keys = ", ".join(dict.fromkeys(each.object_key for each in heard))
    return Heard(state, " ".join(words), keys, LOOKED_AGAIN_AFTER if state == WAITING else None)


def _hear_one(delivery: Delivery, told: CaseOnWire) -> Heard:
    account = delivery.account
    if told.namespace and account.namespace and told.namespace != account.namespace:
        return Heard(IGNORED, f"{told.key} is of another namespace, {told.namespace}.", told.key)
    case = _case_of(delivery, told)
    if case is None:
        return _unknown_case(delivery, told)
    if account.may(Operation.GET):
        case_mirror.want_reading(case, within=BURST_LASTS if _is_burst(delivery) else timedelta())
        return Heard(PROCESSED, f"{case} is read again.", told.key)
    return _apply(delivery, case, told)


def _case_of(delivery: Delivery, told: CaseOnWire) -> Case | None:
    ours = Case.objects.filter(account=delivery.account_id).select_related("account")
    by_number = ours.exclude(number="").filter(number__in=told.names).first()
    return by_number or ours.exclude(case_id="").filter(case_id__in=told.names).first()


def _is_burst(delivery: Delivery) -> bool:
    lately = Delivery.objects.filter(
        account=delivery.account_id, received_at__gt=delivery.received_at - BURST_LASTS
    )
    return len(lately.order_by().values_list("pk")[: BURST + 1]) > BURST


def _unknown_case(delivery: Delivery, told: CaseOnWire) -> Heard:
    """GTT knows more cases than we raised, and none is invented. One of ours may only lack its number yet."""
    unnumbered = Case.objects.filter(account=delivery.account_id, number="").select_related("message")
    named = unnumbered.filter(message__reference__in=REFERENCE.findall(told.description)[:20])
    for case in named:
        if case.message and case.message.state == State.UNKNOWN and carries(told, case.message.reference):
            return _found_lost(delivery, case, told)
    under_way = unnumbered.filter(
        message__state__in=(State.CLAIMED, State.SENDING, State.UNKNOWN, State.QUEUED)
    )
    if delivery.tries < LOOKED_AGAIN and under_way.exists():
        words = f"We hold no case {told.key} yet, but one is being raised: looked at again shortly."
        return Heard(WAITING, words, told.key)
    return Heard(IGNORED, f"{told.key} is no case of this portal.", told.key)


def _found_lost(delivery: Delivery, case: Case, told: CaseOnWire) -> Heard:
    """GTT itself names a case whose creation got no answer. A worker reads it and believes that alone."""
    if case.message is None or not delivery.account.may(Operation.GET):
        words = f"{told.key} carries {case}, whose outcome is unknown: look at the unknown outcomes."
        return Heard(IGNORED, words, told.key)
    try:
        resolving.say_found(case.message, {told.key: 0}, by=None)
    except Problem as problem:
        return Heard(PROCESSED, f"{told.key} carries {case}: {problem}", told.key)
    return Heard(PROCESSED, f"{told.key} carries {case}, whose outcome was unknown: GTT is asked.", told.key)


def _apply(delivery: Delivery, case: Case, told: CaseOnWire) -> Heard:
    """Reading is switched off, so the delivery itself is the news, if it is any."""
    if told.updated_at is None:
        words = f"It does not say when {case} changed, and reading is switched off: nothing was taken over."
        return Heard(IGNORED, words, told.key)
    if told.updated_at > delivery.received_at + LATEST:
        return Heard(IGNORED, f"It says that {case} changed in the future: nothing was taken over.", told.key)
    if case.updated_at and told.updated_at <= case.updated_at:
        return Heard(IGNORED, f"It says nothing newer of {case} than we know.", told.key)
    case_mirror.save(case.pk, told, source=case_mirror.WEBHOOK)
    return Heard(PROCESSED, f"What it says of {case} was taken over.", told.key)


def told_of(case: Case) -> Any:
    """The deliveries that named a case, newest first."""
    keys = [key for key in (case.number, case.case_id) if key]
    return Delivery.objects.filter(account=case.account_id, object_key__in=keys).order_by("-pk")
