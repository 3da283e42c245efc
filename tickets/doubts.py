"""The work list: messages of which nobody knows what they did, with the evidence and what people said of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from portal.models import Attempt, Message, MessageTransition, Resolution, User
from portal.models.messages import State
from portal.outbox.resolving import may_say_not_there_from
from tickets.evidence import Try, try_of
from tickets.forms.found import FoundForm, case_number, ticket_number
from tickets.inquiry import words_for_vendor
from tickets.models import Case, Location, Ticket
from tickets.needs import messages_visible_to, unknown_messages
from tickets.work import CasePlace, Work, works_of

MOST_SHOWN = 20
RECENT = timedelta(hours=24)


@dataclass
class Doubt:
    """One message that is or was in doubt: `in_doubt` are the locations whose technicians may or may not come."""

    message: Message
    work: Work
    in_doubt: list[Location | CasePlace]
    certain: list[Location]
    strangers: list[Ticket]
    tries: list[Try]
    said: list[Resolution]
    found_form: FoundForm = field(init=False)
    # What a person tried to say, and why it was not taken.
    refused: str = ""
    error: str = ""
    typed: str = ""

    def __post_init__(self) -> None:
        self.found_form = self.form_of(None)

    def form_of(self, typed: Mapping[str, str] | None) -> FoundForm:
        return FoundForm(self.in_doubt, typed, read=case_number if self.work.is_case else ticket_number)

    @property
    def checking(self) -> Resolution | None:
        """Ids that a worker is asking Granite about."""
        return self._open(Resolution.Kind.FOUND)

    @property
    def not_there(self) -> Resolution | None:
        """One person found nothing; a second one is to look."""
        return self._open(Resolution.Kind.NOT_THERE)

    @property
    def checked(self) -> Resolution | None:
        """The ids last asked about, with what they proved to be."""
        found = [said for said in self.said if said.kind == Resolution.Kind.FOUND and said.findings]
        return found[-1] if found and not found[-1].is_open else None

    @property
    def disagreed(self) -> Resolution | None:
        """The last one who found nothing, if it came to nothing."""
        closed = [said for said in self.said if said.kind == Resolution.Kind.NOT_THERE and not said.is_open]
        return closed[-1] if closed and not self.not_there and closed[-1].state == "closed" else None

    @property
    def not_there_from(self) -> datetime | None:
        return may_say_not_there_from(self.message)

    @property
    def is_too_early(self) -> bool:
        return self.not_there_from is None or timezone.now() < self.not_there_from

    @property
    def is_too_late_to_send(self) -> bool:
        """A visit should have begun: it cannot be sent again as it was."""
        now = timezone.now()
        return any(part.starts_at <= now for part in self.in_doubt if isinstance(part, Location))

    @property
    def inquiry(self) -> str:
        return words_for_vendor(self.message, self.work, self.in_doubt)

    @property
    def headline(self) -> str:
        return self.work.in_doubt(len(self.in_doubt))

    @property
    def sent_url(self) -> str:
        return self.work.url_of(self.message)

    def _open(self, kind: str) -> Resolution | None:
        return next((said for said in self.said if said.kind == kind and said.is_open), None)


def doubts_for(user: User, *, after: int = 0) -> tuple[list[Doubt], int]:
    """What this person may see, the longest in doubt first: a page of it behind the message with the key `after`.

    With the key behind which the next page begins; 0 where there is none.
    """
    found = list(_with_evidence(unknown_messages(user).filter(pk__gt=after).order_by("pk"))[: MOST_SHOWN + 1])
    following = found[MOST_SHOWN - 1].pk if len(found) > MOST_SHOWN else 0
    works = works_of(found[:MOST_SHOWN])
    return [
        _doubt(message, works[message.pk]) for message in found[:MOST_SHOWN] if message.pk in works
    ], following


def doubt_of(message: Message) -> Doubt:
    """One message, in doubt or not any more."""
    found = _with_evidence(Message.objects.filter(pk=message.pk)).get()
    return _doubt(found, works_of([found])[found.pk])


def settled_lately(user: User) -> list[MessageTransition]:
    """How doubts of the last day ended, the last first."""
    return list(
        MessageTransition.objects.filter(
            before=State.UNKNOWN, at__gt=timezone.now() - RECENT, message__in=messages_visible_to(user)
        )
        .select_related("message")
        .order_by("-pk")[:10]
    )


def _with_evidence(found: QuerySet[Message]) -> QuerySet[Message]:
    locations = Location.objects.select_related("dispatch__team", "dispatch__submitted_by", "site", "ticket")
    return found.select_related("account", "created_by").prefetch_related(
        Prefetch("locations", locations.order_by("index")),
        Prefetch("attempts", Attempt.objects.order_by("-number")),
        Prefetch("tickets", Ticket.objects.filter(location=None), to_attr="strangers"),
        Prefetch("resolutions", Resolution.objects.select_related("opened_by", "decided_by").order_by("id")),
        "repeats",
        "repeated_by",
    )


def _doubt(message: Message, work: Work) -> Doubt:
    locations = list(message.locations.all())
    in_doubt: list[Location | CasePlace] = [one for one in locations if not hasattr(one, "ticket")]
    if isinstance(work.record, Case) and message.is_unknown:
        in_doubt.append(CasePlace(work.record))
    certain = [location for location in locations if hasattr(location, "ticket")]
    return Doubt(
        message=message,
        work=work,
        in_doubt=in_doubt,
        certain=certain,
        strangers=message.strangers,  # type: ignore[attr-defined]
        tries=[try_of(attempt) for attempt in message.attempts.all()],
        said=list(message.resolutions.all()),
    )
