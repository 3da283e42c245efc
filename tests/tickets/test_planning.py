"""Rows → messages: few, in order, within the limit, and never two of one name in a message."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.planning import chunks


@dataclass(frozen=True)
class Place:
    location_name: str
    location_number: str = ""
    own: dict[str, str] = field(default_factory=dict, hash=False)


def names(rows: list[Place], limit: int) -> list[list[str]]:
    return [[place.location_name for place in chunk.rows] for chunk in chunks(rows, limit)]


@pytest.mark.parametrize(
    ("given_names", "limit", "expected"),
    [
        ("", 10, []),
        ("a", 10, ["a"]),
        ("abc", 1, ["a", "b", "c"]),
        ("abcde", 2, ["ab", "cd", "e"]),
        ("aa", 10, ["a", "a"]),
        ("aabb", 10, ["ab", "ab"]),
        ("aAb", 10, ["ab", "A"]),
        ("abacad", 3, ["abc", "ad", "a"]),
    ],
)
def test_rows_go_into_the_first_message_that_takes_them(
    given_names: str, limit: int, expected: list[str]
) -> None:
    assert names([Place(name) for name in given_names], limit) == [list(group) for group in expected]


def test_the_number_tells_places_of_one_name_apart() -> None:
    assert len(chunks([Place("Store", "1"), Place("Store", "2")], 10)) == 1


def test_every_split_has_its_reason() -> None:
    full = chunks([Place("a"), Place("b"), Place("c")], 2)
    assert [chunk.reason for chunk in full] == ["", "the messages before it are full (2 locations each)"]
    twice = chunks([Place("a", "7"), Place("a", "7")], 2)
    assert "a (7) is already in a message before it" in twice[1].reason


def test_a_limit_below_one_is_a_bug() -> None:
    with pytest.raises(ValueError, match="at least one"):
        chunks([Place("a")], 0)


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("12"))), st.integers(1, 25))
def test_nothing_is_lost_doubled_or_too_much(rows: list[tuple[str, str]], limit: int) -> None:
    places = [Place(*row) for row in rows]
    found = chunks(places, limit)
    sent = [id(place) for chunk in found for place in chunk.rows]
    assert sorted(sent) == sorted(id(place) for place in places)
    for chunk in found:
        assert 1 <= len(chunk.rows) <= limit
        keys = [(place.location_name, place.location_number) for place in chunk.rows]
        assert len(set(keys)) == len(keys)
        positions = [next(i for i, p in enumerate(places) if p is place) for place in chunk.rows]
        assert positions == sorted(positions)


@given(st.integers(0, 120), st.integers(1, 25))
def test_distinct_places_need_no_more_messages_than_the_limit_asks_for(count: int, limit: int) -> None:
    assert len(chunks([Place(str(number)) for number in range(count)], limit)) == -(-count // limit)
