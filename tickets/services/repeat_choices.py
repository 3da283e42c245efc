"""What people say about visits that may be meant only once: leave one out, chain it to the other, or send it anyway."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from portal import audit
from portal.models import AuditEntry, User, VendorAccount
from portal.problems import Problem
from tickets.forms.checking import Checked, CheckedLocation
from tickets.forms.typed import KEY, Row, plain
from tickets.models import Dispatch, Draft
from tickets.services import grid
from tickets.services.drafts import lock
from tickets.services.repeats import Repeat, find_repeats

LEAVE, CHAIN, SEND = "leave", "chain", "send"
CHOICES = (LEAVE, CHAIN, SEND)
MOST_WORDS = 500
DEED = "dispatch.repeats"
# Of PostgreSQL's advisory locks; the second number is the account.
SUBMITTING = 40_401
CHANGED = "These visits changed meanwhile. Nothing was decided; please look once more."


class Undecided(Problem):
    """Somebody has to say first what is meant."""

    def __init__(self, count: int) -> None:
        visits = "A visit repeats another one" if count == 1 else f"{count:,} visits repeat other ones"
        super().__init__(f"{visits}, and nobody said whether that is meant. Nothing was sent.")


@dataclass(frozen=True)
class Choice:
    """A repeat with what was said of it: `choice` is "" as long as nothing was."""

    repeat: Repeat
    choice: str = ""
    reason: str = ""
    by: str = ""


def choices(draft: Draft, repeats: Sequence[Repeat]) -> list[Choice]:
    """Each repeat with what the draft says of it now, the undecided first."""
    rows = {row[KEY]: row for row in draft.locations}
    found = [_choice(draft, rows[repeat.key], repeat) for repeat in repeats]
    return sorted(found, key=lambda one: bool(one.choice))


def _choice(draft: Draft, row: Row, repeat: Repeat) -> Choice:
    """A row that names the other's ticket as its prior one is chained to it, however that came there."""
    said = row.get("repeats", {}).get(repeat.fingerprint, {})
    if repeat.ticket_id and _prior_ticket(draft, row) == str(repeat.ticket_id):
        return Choice(repeat, CHAIN, "", said.get("by", "") if said.get("choice") == CHAIN else "")
    if said.get("choice") == SEND and said.get("reason"):
        return Choice(repeat, SEND, said["reason"], said.get("by", ""))
    return Choice(repeat)


def _prior_ticket(draft: Draft, row: Row) -> str:
    return str(row.get("prior_ticket") or "").strip() or str(draft.what.get("prior_ticket") or "").strip()


def digest(undecided: Sequence[Choice]) -> str:
    """What a person saw who decides for all of them."""
    prints = sorted(one.repeat.fingerprint for one in undecided)
    return hashlib.sha256(" ".join(prints).encode()).hexdigest()[:16]


@transaction.atomic
def decide(draft: Draft, choice: str, *, by: User, reason: str = "", only: str = "", all_of: str = "") -> str:
    """Decide one repeat by its fingerprint, or every undecided one as seen (`all_of`: their digest); what was done.

    Raises Problem where that cannot be.
    """
    reason = " ".join(plain(reason).split())[:MOST_WORDS]
    if choice not in CHOICES:
        raise Problem("Choose what is meant: leave it out, chain it, or send it anyway.")
    if choice == SEND and not reason:
        raise Problem("Say why a technician is meant to come although another one does. The reason is kept.")
    locked = lock(draft, by=by)
    found = choices(locked, _repeats_of(locked, by))
    chosen = [one for one in found if one.repeat.fingerprint == only] if only else _all(found, all_of)
    if not chosen:
        raise Problem(CHANGED)
    repeats = [one.repeat for one in chosen]
    if choice == LEAVE:
        return grid.remove_rows(locked, {repeat.key for repeat in repeats}, by=by).told
    return _chain(locked, repeats, by) if choice == CHAIN else _send(locked, repeats, reason, by)


