"""Compares our database with the vendor's truth. Every finding is a sentence; a good run has none."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portal.vendors.sandbox.granite.tickets import Ticket
from tests.nemesis import bodies
from tests.nemesis.clients import Submitted
from tests.nemesis.ours import IN_A_WORKER, SETTLED, UNSENT, Location, Message, Ours
from tests.nemesis.people import BrokenPage
from tests.nemesis.stack import Blow
from tests.nemesis.vendor import Truth, place_of, reference_of

NAMES = (
    "duplicates",
    "lost",
    "stuck",
    "orphans",
    "phantoms",
    "rejected but created",
    "sums that differ",
    "bodies that differ",
    "over the limit",
    "broken pages",
    "unknown, not listed",
    "too many unknown",
    "fresh, not ticketed",
    "clients in trouble",
)
Place = tuple[str, str]


@dataclass
class Findings:
    """Sentences by name. `locations` counts what became of each."""

    found: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in NAMES})
    locations: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, sentence: str) -> None:
        self.found[name].append(sentence)

    @property
    def count(self) -> int:
        return sum(map(len, self.found.values()))


def compare(ours: Ours, truth: Truth, submitted: Iterable[Submitted], media: Path, limit: int) -> Findings:
    findings = Findings()
    tickets: dict[str, list[Ticket]] = defaultdict(list)
    for ticket in truth.tickets.values():
        tickets[reference_of(ticket)].append(ticket)
    _find_duplicates(ours, tickets, findings)
    _find_lost(ours, submitted, findings)
    _find_orphans(ours, tickets, findings)
    _find_phantoms(ours, truth, findings)
    _add_up(ours, findings)
    _compare_bodies(ours, truth, submitted, media, findings)
    if (most := truth.most_in_any_minute()) > limit:
        findings.add("over the limit", f"{most} requests within 60 s; the vendor allows {limit}.")
    return findings


def _find_duplicates(ours: Ours, tickets: dict[str, list[Ticket]], findings: Findings) -> None:
    """More than one ticket for a place of a dispatch. Two people may have confirmed a second sending; here nobody did."""
    confirmed = {message.reference for message in ours.messages.values() if message.renews}
    by_place: dict[tuple[str, Place], list[tuple[str, int]]] = defaultdict(list)
    for reference, made in tickets.items():
        for ticket in made:
            if reference not in confirmed:
                by_place[reference.rpartition("-")[0], place_of(ticket)].append((reference, ticket.id))
    for (dispatch, place), found in by_place.items():
        for reference, number in sorted(found)[1:]:
            findings.add(
                "duplicates", f"{dispatch} {place[0]}: ticket {number} ({reference}) is one too many."
            )


def _find_lost(ours: Ours, submitted: Iterable[Submitted], findings: Findings) -> None:
    for done in submitted:
        if done.dispatch not in ours.dispatches:
            findings.add("lost", f"{done.order.mark}: shown as dispatch {done.dispatch}, which is not there.")
        elif not ours.descriptions[done.dispatch].startswith(done.order.mark):
            findings.add("lost", f"{done.order.mark}: dispatch {done.dispatch} is another one.")
    twice = Counter(words.split(":")[0] for words in ours.descriptions.values())
    for mark, count in twice.items():
        if count > 1:
            findings.add("duplicates", f"{mark} was submitted once and is {count} dispatches.")
    for dispatch in ours.dispatches - {location.dispatch for location in ours.locations}:
        findings.add("lost", f"Dispatch {dispatch} has no locations.")
    for message in ours.messages.values():
        if message.state in (*UNSENT, *IN_A_WORKER):
            findings.add("stuck", f"{message.reference} is {message.state}: {message.detail}")
        elif message.state not in (*SETTLED, "held") or (message.state == "held" and not message.held_reason):
            findings.add("lost", f"{message.reference} is {message.state} for no reason.")


def _find_orphans(ours: Ours, tickets: dict[str, list[Ticket]], findings: Findings) -> None:
    """Tickets of which we neither know nor know that we do not know."""
    for reference, made in tickets.items():
        message = ours.by_reference.get(reference)
        known = {location.ticket for location in ours.locations_of(message)} if message else set()
        for ticket in made:
            if message is None:
                findings.add("orphans", f"Ticket {ticket.id}: {reference} is no message of ours.")
            elif message.state == "rejected":
                findings.add("rejected but created", f"Ticket {ticket.id} of {reference} exists.")
            elif message.state != "unknown" and ticket.id not in known:
                findings.add("orphans", f"Ticket {ticket.id} of {reference}, which is {message.state}.")


def _find_phantoms(ours: Ours, truth: Truth, findings: Findings) -> None:
    for location in ours.locations:
        if location.ticket is None:
            continue
        ticket, reference = truth.tickets.get(location.ticket), ours.messages[location.message].reference
        if ticket is None:
            findings.add("phantoms", f"{reference} {location.name}: ticket {location.ticket} does not exist.")
        elif (reference_of(ticket), place_of(ticket)) != (reference, location.place):
            other = f"{reference_of(ticket)} {place_of(ticket)[0]}"
            findings.add("phantoms", f"{reference} {location.name}: ticket {ticket.id} is of {other}.")


def _add_up(ours: Ours, findings: Findings) -> None:
    """Every location of every dispatch is exactly one thing."""
    for location in ours.locations:
        message = ours.messages[location.message]
        kind = _kind(location, message)
        findings.locations[kind or "nothing"] += 1
        if kind is None:
            having = f"ticket {location.ticket}" if location.ticket else "no ticket"
            findings.add(
                "sums that differ", f"{message.reference} is {message.state}; {location.name} has {having}."
            )
    for message in ours.messages.values():
        frozen, written = _frozen_places(message), sorted(one.place for one in ours.locations_of(message))
        if frozen != written and message.state not in ("not_created", "abandoned"):
            findings.add(
                "sums that differ", f"{message.reference} asks for {len(frozen)} and has {len(written)}."
            )


def _kind(location: Location, message: Message) -> str | None:
    if location.ticket is not None:
        return "ticketed" if message.state in ("done", "unknown", "abandoned") else None
    return {
        "unknown": "in doubt",
        "rejected": "rejected",
        "held": "held",
        "cancelled": "cancelled",
        "not_created": "not created",
        "abandoned": "written off",
        "queued": "waiting",
        "claimed": "waiting",
        "sending": "waiting",
    }.get(message.state)


def _frozen_places(message: Message) -> list[Place]:
    text = dict(message.payload["fields"])["locations"]
    return sorted((row["location_name"], row.get("location_number", "")) for row in json.loads(text))


def _compare_bodies(
    ours: Ours, truth: Truth, submitted: Iterable[Submitted], media: Path, findings: Findings
) -> None:
    frozen, by_reference = bodies.Frozen(ours, media), ours.by_reference
    for record in truth.creates:
        message = by_reference.get(bodies.reference_in(record))
        if not bodies.is_whole(record):
            continue
        if message is None:
            findings.add(
                "bodies that differ", f"A create of {record.body_length} bytes is of no message of ours."
            )
        elif record.body_sha256 != frozen.hash_of(message):
            findings.add("bodies that differ", f"{message.reference}: what arrived is not what was frozen.")
    seen = {done.dispatch: done.hashes for done in submitted}
    for message in ours.messages.values():
        hashes = seen.get(int(message.reference.split("-")[1]), [])
        if not frozen.is_as_reviewed(message, hashes):
            findings.add("bodies that differ", f"{message.reference}: frozen is not what was reviewed.")


def check_pages(broken: Sequence[BrokenPage], blows: Sequence[Blow], findings: Findings) -> int:
    """Pages that broke for no reason. Returns how many broke because something was dead at that moment."""
    excused = 0
    for page in broken:
        if any(
            blow.name in ("postgres", "web") and blow.touches(page.asked_at, page.came_at) for blow in blows
        ):
            excused += 1
        else:
            findings.add("broken pages", f"{page.path} answered {page.status}.")
    return excused
