"""What must hold after every step, held against the vendor's own log and against what people truly did."""

from collections import Counter, defaultdict
from typing import Any

from portal.models import Attempt, AuditEntry, Message, MessageTransition
from portal.models.messages import SETTLED, State
from portal.outbox import payload_hash
from portal.vendors.sandbox.truth import Record
from tests.flows.machine.world import World, references_of
from tickets.matching import place_key
from tickets.models import Location, PossibleDuplicate, Ticket

# What says for certain that nothing was done: after any other end, a request is never made again.
NOTHING_DONE = {307, 401, 403, 404, 405, 429}
MAY_FOLLOW = {
    "": {"queued", "held"},
    "queued": {"claimed", "held", "cancelled"},
    "held": {"queued", "cancelled"},
    "claimed": {"queued", "held", "sending"},
    "sending": {"done", "rejected", "queued", "held", "unknown"},
    "unknown": {"done", "rejected", "not_created", "abandoned"},
}
MAY_STILL_SEND = {State.QUEUED, State.CLAIMED, State.SENDING, State.HELD, State.UNKNOWN}
BY_PEOPLE = (
    "message.found_claimed",
    "message.not_found",
    "message.not_created",
    "message.not_found_withdrawn",
    "message.written_off",
    "message.cancelled",
    "message.released",
    "account.paused",
    "account.resumed",
    "dispatch.submitted",
)


