"""Visits that may be meant only once: the same place on the same day, here or in another dispatch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from portal.models import User
from portal.models.messages import LIVE, State
from tickets.forms.checking import CheckedLocation
from tickets.models import Dispatch, Draft, Location

MOST_SHOWN = 50


@dataclass(frozen=True)
class Repeat:
    """One sentence, and the dispatch it is about if that is another one."""

    sentence: str
    dispatch: Dispatch | None = None


def find_repeats(draft: Draft, locations: Sequence[CheckedLocation], *, by: User) -> list[Repeat]:
    """Nothing here forbids anything: two visits on one day can be meant."""
    if not locations:
        return []
    return [*_within(locations), *_elsewhere(draft, locations, by)][:MOST_SHOWN]


def _place(location: CheckedLocation | Location) -> tuple[str, str, str]:
    return location.account_macnum, location.location_name.casefold(), location.location_number.casefold()


def _within(locations: Sequence[CheckedLocation]) -> list[Repeat]:
    seen: dict[tuple[tuple[str, str, str], date], int] = {}
    found = []
    for location in locations:
        key = (_place(location), location.start_date.date())
        first = seen.setdefault(key, location.position)
        if first != location.position:
            found.append(
                Repeat(
                    f"{location.title} stands in this dispatch twice on {_day(location.start_date.date())} "
                    f"(locations {first + 1} and {location.position + 1}): two technicians will come."
                )
            )
    return found


def _elsewhere(draft: Draft, locations: Sequence[CheckedLocation], by: User) -> list[Repeat]:
    wanted = {(_place(location), location.start_date.date()): location for location in locations}
    near = Location.objects.filter(
        account_macnum__in={location.account_macnum for location in locations},
        starts_at__gte=min(location.starts_at for location in locations) - timedelta(days=1),
        starts_at__lte=max(location.starts_at for location in locations) + timedelta(days=1),
        message__state__in=(*LIVE, State.ABANDONED),
        dispatch__in=Dispatch.objects.visible_to(by),
    ).select_related("dispatch", "message", "ticket")
    found = []
    for other in near[:1000]:
        if (_place(other), other.local_start.date()) in wanted and other.dispatch_id != draft.pk:
            in_doubt = other.message.state in (State.UNKNOWN, State.ABANDONED) and not hasattr(
                other, "ticket"
            )
            has = "may already have" if in_doubt else "already has"
            sentence = f"{other} {has} a technician on {_day(other.local_start.date())} in"
            found.append(Repeat(sentence, other.dispatch))
    return found


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"
