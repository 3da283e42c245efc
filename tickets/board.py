"""A dispatch after its submission, location by location: what the page shows, read in a fixed number of queries."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone

from portal.models import Attempt, Message
from portal.models.messages import HeldReason, State
from tickets.forms.labels import LABELS
from tickets.models import Dispatch, EarlierSending, Location, PossibleDuplicate, Ticket
from tickets.progress import Progress, count_stages, stage_of
from tickets.queueing import Queue, duration, queue_of, seconds_for
from tickets.windows import Window, window_of

# The words are the same wherever an outcome is unknown; nobody may read them as an invitation to try again.
UNKNOWN_WORDS = "We do not know whether Granite created these tickets. Do not submit again."
# For so long after the last ticket the page goes on asking for its first changes.
FRESH = timedelta(minutes=2)
# A piece of so many rows is heavy: beyond, the page asks less often and shows a part, what needs a person first.
MANY = 100
FIRST = (
    "unknown",
    "held",
    "rejected",
    "not_created",
    "abandoned",
    "sending",
    "queued",
    "cancelled",
    "ticket",
)

# Whole requests and answers, of which the page shows nothing; a message's would be read once for each location.
LARGE = ("message__payload", "ticket__raw", "ticket__search")
EARLIER = Prefetch(
    "earlier_sendings", EarlierSending.objects.select_related("message").defer("message__payload")
)


@dataclass
class Row:
    """One location: its stage (a state's word, or "ticket"), and sentences on why it stands there."""

    location: Location
    window: Window
    stage: str
    ticket: Ticket | None = None
    sentences: list[str] = field(default_factory=list)

    @property
    def own(self) -> list[tuple[str, str]]:
        """What was asked for here and not everywhere: a field's label and its words."""
        own = self.location.own.items()
        return [
            (LABELS.get(name, name), "; ".join(said) if isinstance(said, list) else str(said))
            for name, said in own
        ]


@dataclass
class Board:
    dispatch: Dispatch
    progress: Progress
    messages: list[Message]
    rows: list[Row]
    time_left: str = ""
    poll_every: str = ""

    @property
    def unknown_messages(self) -> list[Message]:
        return [message for message in self.messages if message.is_unknown]

    @property
    def in_order(self) -> list[Row]:
        """A short list as it was typed; a long one with what needs a person first."""
        if len(self.rows) <= MANY:
            return self.rows
        return sorted(self.rows, key=lambda row: FIRST.index(row.stage))

    @cached_property
    def duplicates(self) -> list[PossibleDuplicate]:
        """Tickets that may send a technician once too often, as long as nobody said what was done about them."""
        found = PossibleDuplicate.objects.filter(ticket__dispatch=self.dispatch, closed_at=None)
        return list(found.select_related("ticket", "message"))


def board_of(dispatch: Dispatch) -> Board:
    found = dispatch.locations.select_related("message", "site", "ticket").defer(*LARGE)
    locations = list(found.order_by("position").prefetch_related(EARLIER))
    messages = _messages_of(locations)
    # Counted from what was just read: asked again, the database might know more than the rows below show, and a page
    # that says that nothing moves any more would stop asking.
    progress = count_stages(stage_of(location) for location in locations)
    queue = queue_of(dispatch.account) if progress.queued else Queue(dispatch.account)
    attempts = _last_attempts(messages)
    rows = [_row(location, queue, attempts.get(location.message_id)) for location in locations]
    return Board(
        dispatch,
        progress,
        messages,
        rows,
        time_left=_time_left(dispatch, messages, queue) if progress.queued else "",
        poll_every=_poll_every(dispatch, progress, rows),
    )


def _messages_of(locations: list[Location]) -> list[Message]:
    """Every message the locations are or were in, in the order in which they were promised."""
    earlier = [sending.message for location in locations for sending in location.earlier_sendings.all()]
    by_key = {message.pk: message for message in [*earlier, *(location.message for location in locations)]}
    return [by_key[pk] for pk in sorted(by_key)]


def _last_attempts(messages: list[Message]) -> dict[int, Attempt]:
    attempts = (
        Attempt.objects.filter(message__in=messages).order_by("message_id", "-number").distinct("message_id")
    )
    return {attempt.message_id: attempt for attempt in attempts}


def _row(location: Location, queue: Queue, attempt: Attempt | None) -> Row:
    ticket = getattr(location, "ticket", None)
    message = location.message
    row = Row(location, window_of(location), stage=stage_of(location), ticket=ticket)
    if row.stage == State.QUEUED:
        row.sentences = _waiting_words(message, queue)
    elif row.stage == State.REJECTED:
        row.sentences = vendor_words(attempt, location.index) or [message.detail]
    elif row.stage == State.HELD:
        row.sentences = [held_words(message)]
    elif row.stage == State.UNKNOWN:
        row.sentences = [UNKNOWN_WORDS]
    elif row.stage in (State.CANCELLED, State.NOT_CREATED, State.ABANDONED):
        row.sentences = [message.detail]
    row.sentences += [
        f"Possible duplicate of {sending.message.reference}, of which two people found nothing."
        for sending in location.earlier_sendings.all()
    ]
    return row


def vendor_words(attempt: Attempt | None, index: int) -> list[str]:
    """What Granite said of one row, and of the request as a whole; of other rows only that they were the reason."""
    if attempt is None:
        return []
    problems: list[dict[str, Any]] = attempt.problems
    ours = [problem for problem in problems if problem.get("index") in (None, index)]
    if not problems:
        return [attempt.detail] if attempt.detail else []
    if not ours:
        return ["Granite found nothing wrong here; the request was refused for another of its locations."]
    return [_worded(problem) for problem in ours]


def _worded(problem: dict[str, Any]) -> str:
    name, words = problem.get("field") or "", problem.get("message") or "refused"
    return f"{LABELS.get(name, name)}: {words}" if name else words


def held_words(message: Message) -> str:
    reason = message.detail
    if not reason and message.held_reason:
        label = HeldReason(message.held_reason).label
        reason = f"{label[:1].upper()}{label[1:]}."
    return f"Nothing was created. {reason} An administrator can mend that and let it go on."


def _waiting_words(message: Message, queue: Queue) -> list[str]:
    words = []
    before = queue.before.get(message.pk)
    if before == 0:
        words.append("Next in the queue.")
    elif before is not None:
        words.append(
            f"{before} {'request' if before == 1 else 'requests'} before it, {queue.wait_for(message.pk)}."
        )
    if message.failures and message.due_at > timezone.now():
        seconds = (message.due_at - timezone.now()).total_seconds()
        words.append(f"{message.detail} Tried {message.failures} times; again in {duration(seconds)}.")
    return words


def _time_left(dispatch: Dispatch, messages: list[Message], queue: Queue) -> str:
    """Until the last of this dispatch's waiting messages has left, at the pace the account allows."""
    waiting = [message for message in messages if message.state in (State.QUEUED, State.CLAIMED)]
    is_unreachable = any(message.failures for message in waiting)  # nobody knows for how long
    if dispatch.account.standstill or is_unreachable or not waiting:
        return ""
    last = max(queue.before.get(message.pk, len(queue.before)) for message in waiting)
    return duration(seconds_for(dispatch.account, last + 1))


def _poll_every(dispatch: Dispatch, progress: Progress, rows: list[Row]) -> str:
    often = "3s" if len(rows) <= MANY else "10s"
    if progress.is_moving:
        return "15s" if dispatch.account.standstill and not progress.sending else often
    newest = max((row.ticket.first_seen_at for row in rows if row.ticket), default=None)
    return often if newest and _is_fresh(newest) else ""


def _is_fresh(when: datetime) -> bool:
    return timezone.now() - when < FRESH