class Books:
    """Everything of ours and everything of the vendor's, read once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.messages = {one.reference: one for one in Message.objects.select_related("renews")}
        self.locations = list(
            Location.objects.select_related("message", "ticket").prefetch_related("earlier_sendings__message")
        )
        self.tickets = {one.ticket_id: one for one in Ticket.objects.select_related("message", "location")}
        self.transitions = list(
            MessageTransition.objects.values_list("message__reference", "before", "after")
        )
        self.attempts: dict[str, list[Attempt]] = defaultdict(list)
        for attempt in Attempt.objects.select_related("message"):
            self.attempts[attempt.message.reference].append(attempt)
        self.requests: dict[str, list[Record]] = defaultdict(list)
        made_by = {
            str(one.correlation_id): reference
            for reference in self.attempts
            for one in self.attempts[reference]
        }
        for record in world.box.calls("create"):
            assert record.correlation in made_by, f"nobody wrote down the attempt {record.correlation}"
            self.requests[made_by[record.correlation]].append(record)
        self.at_vendor = world.box.tickets

    def sendings(self, location: Location) -> list[tuple[Message, int]]:
        """The messages a location is and was in, and its places there."""
        return [(location.message, location.index)] + [
            (earlier.message, earlier.index) for earlier in location.earlier_sendings.all()
        ]


def check(world: World) -> Books:
    books = Books(world)
    for law in (
        nothing_is_sent_twice,
        what_was_sent_is_what_was_frozen,
        states_follow_each_other_as_the_table_says,
        no_location_is_lost,
        a_location_has_one_ticket_for_each_sending,
        done_means_that_every_ticket_exists,
        rejected_means_that_nothing_exists,
        no_ticket_is_forgotten,
        answers_that_were_settled_are_known,
        second_sendings_rest_on_two_people,
        what_came_after_all_stops_the_second_sending,
        every_deed_is_in_the_audit_log,
    ):
        law(books)
    return books


def nothing_is_sent_twice(books: Books) -> None:
    for reference, records in books.requests.items():
        for record in records[:-1]:
            assert record.status in NOTHING_DONE, f"{reference} was sent again after {record.status}"
            assert not record.ticket_ids, f"{reference} was sent again after it was carried out"
    for reference, attempts in books.attempts.items():
        doubtful = [one for one in attempts if one.outcome not in ("not executed", "not sent")]
        assert len(doubtful) <= 1, f"{reference} had {len(doubtful)} attempts that may have done something"


def what_was_sent_is_what_was_frozen(books: Books) -> None:
    for reference, message in books.messages.items():
        first_seen = books.world.hashes.setdefault(reference, message.payload_hash)
        assert first_seen == message.payload_hash == payload_hash(message.payload), f"{reference} was changed"
        for record in books.requests[reference]:
            if record.parts and record.status != "cut short":
                assert record.parts == dict(message.payload["fields"]), f"{reference} was sent otherwise"


def states_follow_each_other_as_the_table_says(books: Books) -> None:
    back: Counter[str] = Counter()
    for reference, before, after in books.transitions:
        assert after in MAY_FOLLOW.get(before, ()), f"{reference}: {before} -> {after}"
        back[reference] += before == "sending" and after in ("queued", "held")
    for reference, times in back.items():
        proven = [one for one in books.attempts[reference] if one.outcome in ("not executed", "not sent")]
        assert times <= len(proven), f"{reference} went back without proof that nothing was done"


def no_location_is_lost(books: Books) -> None:
    assert len(books.locations) == books.world.locations
    places: dict[str, list[int]] = defaultdict(list)
    for location in books.locations:
        for message, index in books.sendings(location):
            places[message.reference].append(index)
        going = [message for message, _ in books.sendings(location) if message.state in MAY_STILL_SEND]
        assert len(going) <= 1, f"{location} may be sent by {going}"
    for reference, message in books.messages.items():
        is_taken_back = message.renews is not None and message.state == State.CANCELLED
        if not (is_taken_back and not places[reference]):
            assert sorted(places[reference]) == list(range(message.weight)), (reference, places[reference])


def a_location_has_one_ticket_for_each_sending(books: Books) -> None:
    """And each sending but the first rests on two people: see `second_sendings_rest_on_two_people`."""
    owners: dict[tuple[str, tuple[str, str]], list[int]] = defaultdict(list)
    for number, ticket in books.at_vendor.items():
        (reference,) = references_of(ticket) & set(books.messages)
        owners[reference, place_of(ticket)].append(number)
    known = {
        (message.reference, place_key(location.location_name, location.location_number))
        for location in books.locations
        for message, _ in books.sendings(location)
    }
    for (reference, place), numbers in owners.items():
        assert len(numbers) == 1, f"{reference} has {numbers} at {place}"
        assert (reference, place) in known, f"{numbers} of {reference} at {place} belong to no location"


def place_of(ticket: dict[str, Any]) -> tuple[str, str]:
    return place_key(ticket["location_name"] or "", ticket["location_number"] or "")


def done_means_that_every_ticket_exists(books: Books) -> None:
    for location in books.locations:
        ticket = getattr(location, "ticket", None)
        if ticket is None:
            assert location.message.state != State.DONE, f"{location.message} is done without {location}"
            continue
        told = books.at_vendor.get(ticket.ticket_id)
        assert told is not None, f"{location} has {ticket}, which the vendor does not know"
        assert ticket.message_id == location.message_id
        assert location.message.reference in references_of(told)
        assert place_of(told) == place_key(location.location_name, location.location_number)


def rejected_means_that_nothing_exists(books: Books) -> None:
    for ticket in books.at_vendor.values():
        for reference in references_of(ticket) & set(books.messages):
            assert books.messages[reference].state not in (State.REJECTED, State.CANCELLED), reference


def no_ticket_is_forgotten(books: Books) -> None:
    """What the vendor has is known, or somebody is told to look for it, or two people did and said it is not there."""
    raised = set(PossibleDuplicate.objects.values_list("ticket__ticket_id", flat=True))
    told_to_look = {State.SENDING, State.UNKNOWN, State.ABANDONED, State.NOT_CREATED}
    for number, told in books.at_vendor.items():
        if number in books.tickets:
            continue
        (reference,) = references_of(told) & set(books.messages)
        message = books.messages[reference]
        is_handed_on = reference in books.world.deeds.renewed_by
        assert message.state in told_to_look or is_handed_on, (
            f"{number} of {message} ({message.state}) is lost"
        )
    for ticket in books.tickets.values():
        is_placed = ticket.location is not None
        assert is_placed or ticket.ticket_id in raised, f"{ticket} of {ticket.message} is nobody's, unraised"


def answers_that_were_settled_are_known(books: Books) -> None:
    settled = {attempt.pk for attempt in books.world.settled}
    for reference, attempts in books.attempts.items():
        for attempt in attempts:
            is_open = attempt.finished_at is None
            assert not (is_open and attempt.pk in settled), f"{reference}: an answer was settled and is gone"
            if attempt.outcome != Attempt.Outcome.DONE:
                continue
            message = books.messages[reference]
            assert message.state in SETTLED, f"{reference} is {message.state} although its answer is here"
            made = [record.ticket_ids for record in books.requests[reference]][-1]
            assert set(made) <= set(books.tickets), f"{reference}: its answer named {made}"


def second_sendings_rest_on_two_people(books: Books) -> None:
    deeds = books.world.deeds
    for message in books.messages.values():
        if message.renews is not None:
            pairs = deeds.renewed_by.get(message.renews.reference, [])
            assert len(pairs) == 1, f"{message} is sent again by {pairs}"
            assert pairs[0][0] != pairs[0][1], f"{message} is sent again by one person alone"
            assert message.renews in message.repeats.all(), f"{message} does not say what it may repeat"
        if message.state == State.NOT_CREATED:
            assert message.reference in deeds.renewed_by
        if message.state == State.ABANDONED:
            assert message.reference in deeds.written_off


def what_came_after_all_stops_the_second_sending(books: Books) -> None:
    for reference, message in books.messages.items():
        if message.renews is None:
            continue
        for first in books.attempts[message.renews.reference]:
            for second in books.attempts[reference]:
                is_known = first.outcome == Attempt.Outcome.DONE and first.finished_at < second.started_at
                assert not is_known, f"{reference} was sent although the first answer had come"


def every_deed_is_in_the_audit_log(books: Books) -> None:
    world = books.world
    entries = AuditEntry.objects.filter(id__gt=world.first_entry, action__in=BY_PEOPLE).exclude(by=None)
    logged = Counter(entries.values_list("action", "by_name", "about_name"))
    assert logged == world.deeds.done
