"""Visits that may be meant only once: the same place on the same day, here or in another dispatch."""

import hashlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse

from portal.models import User
from portal.models.messages import LIVE, State
from sites import zones
from tickets.forms.checking import CheckedLocation
from tickets.models import Case, Dispatch, Draft, Location

OFTEN, WITHIN = 3, timedelta(days=30)
FIELDS = (
    "pk",
    "site_id",
    "account_macnum",
    "location_name",
    "location_number",
    "starts_at",
    "ends_at",
    "time_zone",
    "dispatch_id",
    "message__state",
    "ticket__pk",
    "ticket__ticket_id",
    "ticket__date_resolved",
)
Key = tuple[object, ...]


@dataclass(frozen=True)
class Repeat:
    """One row of a draft and the visit it may repeat. The fingerprint stays the same as long as both do."""

    sentence: str
    key: str  # of the row
    position: int
    fingerprint: str
    dispatch: Dispatch | None = None
    ticket: int | None = None  # our key of it
    ticket_id: int | None = None  # Granite's
    case: Case | None = None

    @property
    def ticket_url(self) -> str:
        return reverse("tickets:ticket", args=[self.ticket]) if self.ticket else ""


@dataclass(frozen=True)
class OftenVisited:
    """A place to which somebody comes again and again. A warning: nothing is asked."""

    sentence: str
    url: str


@dataclass(frozen=True)
class Found:
    repeats: list[Repeat]
    often: list[OftenVisited]


@dataclass(frozen=True)
class _Visit:
    """Another dispatch's location, as far as it matters here. The fields are FIELDS, in their order."""

    pk: int
    site: int | None
    account_macnum: str
    location_name: str
    location_number: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    dispatch: int
    state: str
    ticket: int | None
    ticket_id: int | None
    resolved_at: datetime | None

    @property
    def day(self) -> date:
        return self.starts_at.astimezone(zones.zone(self.time_zone)).date()

    @property
    def title(self) -> str:
        return (
            f"{self.location_name} ({self.location_number})" if self.location_number else self.location_name
        )

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None


def find_repeats(draft: Draft, locations: Sequence[CheckedLocation], *, by: User) -> list[Repeat]:
    """Visits about which a person has to say that they are meant, or leave them out."""
    return look(draft, locations, by=by).repeats


def look(draft: Draft, locations: Sequence[CheckedLocation], *, by: User) -> Found:
    """Everything odd about these visits beside those this person sees. Three questions, however many rows."""
    if not locations:
        return Found([], [])
    visits = _visits(draft, locations, by)
    noun = "rows" if draft.is_sheet else "locations"
    in_order = sorted(locations, key=lambda location: location.position)
    return Found(
        [*_within(in_order, noun), *_elsewhere(in_order, visits), *_beside_cases(draft, in_order, by)],
        _often(in_order, visits),
    )


def _keys(place: CheckedLocation | _Visit) -> list[Key]:
    """Two places that share one are the same: Granite's account with its name and number, or a site of ours.

    A row that was copied from a site's and typed over still names the site: something else must agree too.
    """
    name, number = place.location_name.strip().casefold(), place.location_number.strip().casefold()
    keys: list[Key] = [(place.account_macnum, name, number)]
    if place.site:
        agreeing = (("macnum", place.account_macnum), ("name", name), ("number", number))
        keys += [("site", place.site, what, value) for what, value in agreeing if value]
    return keys


def _within(locations: Sequence[CheckedLocation], noun: str) -> list[Repeat]:
    seen: dict[tuple[Key, date], CheckedLocation] = {}
    found = []
    for location in locations:
        day, keys = location.start_date.date(), _keys(location)
        first = next((seen[key, day] for key in keys if (key, day) in seen), None)
        for key in keys:
            seen.setdefault((key, day), location)
        if first:
            sentence = (
                f"{location.title} stands in this dispatch twice on {_day(day)} "
                f"({noun} {first.position + 1} and {location.position + 1}): two technicians will come."
            )
            print_ = _fingerprint("within", first.key, location.key, keys[0], day)
            found.append(Repeat(sentence, location.key, location.position, print_))
    return found


