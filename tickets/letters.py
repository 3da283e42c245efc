"""What a mail of reminders says, in plain text and in simple HTML. Reads, and changes nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Prefetch
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from portal.mail import one_line
from portal.models import Message, Resolution, User
from portal.models.messages import State
from portal.outbox.resolving import may_say_not_there_from
from portal.times import exact
from tickets.board import UNKNOWN_WORDS
from tickets.models import Location, Reminder
from tickets.windows import window_of
from tickets.work import UNKNOWN_CASE_WORDS, Work, works_of

About = Reminder.About
MOST_PLACES, MOST_PARTS = 10, 50
REFUSED_LATE = "The answer came late: the request was refused, so nothing was created."


@dataclass(frozen=True)
class Part:
    """One request or ticket the mail is about. `places` are its locations, each with its visit in the site's time."""

    headline: str
    reference: str
    link: str
    places: list[str] = field(default_factory=list)
    more: int = 0
    sentences: list[str] = field(default_factory=list)
    in_doubt: int = 0


@dataclass(frozen=True)
class Section:
    """Everything of one kind: what is to be known of it, and what to do now."""

    about: str
    title: str
    words: str
    steps: list[str]
    parts: list[Part]
    more: int = 0


@dataclass(frozen=True)
class Letter:
    """`told` are the keys of the reminders it carries; the others were about what is settled meanwhile."""

    subject: str
    text: str
    html: str
    told: list[int]


TITLES = {
    About.UNKNOWN: "Outcome unknown",
    About.SECOND_PERSON: "A second person is to look",
    About.DUPLICATE: "Possible duplicate",
    About.SETTLED: "Settled",
}
SENT = (About.UNKNOWN, About.SECOND_PERSON)
WORDS = {
    About.UNKNOWN: UNKNOWN_WORDS,
    About.SECOND_PERSON: f"{UNKNOWN_WORDS} One person looked at Granite and found nothing.",
    About.DUPLICATE: "These tickets exist at Granite and may send a technician once too often.",
    About.SETTLED: "You were told that the outcome was unknown. This is how it ended.",
}
STEPS = {
    About.UNKNOWN: [
        "Look for the reference at Granite, or ask Granite. It stands first in the customer ticket number.",
        "Open the link and say what came of it: Found it, Not there, or Write off.",
        "Until that is settled, do not submit these locations again: a second technician would drive.",
    ],
    About.SECOND_PERSON: [
        "Look for the reference at Granite yourself, or ask Granite.",
        "Open the link. If you find nothing either, confirm it; if something speaks against it, say so there.",
        "Nothing is sent before a second person has confirmed. Do not submit these locations yourself.",
    ],
    About.DUPLICATE: [
        "Ask Granite whether the ticket is one too many, and have it cancelled if it is.",
        "Open the link and say what was done about it.",
    ],
    About.SETTLED: [],
}


WORDS_OF_CASES = {
    About.UNKNOWN: UNKNOWN_CASE_WORDS,
    About.SECOND_PERSON: f"{UNKNOWN_CASE_WORDS} One person looked at GTT and found nothing.",
}
STEPS_OF_CASES = {
    About.UNKNOWN: [
        "Look for the reference at GTT, or ask GTT. It stands in the last line of the description.",
        "Open the link and say what came of it: Found it, Not there, or Write off.",
        "Until that is settled, do not raise this case again.",
    ],
    About.SECOND_PERSON: [
        "Look for the reference at GTT yourself, or ask GTT.",
        "Open the link. If you find nothing either, confirm it; if something speaks against it, say so there.",
        "Nothing is sent before a second person has confirmed. Do not raise this case yourself.",
    ],
}


def write_letter(person: User, reminders: list[Reminder]) -> Letter | None:
    """One mail with all of it; None if everything was settled meanwhile."""
    messages = _messages(reminders)
    still = [one for one in _latest(reminders) if _still_holds(one, messages[one.message_id])]
    if not still:
        return None
    told_too, works = _told_too(person, messages), works_of(messages.values())
    parts: dict[tuple[str, bool], list[Part]] = {}
    for one in still:
        work = works.get(one.message_id)
        is_of_case = one.about in SENT and work is not None and work.is_case
        part = _part(one, messages[one.message_id], work, told_too)
        parts.setdefault((one.about, is_of_case), []).append(part)
    order = [(about, is_of_case) for about in TITLES for is_of_case in (False, True)]
    sections = [_section(*kind, parts[kind]) for kind in order if kind in parts]
    context = {"name": one_line(person.name), "sections": sections, "portal": settings.PUBLIC_URL}
    told = {(one.message_id, one.about) for one in still}
    return Letter(
        subject="; ".join(_subject(section) for section in sections),
        text=render_to_string("tickets/mail/reminder.txt", context),
        html=render_to_string("tickets/mail/reminder.html", context),
        told=[one.pk for one in reminders if (one.message_id, one.about) in told],
    )


def _messages(reminders: Iterable[Reminder]) -> dict[int, Message]:
    locations = Location.objects.select_related("dispatch", "ticket").order_by("index")
    found = Message.objects.defer("payload").prefetch_related(
        Prefetch("locations", locations),
        "handed_on__location__dispatch",
        Prefetch("resolutions", Resolution.objects.select_related("opened_by").order_by("pk")),
    )
    return found.in_bulk({one.message_id for one in reminders})