def _repeats_of(draft: Draft, by: User) -> list[Repeat]:
    checked = Checked(draft, by)
    return find_repeats(draft, checked.locations(), by=by) if checked.is_good else []


def _all(found: Sequence[Choice], seen: str) -> list[Choice]:
    undecided = [one for one in found if not one.choice]
    return undecided if digest(undecided) == seen else []


def _chain(locked: Draft, repeats: Sequence[Repeat], by: User) -> str:
    """Each row to one ticket: Granite takes a single prior one."""
    rows = {row[KEY]: row for row in locked.locations}
    by_row = {repeat.key: repeat for repeat in reversed(repeats) if repeat.ticket_id}
    if len(repeats) > 1:  # what is chained already stays so
        chained = {one.repeat.key for one in choices(locked, _repeats_of(locked, by)) if one.choice == CHAIN}
        by_row = {key: repeat for key, repeat in by_row.items() if key not in chained}
    if not by_row:
        raise Problem("There is no ticket yet to which this could be chained.")
    cells = []
    for key, repeat in by_row.items():
        row, new = rows[key], str(repeat.ticket_id)
        cells.append([key, "prior_ticket", str(row.get("prior_ticket", "")), new, None, None])
        row["prior_ticket"] = new
        _say(row, repeat, by, CHAIN, "")
    done = f"{len(by_row)} visit{'s'[: len(by_row) != 1]} chained to the ticket before"
    grid.save(locked, by, done=done, cells=cells)
    left = len(repeats) - len(by_row)
    return f"{done}." + (f" {left} could not be: no ticket, or chained to another one." if left else "")


def _send(locked: Draft, repeats: Sequence[Repeat], reason: str, by: User) -> str:
    rows, cells = {row[KEY]: row for row in locked.locations}, []
    for repeat in repeats:
        row = rows[repeat.key]
        if repeat.ticket_id and row.get("prior_ticket") == str(repeat.ticket_id):
            cells.append([repeat.key, "prior_ticket", row["prior_ticket"], "", None, None])
            row["prior_ticket"] = ""
        _say(row, repeat, by, SEND, reason)
    if cells:
        grid.save(locked, by, done="A chain was undone", cells=cells)
    else:
        grid.stamp(locked, by)
    return f"{len(repeats)} visit{'s'[: len(repeats) != 1]} will be sent anyway."


def _say(row: Row, repeat: Repeat, by: User, choice: str, reason: str) -> None:
    said = {"choice": choice, "reason": reason, "by": by.name, "at": timezone.now().isoformat()}
    row["repeats"] = {**row.get("repeats", {}), repeat.fingerprint: said}


def one_at_a_time(account: VendorAccount) -> None:
    """Who submits through this account waits here for who is about to: else neither would see the other's visits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [SUBMITTING, account.pk])


def require_decided(draft: Draft, locations: Sequence[CheckedLocation], *, by: User) -> list[Choice]:
    """Every repeat with what was said of it. Raises Undecided."""
    found = choices(draft, find_repeats(draft, locations, by=by))
    if undecided := sum(not one.choice for one in found):
        raise Undecided(undecided)
    return found


def write_down(dispatch: Dispatch, said: Collection[Choice], *, by: User) -> None:
    """For ever, with the dispatch: which visits were sent although others were there, and why."""
    if said:
        audit.record(by, DEED, dispatch, visits=[_words(one) for one in said])


def _words(one: Choice) -> dict[str, Any]:
    repeat = one.repeat
    return {
        "visit": f"{repeat.sentence} {repeat.dispatch.reference}." if repeat.dispatch else repeat.sentence,
        "dispatch": repeat.dispatch.pk if repeat.dispatch else None,
        "choice": one.choice,
        "ticket": repeat.ticket_id if one.choice == CHAIN else None,
        "reason": one.reason,
        "by": one.by,
    }


def told_in(entries: Iterable[AuditEntry]) -> list[dict[str, Any]]:
    """What was said of a dispatch's repeats when it was submitted, from what is written down of it."""
    return [visit for entry in entries if entry.action == DEED for visit in entry.details.get("visits", [])]
