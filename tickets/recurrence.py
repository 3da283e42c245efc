"""Rule → days. Pure: which days a recurring dispatch is meant for, what a holiday makes of them, and all of it in words.

A day that the rule names stays the name of its occurrence for ever, also where a holiday moves the visit: that is
what makes "once for each occurrence" something a database can hold.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
from dateutil.rrule import MO, MONTHLY, WEEKLY, rrule, weekday

WEEKLY_ON, MONTHLY_ON_DAY, MONTHLY_ON_WEEKDAY = "weekly", "month day", "month weekday"
PATTERNS = (WEEKLY_ON, MONTHLY_ON_DAY, MONTHLY_ON_WEEKDAY)
AS_USUAL, SKIP, NEXT_WORKING_DAY = "as usual", "skip", "next working day"
ON_HOLIDAYS = (AS_USUAL, SKIP, NEXT_WORKING_DAY)
LAST = -1
ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", LAST: "last"}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_EVERY, MOST_TIMES = 52, 500
SHORTEST_MONTH = 28
# From a holiday to the next working day it is never farther: no federal holidays stand in such a row.
FARTHEST_MOVE = timedelta(days=14)
# Beyond this nobody plans, and a rule that never meets a day must end somewhere.
FARTHEST_LOOK = timedelta(days=366 * 12)


@dataclass(frozen=True)
class Rule:
    """When it repeats. `weekdays` are 0 (Monday) to 6; on an n-th weekday of the month there is exactly one."""

    pattern: str
    starts_on: date
    every: int = 1
    weekdays: tuple[int, ...] = ()
    day_of_month: int = 1
    nth: int = 1
    ends_on: date | None = None
    count: int | None = None
    on_holidays: str = AS_USUAL


@dataclass(frozen=True)
class Planned:
    """One occurrence: the day by the rule, the day of the visit (None: there is none), and why they differ."""

    day: date
    visit: date | None
    why: str = ""

    @property
    def is_moved(self) -> bool:
        return self.visit is not None and self.visit != self.day


def days(rule: Rule, until: date) -> list[date]:
    """The days the rule names, in order, up to and with `until`, whatever holidays say."""
    last = min(until, rule.ends_on or until)
    found: list[date] = []
    for moment in _rrule(rule):
        if moment.date() > last:
            break
        found.append(moment.date())
    return found


def _rrule(rule: Rule) -> rrule:
    start = datetime.combine(rule.starts_on, time())
    if rule.pattern == WEEKLY_ON:
        on = [weekday(number) for number in sorted(set(rule.weekdays))]
        # Weeks are counted from the Monday before the start, so that "every second week" is the same for all its days.
        return rrule(WEEKLY, start, rule.every, wkst=MO, byweekday=on, count=rule.count)
    if rule.pattern == MONTHLY_ON_WEEKDAY:
        on = [weekday(rule.weekdays[0], rule.nth)]
        return rrule(MONTHLY, start, rule.every, byweekday=on, count=rule.count)
    # Of the days from the 28th on, the last one that the month has: the 31st of a short month is its last day.
    ends = range(min(rule.day_of_month, SHORTEST_MONTH), rule.day_of_month + 1)
    return rrule(MONTHLY, start, rule.every, bymonthday=list(ends), bysetpos=-1, count=rule.count)


def planned(rule: Rule, until: date) -> list[Planned]:
    """Every occurrence whose day by the rule is not after `until`, in order; no two visits on one day."""
    ahead = days(rule, until + FARTHEST_MOVE)
    taken = {day for day in ahead if rule.on_holidays == AS_USUAL or not holiday_name(day)}
    found = []
    for day in ahead:
        one = Planned(day, day) if day in taken else _on_a_holiday(rule, day, taken)
        if one.is_moved and one.visit:
            taken.add(one.visit)
        if day <= until:
            found.append(one)
    return found


def _on_a_holiday(rule: Rule, day: date, taken: set[date]) -> Planned:
    name = holiday_name(day)
    if rule.on_holidays == SKIP:
        return Planned(day, None, f"{name}: no visit")
    moved = next_working_day(day)
    if moved in taken:
        return Planned(day, None, f"{name}: the next working day, {day_words(moved)}, has a visit of its own")
    return Planned(day, moved, f"{name}: moved from {day_words(day)}")


def upcoming(rule: Rule, after: date, number: int = 5) -> list[Planned]:
    """The next occurrences after this day, those that fall out among them, until `number` of them have a visit."""
    for look in (timedelta(days=400), FARTHEST_LOOK):
        found, visits = [], 0
        for one in planned(rule, max(after, rule.starts_on) + look):
            if one.day > after and visits < number:
                found.append(one)
                visits += one.visit is not None
        if visits == number:
            break
    return found


def next_working_day(day: date) -> date:
    """The first day after this one that is neither on a weekend nor a holiday."""
    following = day + timedelta(days=1)
    while following.weekday() > 4 or holiday_name(following):
        following += timedelta(days=1)
    return following


def holiday_name(day: date) -> str:
    """The US federal holiday on this day, observed ones too; "" on any other."""
    return _holidays(day.year).get(day, "")


@cache
def _holidays(year: int) -> dict[date, str]:
    return {
        day: name for day, name in holidays.country_holidays("US", years=year).items() if day.year == year
    }


def day_words(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def rule_words(rule: Rule) -> str:
    """`every second Tuesday`, `on the last Friday of every third month`."""
    if rule.pattern == WEEKLY_ON:
        names = _joined([WEEKDAYS[number] for number in sorted(set(rule.weekdays))])
        return f"every {_other(rule.every)}{names}" if len(rule.weekdays) == 1 else _weekly(rule.every, names)
    months = "every month" if rule.every == 1 else f"every {_other(rule.every)}month"
    if rule.pattern == MONTHLY_ON_WEEKDAY:
        return f"on the {ORDINALS[rule.nth]} {WEEKDAYS[rule.weekdays[0]]} of {months}"
    short = " (in a shorter month on its last day)" if rule.day_of_month > SHORTEST_MONTH else ""
    return f"on the {_ordinal(rule.day_of_month)} of {months}{short}"


def _weekly(every: int, names: str) -> str:
    return f"every {names}" if every == 1 else f"every {_other(every)}week on {names}"


def limits_words(rule: Rule) -> str:
    """`from Tue 1 Dec 2026, 10 times`."""
    first = f"from {day_words(rule.starts_on)}"
    if rule.count:
        return f"{first}, {rule.count} time{'' if rule.count == 1 else 's'}"
    return f"{first} until {day_words(rule.ends_on)}" if rule.ends_on else f"{first}, without an end"


def holidays_words(rule: Rule) -> str:
    return {
        AS_USUAL: "holidays make no difference",
        SKIP: "not on holidays",
        NEXT_WORKING_DAY: "on holidays the next working day instead",
    }[rule.on_holidays]


def _other(every: int) -> str:
    return "" if every == 1 else "second " if every == 2 else f"{_ordinal(every)} "


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _joined(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def moment(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """When it is this time there on that day, in UTC; of an hour that comes twice, the first."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def clock_notes(visit: date, before: date | None, start: time, zone: ZoneInfo) -> Iterator[str]:
    """What the clocks there do to this visit: put forward or back since the one before, or in that very night."""
    local = datetime.combine(visit, start, zone)
    name = zone.key.replace("_", " ")
    first, second = local.replace(fold=0).utcoffset(), local.replace(fold=1).utcoffset()
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        yield f"{start:%H:%M} does not exist in {name} that night: the clocks are put forward"
    elif first != second:
        yield f"{start:%H:%M} comes twice in {name} that night: the clocks are put back"
    earlier = datetime.combine(before, start, zone) if before else None
    if earlier and earlier.utcoffset() != local.utcoffset():
        yield f"{local.tzname()} instead of {earlier.tzname()} from here on; the time on the clock stays"