def _latest(reminders: list[Reminder]) -> list[Reminder]:
    """Of several reminders of one outcome the last."""
    last = {(one.message_id, one.about, one.resolution_id, one.duplicate_id): one for one in reminders}
    return list(last.values())


def _still_holds(one: Reminder, message: Message) -> bool:
    if one.about == About.UNKNOWN:
        return message.is_unknown
    if one.about == About.SECOND_PERSON:
        return message.is_unknown and one.resolution is not None and one.resolution.is_open
    if one.about == About.DUPLICATE:
        return one.duplicate is not None and one.duplicate.closed_at is None
    return True


def _told_too(person: User, messages: dict[int, Message]) -> dict[int, list[str]]:
    """Who else was told of each message."""
    found: dict[int, list[str]] = {pk: [] for pk in messages}
    others = Reminder.objects.filter(message__in=list(messages)).exclude(person=person)
    for one in (
        others.select_related("person")
        .order_by("person_id", "message_id")
        .distinct("person_id", "message_id")
    ):
        found[one.message_id].append(one_line(one.person.name))
    return found


def _section(about: str, is_of_case: bool, parts: list[Part]) -> Section:
    shown = parts[:MOST_PARTS]
    kind = About(about)
    words, steps = (WORDS_OF_CASES, STEPS_OF_CASES) if is_of_case else (WORDS, STEPS)
    return Section(about, TITLES[kind], words[kind], steps[kind], shown, len(parts) - len(shown))


def _part(one: Reminder, message: Message, work: Work | None, told_too: dict[int, list[str]]) -> Part:
    others = ", ".join(told_too[message.pk])
    told = f"Also told: {others}." if others else "Nobody else was told."
    if one.about == About.DUPLICATE:
        return _duplicate(one, message, told)
    if one.about == About.SETTLED:
        return _settled(message)
    if work is not None and work.is_case:
        return _case(one, message, work, told)
    locations = [location for location in message.locations.all() if not hasattr(location, "ticket")]
    return Part(
        headline=f"{one_line(message.reference)}, {_technicians(len(locations))} in doubt",
        reference=one_line(message.reference),
        link=_link(reverse("tickets:unknown-one", args=[message.pk])),
        places=[_place(location) for location in locations[:MOST_PLACES]],
        more=max(len(locations) - MOST_PLACES, 0),
        sentences=[*_said(one, message), told],
        in_doubt=len(locations),
    )


def _case(one: Reminder, message: Message, work: Work, told: str) -> Part:
    return Part(
        headline=f"{one_line(message.reference)}, a case of which nobody knows whether it exists",
        reference=one_line(message.reference),
        link=_link(reverse("tickets:unknown-one", args=[message.pk])),
        places=[one_line(work.title)],
        sentences=[*_said(one, message), told],
    )


def _said(one: Reminder, message: Message) -> Iterator[str]:
    waiting = [
        said for said in message.resolutions.all() if said.kind == Resolution.Kind.NOT_THERE and said.is_open
    ]
    for said in waiting:
        yield f"{one_line(said.who)} found nothing and looked here: {one_line(said.note)}"
    possible_from = may_say_not_there_from(message)
    if one.about == About.UNKNOWN and not waiting and possible_from:
        yield f"“Not there” can be said from {exact(timezone.localtime(possible_from))}."


def _duplicate(one: Reminder, message: Message, told: str) -> Part:
    duplicate = one.duplicate
    assert duplicate is not None
    ticket = duplicate.ticket
    return Part(
        headline=f"Ticket {ticket.ticket_id} at Granite, {one_line(message.reference)}",
        reference=one_line(message.reference),
        link=_link(f"{reverse('tickets:unknown')}#duplicate-{duplicate.pk}"),
        places=[_place(ticket.location)]
        if ticket.location
        else [one_line(ticket.location_name) or "No location"],
        sentences=[one_line(duplicate.why), told],
    )


def _settled(message: Message) -> Part:
    handed_on = [sending.location for sending in message.handed_on.all()]
    locations = [*message.locations.all(), *handed_on]
    how = REFUSED_LATE if message.state == State.REJECTED else one_line(message.detail)
    return Part(
        headline=f"{one_line(message.reference)}: {message.get_state_display().lower()}",
        reference=one_line(message.reference),
        link=_link(reverse("tickets:unknown-one", args=[message.pk])),
        places=[_place(location) for location in locations[:MOST_PLACES]],
        more=max(len(locations) - MOST_PLACES, 0),
        sentences=[how] if how else [],
    )


def _place(location: Location) -> str:
    """The site's own clock, since that is when somebody may stand at the door."""
    ticket = getattr(location, "ticket", None)
    known = f", ticket {ticket.ticket_id}" if ticket else ""
    return f"{one_line(str(location))}: {window_of(location).site}{known}"


def _link(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}"


def _technicians(count: int) -> str:
    return f"{count} technician{'' if count == 1 else 's'}"


def _subject(section: Section) -> str:
    count = len(section.parts) + section.more
    if count > 1:
        doubt = sum(part.in_doubt for part in section.parts)
        words = f", {_technicians(doubt)} in doubt" if doubt and not section.more else ""
        noun = "tickets" if section.about == About.DUPLICATE else "requests"
        return f"{section.title}: {count} {noun}{words}"
    return f"{section.title}: {section.parts[0].headline}"
