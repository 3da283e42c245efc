"""One incident on one time line: cases and comments at GTT, requests and tickets at Granite, and what people did."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from portal import audit
from portal.models import AuditEntry
from portal.models.audit import WORDS
from tickets.case_page import FIELD_WORDS as CASE_WORDS
from tickets.models import Case, CaseChange, CaseComment, Dispatch, Draft, Incident, Ticket, TicketChange
from tickets.services.incidents import open_sides
from tickets.ticket_page import FIELD_WORDS as TICKET_WORDS

MOST_OF_EACH = 300


@dataclass(frozen=True)
class Happening:
    """One line: when, whose side, what, and where to read on. `side` is gtt, granite or us."""

    at: datetime
    side: str
    what: str
    text: str = ""
    url: str = ""
    name: str = ""


class IncidentPage:
    def __init__(self, incident: Incident) -> None:
        self.incident = incident

    @cached_property
    def cases(self) -> list[Case]:
        return list(self.incident.cases.select_related("site", "message", "account").order_by("pk"))

    @cached_property
    def drafts(self) -> list[Draft]:
        return list(self.incident.drafts.filter(dispatch=None, discarded_at=None).order_by("pk"))

    @cached_property
    def dispatches(self) -> list[Dispatch]:
        found = Dispatch.objects.filter(draft__incidents=self.incident)
        return list(found.select_related("submitted_by").order_by("pk"))

    @cached_property
    def tickets(self) -> list[Ticket]:
        found = Ticket.objects.filter(dispatch__in=self.dispatches)
        return list(found.select_related("location", "dispatch").defer("raw", "search").order_by("pk")[:100])

    @cached_property
    def open_sides(self) -> list[str]:
        return open_sides(self.incident)

    @property
    def question(self) -> str:
        """Where one side ended and the other did not, somebody has to decide."""
        if not self.incident.is_open or not (self.cases or self.tickets):
            return ""
        ended = [f"case {case}" for case in self.cases if case.number and not case.is_open]
        ended += [f"ticket {ticket}" for ticket in self.tickets if not ticket.is_open]
        if not ended:
            return ""
        if not self.open_sides:
            return "Everything of this incident has ended. Close it?"
        return f"{_listed(ended)} ended; {_listed(self.open_sides)} did not. What is to become of it?"

    @cached_property
    def timeline(self) -> list[Happening]:
        """The newest first."""
        lines = [*self._of_cases(), *self._of_dispatches(), *self._of_people()]
        return sorted(lines, key=lambda line: line.at, reverse=True)[:MOST_OF_EACH]

    def _of_cases(self) -> Iterator[Happening]:
        by_key = {case.pk: case for case in self.cases}
        for change in CaseChange.objects.filter(case__in=by_key).order_by("-pk")[:MOST_OF_EACH]:
            case = by_key[change.case_id]
            what = CASE_WORDS.get(change.field, change.field)
            text = f"{change.before} → {change.after}" if change.before else change.after
            yield Happening(change.seen_at, "gtt", what, text, case.get_absolute_url(), str(case))
        comments = CaseComment.objects.filter(case__in=by_key).select_related("written_by")
        for comment in comments.order_by("-pk")[:MOST_OF_EACH]:
            case = by_key[comment.case_id]
            who = comment.written_by.name if comment.written_by else comment.author or "GTT"
            side = "us" if comment.is_ours else "gtt"
            yield Happening(
                comment.at,
                side,
                f"{who} commented",
                comment.text,
                f"{case.get_absolute_url()}#thread",
                str(case),
            )

    def _of_dispatches(self) -> Iterator[Happening]:
        for ticket in self.tickets:
            where = str(ticket.location or ticket.location_name)
            yield Happening(
                ticket.first_seen_at,
                "granite",
                "Ticket created",
                where,
                ticket.get_absolute_url(),
                f"Ticket {ticket}",
            )
        by_key = {ticket.pk: ticket for ticket in self.tickets}
        for change in TicketChange.objects.filter(ticket__in=by_key).order_by("-pk")[:MOST_OF_EACH]:
            ticket = by_key[change.ticket_id]
            what = TICKET_WORDS.get(change.field, change.field)
            text = f"{change.before} → {change.after}" if change.before else change.after
            yield Happening(
                change.seen_at, "granite", what, text, ticket.get_absolute_url(), f"Ticket {ticket}"
            )

    def _of_people(self) -> Iterator[Happening]:
        deeds = audit.of(self.incident) | audit.of_all(self.incident.cases.all())
        deeds |= audit.of_all(Dispatch.objects.filter(draft__incidents=self.incident))
        for deed in deeds.order_by("-pk")[:MOST_OF_EACH]:
            yield Happening(deed.at, "us", _words(deed), name=deed.about_name)


def _words(deed: AuditEntry) -> str:
    return f"{deed.by_name} {WORDS.get(deed.action, deed.action)}"


def _listed(names: list[str]) -> str:
    shown = names[:3]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    joined = ", ".join(shown) + more
    return joined[:1].upper() + joined[1:]
