"""What the end of one attempt means: outbound.md's table, as a function from an error to a verdict.

The vendors' errors are named by what to do next, so this stays a table and looks at no status codes.
"""

from dataclasses import dataclass, field
from typing import Any

from portal.models import Attempt
from portal.models.messages import HeldReason, State
from portal.outbox.claims import backoff
from portal.vendors.errors import Exchange, NotExecuted, NotSent, OutcomeUnknown, Rejected, VendorError

Outcome = Attempt.Outcome

# After these the message is tried once more at once, because what was wrong is changed by then: the token is
# renewed, the other spelling of the path is taken. The second time in a row a person has to look.
ONCE_MORE = {"credential", "path"}
HELD = {
    "credential": (HeldReason.CREDENTIAL, "Twice in a row: "),
    "permission": (HeldReason.PERMISSION, ""),
    "path": (HeldReason.PATH, "Both spellings were tried: "),
    "redirect": (HeldReason.REDIRECT, ""),
}


@dataclass
class Verdict:
    state: State
    outcome: str
    detail: str
    reason: str = ""
    held_reason: str = ""
    wait: float | None = None
    failed: bool = False
    problems: list[dict[str, Any]] = field(default_factory=list)
    exchange: Exchange | None = None


def judge(error: BaseException, *, earlier: Attempt | None, failures: int) -> Verdict:
    """What to do after `error`; `earlier` is the attempt before this one, `failures` the tries that sent nothing."""
    exchange = error.exchange if isinstance(error, VendorError) else None
    if isinstance(error, Rejected):
        problems = [
            {"field": problem.field, "index": problem.index, "message": problem.message}
            for problem in error.problems
        ]
        return Verdict(State.REJECTED, Outcome.REJECTED, error.message, problems=problems, exchange=exchange)
    if isinstance(error, NotSent):
        return Verdict(
            State.QUEUED,
            Outcome.NOT_SENT,
            error.message,
            wait=backoff(failures),
            failed=True,
            exchange=exchange,
        )
    if isinstance(error, NotExecuted):
        verdict = _not_executed(error, earlier, failures)
        verdict.exchange = exchange
        return verdict
    if isinstance(error, OutcomeUnknown):
        return Verdict(State.UNKNOWN, Outcome.UNKNOWN, error.message, exchange=exchange)
    # Whatever else went wrong after we began may have gone wrong after the vendor acted.
    return Verdict(
        State.UNKNOWN, Outcome.UNKNOWN, f"The sending was broken off: {type(error).__name__}: {error}"
    )


def _not_executed(error: NotExecuted, earlier: Attempt | None, failures: int) -> Verdict:
    reason = error.reason
    if reason in ("throttled", "promised"):
        wait = error.retry_after if error.retry_after is not None else backoff(failures)
        return Verdict(
            State.QUEUED,
            Outcome.NOT_EXECUTED,
            error.message,
            reason=reason,
            wait=min(wait, 3600.0),
            failed=True,
        )
    is_second = earlier is not None and earlier.reason == reason
    if reason in ONCE_MORE and not is_second:
        return Verdict(State.QUEUED, Outcome.NOT_EXECUTED, error.message, reason=reason, wait=0)
    held_reason, before = HELD[reason]
    return Verdict(
        State.HELD, Outcome.NOT_EXECUTED, f"{before}{error.message}", reason=reason, held_reason=held_reason
    )
