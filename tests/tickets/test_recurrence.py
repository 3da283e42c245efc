"""Rule → days: in order, none twice, inside the limits; month ends, n-th weekdays, leap days, holidays, clocks."""

from calendar import monthrange
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.recurrence import (
    AS_USUAL,
    LAST,
    MONTHLY_ON_DAY,
    MONTHLY_ON_WEEKDAY,
    NEXT_WORKING_DAY,
    ON_HOLIDAYS,
    PATTERNS,
    SKIP,
    WEEKLY_ON,
    Rule,
    clock_notes,
    days,
    holiday_name,
    limits_words,
    next_working_day,
    planned,
    rule_words,
    upcoming,
)

DAYS = st.dates(date(2024, 1, 1), date(2032, 12, 31))


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    pattern = draw(st.sampled_from(PATTERNS))
    starts_on = draw(DAYS)
    one = pattern == MONTHLY_ON_WEEKDAY
    ends_on, count = draw(
        st.sampled_from(
            [(None, None), (starts_on + timedelta(days=draw(st.integers(0, 900))), None), (None, 7)]
        )
    )
    return Rule(
        pattern,
        starts_on,
        every=draw(st.integers(1, 6)),
        weekdays=tuple(draw(st.sets(st.integers(0, 6), min_size=1, max_size=1 if one else 7))),
        day_of_month=draw(st.integers(1, 31)),
        nth=draw(st.sampled_from([1, 2, 3, 4, LAST])),
        ends_on=ends_on,
        count=count,
        on_holidays=draw(st.sampled_from(ON_HOLIDAYS)),
    )


@given(rules(), st.integers(0, 1500))
def test_days_are_in_order_none_twice_and_inside_the_limits(rule: Rule, ahead: int) -> None:
    until = rule.starts_on + timedelta(days=ahead)
    found = days(rule, until)
    assert found == sorted(set(found))
    assert all(rule.starts_on <= day <= min(until, rule.ends_on or until) for day in found)
    assert rule.count is None or len(found) <= rule.count
    if rule.pattern != MONTHLY_ON_DAY:
        assert {day.weekday() for day in found} <= set(rule.weekdays)


@given(rules(), st.integers(0, 1500))
def test_a_day_that_is_planned_stays_planned_however_far_one_looks(rule: Rule, ahead: int) -> None:
    near = planned(rule, rule.starts_on + timedelta(days=ahead))
    far = planned(rule, rule.starts_on + timedelta(days=ahead + 400))
    assert far[: len(near)] == near


@given(rules())
def test_every_day_has_one_occurrence_and_no_day_two_visits(rule: Rule) -> None:
    until = rule.starts_on + timedelta(days=1200)
    found = planned(rule, until)
    assert [one.day for one in found] == days(rule, until)
    visits = [one.visit for one in found if one.visit]
    assert len(visits) == len(set(visits))
    for one in found:
        if one.visit == one.day:
            assert rule.on_holidays == AS_USUAL or not holiday_name(one.day)
            assert one.why == ""
            continue
        assert rule.on_holidays != AS_USUAL
        assert holiday_name(one.day) in one.why
        assert one.visit is None or one.visit == next_working_day(one.day)


@given(rules(), DAYS)
def test_the_next_five_are_the_next_five(rule: Rule, after: date) -> None:
    found = upcoming(rule, after)
    visits = [one for one in found if one.visit]
    assert len(visits) <= 5
    assert all(one.day > after for one in found)
    if rule.count is None and rule.ends_on is None and rule.on_holidays == AS_USUAL:
        assert len(found) == 5


@given(st.integers(1, 31), st.integers(1, 12))
def test_a_month_has_its_day_or_its_last(day: int, month: int) -> None:
    rule = Rule(MONTHLY_ON_DAY, date(2027, month, 1), day_of_month=day, count=1)
    assert days(rule, date(2028, 1, 1)) == [date(2027, month, min(day, monthrange(2027, month)[1]))]


def test_the_31st_is_the_last_day_of_every_month_leap_years_too() -> None:
    rule = Rule(MONTHLY_ON_DAY, date(2028, 1, 31), day_of_month=31)
    assert days(rule, date(2028, 4, 30)) == [
        date(2028, 1, 31),
        date(2028, 2, 29),
        date(2028, 3, 31),
        date(2028, 4, 30),
    ]
    yearly = Rule(MONTHLY_ON_DAY, date(2027, 2, 1), every=12, day_of_month=29)
    assert days(yearly, date(2029, 1, 1)) == [date(2027, 2, 28), date(2028, 2, 29)]


def test_a_start_after_the_day_of_the_month_begins_in_the_next() -> None:
    rule = Rule(MONTHLY_ON_DAY, date(2027, 1, 20), day_of_month=15)
    assert days(rule, date(2027, 3, 1)) == [date(2027, 2, 15)]