def _elsewhere(locations: Sequence[CheckedLocation], visits: dict[Key, list[_Visit]]) -> list[Repeat]:
    pairs = []
    for location in locations:
        near = {visit.pk: visit for key in _keys(location) for visit in visits.get(key, ())}
        pairs += [(location, visit) for visit in near.values() if visit.is_open and _meet(location, visit)]
    dispatches = Dispatch.objects.in_bulk({visit.dispatch for _, visit in pairs}) if pairs else {}
    return [_repeat(location, visit, dispatches[visit.dispatch]) for location, visit in pairs]


def _meet(location: CheckedLocation, visit: _Visit) -> bool:
    is_same_day = location.start_date.date() == visit.day
    return is_same_day or (location.starts_at < visit.ends_at and visit.starts_at < location.ends_at)


def _repeat(location: CheckedLocation, visit: _Visit, dispatch: Dispatch) -> Repeat:
    in_doubt = visit.state in (State.UNKNOWN, State.ABANDONED) and visit.ticket is None
    has = "may already have" if in_doubt else "already has"
    return Repeat(
        f"{visit.title} {has} a technician on {_day(visit.day)} in",
        location.key,
        location.position,
        _fingerprint("other", location.key, visit.pk, location.start_date.date()),
        dispatch,
        visit.ticket,
        visit.ticket_id,
    )


def _beside_cases(draft: Draft, locations: Sequence[CheckedLocation], by: User) -> list[Repeat]:
    """Cases open at these sites: GTT may be at work on the same. Those this dispatch is for are meant."""
    sites = {location.site for location in locations if location.site}
    if not sites:
        return []
    open_here = Case.objects.visible_to(by).open().filter(site__in=sites, message__state__in=LIVE)
    meant = Case.objects.filter(incidents__drafts=draft).values("pk")
    found: dict[int, Case] = {}
    for one in open_here.exclude(pk__in=meant).defer("raw", "search", "description").order_by("pk"):
        found.setdefault(one.site_id or 0, one)
    return [
        Repeat(
            f"{location.title} has an open case at GTT, “{case.short_description}”:",
            location.key,
            location.position,
            _fingerprint("case", location.key, case.pk),
            case=case,
        )
        for location in locations
        if (case := found.get(location.site or 0))
    ]


def _often(locations: Sequence[CheckedLocation], visits: dict[Key, list[_Visit]]) -> list[OftenVisited]:
    """Places with at least three visits within thirty days, this one among them; each place once."""
    here: dict[Key, list[CheckedLocation]] = defaultdict(list)
    for location in locations:
        for key in _keys(location):
            here[key].append(location)
    found, told = [], set[Key]()
    for location in locations:
        keys = _keys(location)
        if told.intersection(keys):
            continue
        ours = {other.key: other.starts_at for key in keys for other in here[key]}
        theirs = {visit.pk: visit.starts_at for key in keys for visit in visits.get(key, ())}
        count = _most_around(location.starts_at, [*ours.values(), *theirs.values()])
        if count >= OFTEN:
            told.update(keys)
            words = f"{location.title} gets {count} visits within {WITHIN.days} days with this one."
            query = urlencode({"q": location.location_number or location.location_name})
            found.append(OftenVisited(words, f"{reverse('tickets:tickets')}?{query}"))
    return found


def _most_around(moment: datetime, others: Iterable[datetime]) -> int:
    """How many lie in the fullest span of thirty days that holds this moment."""
    times = sorted(others)
    return max(
        bisect_right(times, first + WITHIN) - index
        for index, first in enumerate(times)
        if first <= moment <= first + WITHIN
    )


def _visits(draft: Draft, locations: Sequence[CheckedLocation], by: User) -> dict[Key, list[_Visit]]:
    """What else was sent to these places or will be, thirty days around. By each of the place's keys."""
    there = Q(account_macnum__in={location.account_macnum for location in locations})
    if sites := {location.site for location in locations if location.site}:
        there |= Q(site__in=sites)
    near = Location.objects.filter(
        there,
        starts_at__gte=min(location.starts_at for location in locations) - WITHIN,
        starts_at__lte=max(location.starts_at for location in locations) + WITHIN,
        message__state__in=(*LIVE, State.ABANDONED),
        dispatch__in=Dispatch.objects.visible_to(by),
    ).exclude(dispatch=draft.pk)
    wanted = {key for location in locations for key in _keys(location)}
    found: dict[Key, list[_Visit]] = defaultdict(list)
    for row in near.order_by("starts_at", "pk").values_list(*FIELDS):
        visit = _Visit(*row)
        for key in _keys(visit):
            if key in wanted:
                found[key].append(visit)
    return found


def _fingerprint(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"
