"""One incident, two vendors: a case at GTT leads to a technician of Granite's, and each side hears of the other."""

import logging
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from portal import accounts, audit
from portal.models import User
from portal.models.accounts import Operation, Vendor
from portal.problems import Problem
from tickets.models import Case, Draft, Incident, Ticket, ToldTicket
from tickets.permissions import may_draft
from tickets.services import copying, rows
from tickets.services.cases import answering
from tickets.windows import window_of

log = logging.getLogger(__name__)
# Older tickets are no news for GTT; nothing is told of what was there before the two were tied together.
NEWS = timedelta(days=7)
FOR_CASE = "technician for"
NO_SITE = (
    "The case names no site of ours, so there is nowhere to send a technician. Begin a dispatch by hand."
)


@transaction.atomic
def incident_of(case: Case, *, by: User) -> Incident:
    """The open incident a case belongs to; a new one where there is none."""
    locked = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if found := locked.incidents.open().first():
        return found
    incident = Incident.objects.create(team=locked.team, title=locked.short_description, opened_by=by)
    incident.cases.add(locked)
    audit.record(by, "incident.opened", incident, case=str(locked))
    return incident


@transaction.atomic
def send_technician(case: Case, window: dict[str, str], *, by: User) -> Draft:
    """A draft of a dispatch with what the case knows: site, contacts, symptoms, its number among ours.

    `window`: start_date, end_date, hard_start and service_type as typed.
    """
    if not (may_draft(by) and answering.may_answer(by, case)):
        raise PermissionDenied
    if case.site_id is None:
        raise Problem(NO_SITE)
    mark: dict[str, Any] = {FOR_CASE: case.pk}
    if begun := copying.begun_just_now(mark, by=by):
        return begun
    (row,) = rows.rows_of_sites([case.site_id])
    times = {name: window.get(name, "") for name in ("start_date", "end_date", "hard_start")}
    what = {
        "team": str(case.team_id),
        "service_type": window.get("service_type", ""),
        "initial_description": symptoms(case),
        "customer_ticket_number": ",".join(filter(None, [case.number, case.reference])),
        "automatic_email_contact": "on",
    }
    account = accounts.default_account(Vendor.GRANITE)
    draft = copying.begin(copying.Content(case.team, account, what, [{**row, **times}]), mark, by=by)
    incident = incident_of(case, by=by)
    incident.drafts.add(draft)
    audit.record(by, "incident.technician", incident, draft=draft.reference, case=str(case))
    return draft


def is_of_a_case(draft: Draft) -> bool:
    """Whether it began as a technician for a case; no query."""
    return FOR_CASE in draft.saves.get("begun", {})


def symptoms(case: Case) -> str:
    """What a technician needs of the case: the summary and what was typed, without what the template put below it."""
    typed = case.description.split("\nSite: ", 1)[0].removesuffix(f"Our reference: {case.reference}").strip()
    return "\n\n".join(filter(None, [case.short_description, typed])) + f"\n\nGTT case {case}."


def tell_cases(limit: int = 50) -> int:
    """Tell GTT of tickets that exist by now, each once, where commenting is on. Returns how many were told."""
    told = 0
    for incident in Incident.objects.open().filter(drafts__dispatch__isnull=False).distinct()[:limit]:
        for case in incident.cases.exclude(number="").select_related("account"):
            if case.is_open and case.account.may(Operation.COMMENT):
                told += sum(_tell(case, ticket) for ticket in _news(incident, case))
    return told


def _news(incident: Incident, case: Case) -> list[Ticket]:
    said = ToldTicket.objects.filter(case=case, ticket=OuterRef("pk"))
    found = Ticket.objects.filter(
        ~Exists(said),
        dispatch__draft__incidents=incident,
        location__isnull=False,
        first_seen_at__gt=timezone.now() - NEWS,
    )
    return list(found.select_related("dispatch__submitted_by", "location").order_by("pk")[:50])


def _tell(case: Case, ticket: Ticket) -> bool:
    location = ticket.location
    assert location is not None
    words = (
        f"A Granite technician is ordered: ticket {ticket.ticket_id} for {location}, "
        f"{window_of(location).site} ({ticket.dispatch.reference})."
    )
    try:
        with transaction.atomic():
            comment = answering.comment(case, words, by=ticket.dispatch.submitted_by)  # type: ignore[arg-type]
            ToldTicket.objects.create(case=case, ticket=ticket, comment=comment)
    except (Problem, PermissionDenied, IntegrityError) as problem:
        log.info("%s: %s was not told of: %s", case, ticket, problem)
        return False
    return True


@transaction.atomic
def close(incident: Incident, *, note: str, by: User) -> None:
    """It is over. Raises Problem while a side is open and nothing is said of it."""
    if not by.has_perm("tickets.raise_case"):
        raise PermissionDenied
    locked = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    if not locked.is_open:
        raise Problem("This incident is closed already.")
    if open_sides(locked) and not note.strip():
        raise Problem("Something of it is still open. Say why it is closed all the same.")
    locked.closed_at, locked.closed_by, locked.closing_note = timezone.now(), by, note.strip()[:500]
    locked.save()
    audit.record(by, "incident.closed", locked, note=locked.closing_note)


def open_sides(incident: Incident) -> list[str]:
    """Cases and tickets of it that are still open, in words."""
    cases = [f"case {case} ({case.state or 'no state yet'})" for case in incident.cases.open()]
    tickets = Ticket.objects.open().filter(dispatch__draft__incidents=incident)
    return [
        *cases,
        *(f"ticket {ticket} ({ticket.status_name or 'no status yet'})" for ticket in tickets[:20]),
    ]