def test_the_last_friday_and_the_second_tuesday() -> None:
    last = Rule(MONTHLY_ON_WEEKDAY, date(2027, 1, 1), weekdays=(4,), nth=LAST)
    assert days(last, date(2027, 2, 28)) == [date(2027, 1, 29), date(2027, 2, 26)]
    second = Rule(MONTHLY_ON_WEEKDAY, date(2027, 1, 13), every=3, weekdays=(1,), nth=2)
    assert days(second, date(2027, 7, 31)) == [date(2027, 4, 13), date(2027, 7, 13)]


def test_every_second_week_counts_from_the_week_of_the_start() -> None:
    rule = Rule(WEEKLY_ON, date(2026, 12, 3), every=2, weekdays=(0, 3))  # a Thursday
    assert days(rule, date(2026, 12, 31)) == [
        date(2026, 12, 3),
        date(2026, 12, 14),
        date(2026, 12, 17),
        date(2026, 12, 28),
        date(2026, 12, 31),
    ]


def test_holidays_skip_move_or_make_no_difference() -> None:
    monday = date(2027, 9, 6)  # Labor Day
    plain = Rule(WEEKLY_ON, monday, weekdays=(0,), count=1)
    assert planned(plain, monday)[0].visit == monday
    skipped = planned(Rule(WEEKLY_ON, monday, weekdays=(0,), count=1, on_holidays=SKIP), monday)[0]
    assert (skipped.visit, skipped.why) == (None, "Labor Day: no visit")
    moved = planned(Rule(WEEKLY_ON, monday, weekdays=(0,), count=1, on_holidays=NEXT_WORKING_DAY), monday)[0]
    assert (moved.visit, moved.why) == (date(2027, 9, 7), "Labor Day: moved from Mon 6 Sep 2027")


def test_a_moved_visit_does_not_fall_on_another() -> None:
    rule = Rule(WEEKLY_ON, date(2027, 9, 6), weekdays=(0, 1), on_holidays=NEXT_WORKING_DAY)
    first, second = planned(rule, date(2027, 9, 7))
    assert (first.visit, second.visit) == (None, date(2027, 9, 7))
    assert "has a visit of its own" in first.why


def test_two_holidays_in_a_row_are_not_moved_onto_one_day() -> None:
    # In 2026 the fourth of July is a Saturday, so the Friday before is a holiday as well.
    rule = Rule(WEEKLY_ON, date(2026, 7, 3), weekdays=(4, 5), on_holidays=NEXT_WORKING_DAY)
    assert [one.visit for one in planned(rule, date(2026, 7, 4))] == [date(2026, 7, 6), None]


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 11, 26), "Thanksgiving"),
        (date(2027, 6, 18), "Juneteenth"),  # observed: the 19th is a Saturday
        (date(2027, 12, 31), "New Year"),  # of 2028, observed in the year before
        (date(2026, 11, 27), ""),
    ],
)
def test_federal_holidays_and_the_days_they_are_observed(day: date, name: str) -> None:
    assert name in holiday_name(day)
    assert bool(name) == bool(holiday_name(day))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Rule(WEEKLY_ON, date(2027, 1, 1), weekdays=(1,)), "every Tuesday"),
        (Rule(WEEKLY_ON, date(2027, 1, 1), every=2, weekdays=(1,)), "every second Tuesday"),
        (Rule(WEEKLY_ON, date(2027, 1, 1), weekdays=(0, 2, 4)), "every Monday, Wednesday and Friday"),
        (
            Rule(WEEKLY_ON, date(2027, 1, 1), every=3, weekdays=(0, 2)),
            "every 3rd week on Monday and Wednesday",
        ),
        (
            Rule(MONTHLY_ON_WEEKDAY, date(2027, 1, 1), weekdays=(4,), nth=LAST),
            "on the last Friday of every month",
        ),
        (
            Rule(MONTHLY_ON_DAY, date(2027, 1, 1), every=2, day_of_month=31),
            "on the 31st of every second month (in a shorter month on its last day)",
        ),
    ],
)
def test_a_rule_in_plain_words(rule: Rule, words: str) -> None:
    assert rule_words(rule) == words


def test_limits_in_plain_words() -> None:
    begin = date(2027, 1, 1)
    assert limits_words(Rule(WEEKLY_ON, begin)) == "from Fri 1 Jan 2027, without an end"
    assert limits_words(Rule(WEEKLY_ON, begin, count=1)) == "from Fri 1 Jan 2027, 1 time"
    assert limits_words(Rule(WEEKLY_ON, begin, ends_on=begin)).endswith("until Fri 1 Jan 2027")


def test_what_the_clocks_do() -> None:
    zone = ZoneInfo("America/New_York")
    eight = time(8)
    assert list(clock_notes(date(2027, 3, 9), date(2027, 3, 2), eight, zone)) == []
    assert list(clock_notes(date(2027, 3, 16), date(2027, 3, 9), eight, zone)) == [
        "EDT instead of EST from here on; the time on the clock stays"
    ]
    (missing,) = clock_notes(date(2027, 3, 14), date(2027, 3, 7), time(2, 30), zone)
    assert "does not exist" in missing
    (twice,) = clock_notes(date(2027, 11, 7), None, time(1, 30), zone)
    assert "comes twice" in twice
