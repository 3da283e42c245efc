"""Who is told what about outcomes nobody knows. Each fact is a row of its own, so that nobody is told it twice."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now

from portal import mail
from portal.models import Message, MessageTransition, Resolution, Team, User
from portal.models.messages import SETTLED, State
from portal.outbox.clock import database_now
from portal.outbox.resolving import may_say_not_there_from
from tickets.models import PossibleDuplicate, Reminder
from tickets.services import mailing
from tickets.work import Work, works_of

About = Reminder.About
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECOND_HOURS = 4 * HOUR
# Older news is no news: mail may have been set up only yesterday.
NEWS = timedelta(days=7)
PERMISSIONS_OF = "django.contrib.auth.backends.ModelBackend"


def remind() -> int:
    """Raise what is due and mail it. Returns how many mails left; without a mail server nothing happens."""
    if not mail.is_set_up():
        return 0
    raise_due()
    return mailing.send_due()


def raise_due() -> int:
    """Write down what people are to be told. Returns how many reminders are new; many workers may do this at once."""
    now = database_now()
    due = [*_unknown(now), *_for_second_people(), *_settled(now), *_duplicates(now)]
    known = _known({reminder.message_id for reminder in due})
    new = [reminder for reminder in due if _key(reminder) not in known]
    for reminder in new:
        reminder.raised_at = Now()
    Reminder.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def step_at(passed: timedelta, *, may_say_not_there: bool) -> int:
    """Which reminder is due: at once (0), when *Not there* becomes possible, after 1 h, after 4 h, then daily.

    Whoever could not be told in time is told once, and not for every step that went by.
    """
    if passed >= DAY:
        return 3 + passed // DAY
    if passed >= SECOND_HOURS:
        return 3
    if passed >= HOUR:
        return 2
    return 1 if may_say_not_there else 0


def whom_to_tell(work: Work) -> list[User]:
    """Its owner; where they cannot be told, or see it no more, those who could settle it."""
    owner = work.submitted_by
    if owner.is_active and owner.email and work.is_seen_by(owner):
        return [owner]
    return list(second_people(work.team))


def second_people(team: Team) -> QuerySet[User]:
    """Who may confirm that nothing was created: of this team, and managers, who see all teams."""
    all_seeing = User.objects.with_perm("portal.see_all_teams", backend=PERMISSIONS_OF)
    may_confirm: QuerySet[User] = User.objects.with_perm("tickets.confirm_resend", backend=PERMISSIONS_OF)
    near = Q(pk__in=team.members.values("pk")) | Q(pk__in=all_seeing.values("pk"))
    return may_confirm.filter(near, is_active=True).exclude(email="").order_by("pk")


def _unknown(now: datetime) -> Iterable[Reminder]:
    began = MessageTransition.objects.filter(message=OuterRef("pk"), after=State.UNKNOWN).order_by("-pk")
    since = Coalesce(Subquery(began.values("at")[:1]), "created_at")
    found = list(_messages(state=State.UNKNOWN).annotate(unknown_since=since))
    works, tell = works_of(found), cache(whom_to_tell)  # a dispatch has many messages
    for message in found:
        possible_from = may_say_not_there_from(message)
        step = step_at(
            now - message.unknown_since,
            may_say_not_there=possible_from is not None and now >= possible_from,
        )
        for person in tell(works[message.pk]) if message.pk in works else []:
            yield Reminder(person=person, about=About.UNKNOWN, message=message, step=step)


def _for_second_people() -> Iterable[Reminder]:
    waiting = Resolution.objects.filter(
        kind=Resolution.Kind.NOT_THERE, state=Resolution.State.OPEN, message__state=State.UNKNOWN
    )
    said = {one.message_id: one for one in waiting}
    second = cache(lambda team: list(second_people(team)))
    found = list(_messages(pk__in=list(said)))
    works = works_of(found)
    for message in found:
        first = said[message.pk]
        for person in second(works[message.pk].team) if message.pk in works else []:
            if person.pk != first.opened_by_id:
                yield Reminder(person=person, about=About.SECOND_PERSON, message=message, resolution=first)


def _settled(now: datetime) -> Iterable[Reminder]:
    """Who was told that an outcome is unknown is told how that ended."""
    ended = Reminder.objects.filter(
        message=OuterRef("message"), person=OuterRef("person"), about=About.SETTLED
    )
    told = Reminder.objects.filter(
        ~Exists(ended),
        about=About.UNKNOWN,
        is_told=True,
        message__state__in=SETTLED,
        message__settled_at__gt=now - NEWS,
    )
    for message, person in told.order_by().values_list("message", "person").distinct():
        yield Reminder(person_id=person, about=About.SETTLED, message_id=message)


def _duplicates(now: datetime) -> Iterable[Reminder]:
    found = PossibleDuplicate.objects.filter(closed_at=None, raised_at__gt=now - NEWS)
    told = Reminder.objects.filter(duplicate=OuterRef("pk"))
    new = list(found.filter(~Exists(told)).select_related("ticket__dispatch", "message"))
    works, tell = works_of(duplicate.message for duplicate in new), cache(whom_to_tell)
    for duplicate in new:
        for person in tell(works.get(duplicate.message_id) or Work(duplicate.ticket.dispatch)):
            yield Reminder(
                person=person, about=About.DUPLICATE, message=duplicate.message, duplicate=duplicate
            )


def _messages(**of: object) -> QuerySet[Message]:
    return Message.objects.filter(**of).defer("payload").order_by("pk")


Key = tuple[int, str, int, int, int | None, int | None]


def _key(one: Reminder) -> Key:
    return (one.person_id, one.about, one.message_id, one.step, one.resolution_id, one.duplicate_id)


def _known(messages: set[int]) -> set[Key]:
    fields = ("person_id", "about", "message_id", "step", "resolution_id", "duplicate_id")
    return set(Reminder.objects.filter(message__in=messages).values_list(*fields))
