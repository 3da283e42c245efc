"""What needs a person now: questions to the database whose answers the home page and the side bar show.

Each question is one query, whatever the number of rows; nothing here changes anything.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from portal.models import Message, User, VendorAccount
from portal.models.messages import LIVE, WAITING, State
from sites import zones
from tickets.board import LARGE
from tickets.models import (
    Case,
    Dispatch,
    Draft,
    EarlierSending,
    Location,
    Occurrence,
    PossibleDuplicate,
    Recurrence,
    Ticket,
)
from tickets.progress import Progress, progress_of
from tickets.work import Work, works_of

SHOWN = 8  # rows of one list; the page behind it has the rest
VISITS_SHOWN = 12
MOST_NEAR = 5000  # visits looked at to find today's
SOON = timedelta(hours=2)
OVERDUE = timedelta(hours=24)  # a visit without a technician that long ago is no longer news
CORRECTABLE = timedelta(days=30)
MISSED_LATELY = timedelta(days=3)


@dataclass(frozen=True)
class StuckMessage:
    """A message that waits for people, with the dispatch or case it belongs to."""

    message: Message
    work: Work
    places: str


@dataclass(frozen=True)
class Health:
    account: VendorAccount
    queue: int
    oldest: datetime | None


def messages_of(user: User, *states: State) -> QuerySet[Message]:
    """Messages in these states of a dispatch or a case this person may see."""
    return Message.objects.filter(_has_seen_location(user) | _is_of_seen_case(user), state__in=states)


def messages_visible_to(user: User) -> QuerySet[Message]:
    """Messages of every dispatch and case this person may see, those too that were sent anew by now."""
    seen = Dispatch.objects.visible_to(user)
    earlier = EarlierSending.objects.filter(message=OuterRef("pk"), location__dispatch__in=seen)
    return Message.objects.filter(
        _has_seen_location(user)
        | Exists(earlier)
        | _is_of_seen_case(user, "message__renews", "message__renews__renews")
    )


def _has_seen_location(user: User) -> Exists:
    seen = Dispatch.objects.visible_to(user)
    return Exists(Location.objects.filter(message=OuterRef("pk"), dispatch__in=seen))


def _is_of_seen_case(user: User, *earlier: str) -> Exists:
    its_own = Q(message=OuterRef("pk"))
    for name in (*earlier, "comments__message", "edits__message"):
        its_own |= Q(**{name: OuterRef("pk")})
    return Exists(Case.objects.visible_to(user).filter(its_own))


def unknown_messages(user: User) -> QuerySet[Message]:
    return messages_of(user, State.UNKNOWN)


def open_duplicates(user: User) -> QuerySet[PossibleDuplicate]:
    """Tickets that may be one too many, and of which nobody has said what was done about them."""
    return PossibleDuplicate.objects.filter(closed_at=None, ticket__in=Ticket.objects.visible_to(user))


def count_of_doubts(user: User) -> int:
    """What stands on the page of unknown outcomes."""
    duplicates = open_duplicates(user).order_by().values("pk")
    return unknown_messages(user).order_by().values("pk").union(duplicates, all=True).count()


def stuck_messages(user: User, *states: State) -> dict[str, list[StuckMessage]]:
    """For each state the first few, oldest first: they have waited longest."""
    place = Window(RowNumber(), partition_by="state", order_by="id")
    found = list(
        messages_of(user, *states)
        .annotate(place=place)
        .filter(place__lte=SHOWN)
        .select_related("created_by")
        .order_by("id")
    )
    rows: dict[int, list[Location]] = {message.pk: [] for message in found}
    for location in (
        Location.objects.filter(message__in=found).select_related("dispatch").order_by("position")
    ):
        rows[location.message_id].append(location)
    works = {pk: Work(places[0].dispatch) for pk, places in rows.items() if places}
    works |= works_of(message for message in found if message.pk not in works)
    stuck = [StuckMessage(one, works[one.pk], name_some(rows[one.pk])) for one in found if one.pk in works]
    return {state: [one for one in stuck if one.message.state == state] for state in states}


def name_some(locations: list[Location]) -> str:
    names = ", ".join(str(location) for location in locations[:3])
    return f"{names} and {len(locations) - 3} more" if len(locations) > 3 else names


def rejected_dispatches(user: User) -> list[Dispatch]:
    """Dispatches with rows the vendor refused for which nobody has begun a correction; `rejected` counts the rows."""
    corrected = Draft.objects.filter(corrects=OuterRef("pk"), discarded_at__isnull=True)
    refused = Q(locations__message__state__in=[State.REJECTED, State.NOT_CREATED], locations__ticket=None)
    found = Dispatch.objects.visible_to(user).filter(
        ~Exists(corrected), refused, submitted_at__gt=timezone.now() - CORRECTABLE
    )
    counted = found.annotate(rejected=Count("locations")).select_related("submitted_by")
    return list(counted.order_by("-pk")[:SHOWN])


def visits_without_technician(user: User) -> list[Ticket]:
    now = timezone.now()
    found = (
        Ticket.objects.visible_to(user)
        .open()
        .filter(
            technician_name="",
            technician_id__isnull=True,
            location__starts_at__range=(now - OVERDUE, now + SOON),
        )
    )
    return list(found.select_related("location", "dispatch").order_by("location__starts_at")[:SHOWN])


def visits_today(user: User) -> tuple[list[Location], int]:
    """Visits whose start is today where the site is, the first of them and how many more there are.

    A day is a different one in Boston and in Honolulu, so the days are compared here: of all that are near, no more
    than their times is read.
    """
    now = timezone.now()
    near = Location.objects.filter(
        dispatch__in=Dispatch.objects.visible_to(user),
        message__state__in=LIVE,
        starts_at__range=(now - timedelta(hours=24), now + timedelta(hours=24)),
    )
    times = near.order_by("starts_at", "pk").values_list("pk", "starts_at", "time_zone")[:MOST_NEAR]
    today = [pk for pk, starts_at, name in times if _is_today(starts_at, zones.zone(name), now)]
    shown = Location.objects.filter(pk__in=today[:VISITS_SHOWN]).defer(*LARGE)
    rows = list(shown.select_related("ticket", "message", "dispatch").order_by("starts_at", "pk"))
    return rows, len(today) - len(rows)


def _is_today(moment: datetime, zone: ZoneInfo, now: datetime) -> bool:
    return moment.astimezone(zone).date() == now.astimezone(zone).date()


def recurring_to_review(user: User) -> list[Occurrence]:
    """Drafts of recurring dispatches nobody has submitted or discarded, and what was missed lately; the next visit first."""
    drafts = Draft.objects.visible_to(user).open()
    seen = Recurrence.objects.visible_to(user)
    missed = Q(outcome=Occurrence.Outcome.MISSED, made_at__gt=timezone.now() - MISSED_LATELY)
    found = Occurrence.objects.filter(Q(draft__in=drafts) | missed, recurrence__in=seen)
    shown = found.select_related("recurrence", "draft__dispatch").order_by("day", "pk")
    large = ("what", "locations")
    return list(
        shown.defer(*(f"{kind}__{name}" for kind in ("draft", "recurrence") for name in large))[:SHOWN]
    )


def own_drafts(user: User) -> list[Draft]:
    return list(Draft.objects.visible_to(user).open().filter(created_by=user).order_by("-saved_at")[:5])


def latest_dispatches(user: User) -> list[tuple[Dispatch, Progress]]:
    """This person's own; for somebody who never submits, those they see."""
    found = Dispatch.objects.visible_to(user)
    if user.has_perm("tickets.submit_dispatch"):
        found = found.filter(submitted_by=user)
    latest = list(found.select_related("submitted_by").order_by("-pk")[:5])
    progress = progress_of(dispatch.pk for dispatch in latest)
    return [(dispatch, progress[dispatch.pk]) for dispatch in latest]


def health() -> list[Health]:
    """How each vendor account does: what waits for it, and since when."""
    waiting = Message.objects.filter(state__in=WAITING).values_list("account").order_by()
    queues = {key: (size, oldest) for key, size, oldest in waiting.annotate(Count("pk"), Min("created_at"))}
    return [
        Health(account, *queues.get(account.pk, (0, None)))
        for account in VendorAccount.objects.select_related("breaker")
    ]
