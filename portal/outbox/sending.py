"""Keeping a promise: claim, preflight, budget, SENDING, call, settle. No transaction is open during the call."""

import logging
from collections.abc import Callable
from datetime import timedelta

from portal import accounts, arming, breaker, encryption, files, ratelimit, sentlog
from portal.models import Arming, Attempt, Message
from portal.models.messages import HeldReason, State
from portal.outbox import claims, forgotten, journal, settling
from portal.outbox.handlers import Call, Stop, handler_of
from portal.outbox.promises import payload_hash
from portal.outbox.verdicts import Outcome, Verdict, judge
from portal.ratelimit import Purpose
from portal.vendors.errors import NotExecuted, NotSent, VendorError

log = logging.getLogger(__name__)
NO_WAIT = timedelta(0)


def deliver_due(
    limit: int | None = None, *, overdue_by: timedelta = NO_WAIT, on_claim: Callable[[], None] | None = None
) -> int:
    """Send what is due and allowed now, most urgent first, at most `limit`. Returns how many were taken in hand.

    `on_claim` is called when a message is in hand, before it is sent.
    """
    taken = 0
    while (limit is None or taken < limit) and (message := claims.claim(overdue_by=overdue_by)):
        if on_claim:
            on_claim()
        deliver(message)
        taken += 1
    return taken


def deliver(message: Message) -> None:
    """Carry one claimed message as far as it goes."""
    path = handler_of(message).path(message)
    call = _prepared(message, path)
    if call is None:
        return
    armed = arming.armed()
    if armed is None:
        claims.give_back(message)
        return
    if ratelimit.take(message.account, Purpose.CREATE):
        claims.give_back(message)  # our own limit: not an attempt, and no loss of place
        return
    attempt = claims.begin(message, path)
    if attempt is None:
        log.warning("%s: the lease ended, or sending was stopped, before anything left", message.reference)
        claims.give_back(message)
        return
    if not _is_noted(message, attempt, armed):
        return
    try:
        answer = call(attempt)
    except VendorError as error:
        journal.keep(message.reference, attempt, exchange=error.exchange, error=error)
        # How the message goes on needs the database; what became of the request does not.
        sentlog.note_end(attempt, judge(error, earlier=None, failures=0).outcome)
        _fail(message, attempt, error)
        journal.forget(attempt)
    except BaseException as error:
        # A bug of ours or a worker told to die: the vendor may have acted all the same.
        _fail(message, attempt, error)
        raise
    else:
        journal.keep(message.reference, attempt, exchange=answer.exchange)
        sentlog.note_end(attempt, Outcome.DONE, answer)
        settling.succeed(message, attempt, answer)
        journal.forget(attempt)
        breaker.note_answer(message.account)


def settle_left() -> int:
    """Settle what vendors answered while the database was away. Returns how many attempts that were."""
    if not arming.is_at_home():
        return 0  # a copy beside its original would take the answers away from it
    settled = 0
    for attempt, exchange, error in journal.left():
        message = attempt.message
        message.lease_token = attempt.lease_token  # whose answer this is: nobody else may judge the message
        try:
            if error is not None:
                _fail(message, attempt, error)
            elif exchange is not None:
                settling.succeed(message, attempt, handler_of(message).read(message, exchange))
        except Exception:
            log.exception("%s: what the journal has of it could not be settled yet", message.reference)
            continue
        journal.forget(attempt)
        settled += 1
        log.warning("%s: settled out of the journal", message.reference)
    return settled


def _is_noted(message: Message, attempt: Attempt, armed: Arming) -> bool:
    """Write to this machine's log that bytes are about to leave. Where the disk refuses, none do."""
    try:
        sentlog.note(message, attempt, armed)
    except OSError as error:
        log.exception("%s: this machine's log cannot be written, so nothing was sent", message.reference)
        detail = f"Nothing was sent: a machine here cannot write its log ({error.strerror or error})."
        wait = claims.backoff(message.failures)
        verdict = Verdict(State.QUEUED, Outcome.NOT_SENT, detail, wait=wait, failed=True)
        settling.fail(message, attempt, verdict)
        return False
    return True


def _fail(message: Message, attempt: Attempt, error: BaseException) -> None:
    if isinstance(error, NotExecuted):
        accounts.heed_refusal(message.account, error)
    earlier = message.attempts.filter(number__lt=attempt.number).order_by("-number").first()
    verdict = judge(error, earlier=earlier, failures=message.failures)
    if not settling.fail(message, attempt, verdict):
        return  # one silence counts once
    if verdict.outcome in breaker.NO_ANSWER:
        breaker.note_silence(message.account, verdict.detail)
    else:
        breaker.note_answer(message.account)


def _prepared(message: Message, path: str) -> Call | None:
    """Everything that can fail cheaply fails here, before a byte leaves; the claim is then given back or held."""
    try:
        _preflight(message)
        return handler_of(message).prepare(message, path)
    except Stop as stop:
        claims.hold(message, stop.reason, stop.detail)
    except NotExecuted as error:
        if error.reason == "throttled":
            claims.give_back(
                message, wait=claims.backoff(message.failures), detail=error.message, failed=True
            )
        else:
            claims.hold(message, HeldReason.CREDENTIAL, error.message)
    except VendorError as error:
        wait = claims.backoff(message.failures)
        claims.give_back(message, wait=wait, detail=error.message, failed=True)
        if isinstance(error, NotSent):
            breaker.note_silence(message.account, error.message)
    except Exception as error:
        log.exception("%s: the preflight broke", message.reference)
        wait = claims.backoff(message.failures + 3)
        claims.give_back(message, wait=wait, detail=f"Could not be prepared: {error}", failed=True)
    return None


def _preflight(message: Message) -> None:
    if payload_hash(message.payload) != message.payload_hash:
        raise Stop(HeldReason.PAYLOAD, "The frozen message differs from what was reviewed. Nothing was sent.")
    if sent := forgotten.sent_before(message):
        raise Stop(
            HeldReason.SENT_BEFORE,
            f"The log of {sent.machine} says that this was sent at {sent.sent_at:%Y-%m-%d %H:%M} UTC, "
            "and this database does not know it. Look for it at the vendor before anything else.",
        )
    for file in message.files.order_by("messagefile__position"):
        if not files.is_intact(file):
            raise Stop(HeldReason.FILE, f"{file.name} is missing or was changed since it was uploaded.")
    try:
        accounts.token_source(message.account).get()
    except encryption.Undecipherable as error:
        raise Stop(
            HeldReason.SECRET, "The account's secret cannot be read with FIELD_ENCRYPTION_KEY."
        ) from error
