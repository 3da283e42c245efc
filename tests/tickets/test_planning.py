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


KINDS = st.fixed_dictionaries({}, optional={"po_number": st.sampled_from("12"), "files": st.just(["a.pdf"])})


@given(
    st.lists(st.builds(Place, st.sampled_from("abcde"), st.sampled_from(["", "1"]), KINDS)),
    st.integers(1, 6),
)
def test_what_differs_never_shares_a_message(places: list[Place], limit: int) -> None:
    found = chunks(places, limit, {"po_number": "PO number"})
    assert sorted(map(id, places)) == sorted(id(row) for chunk in found for row in chunk.rows)
    order = {id(place): position for position, place in enumerate(places)}
    for chunk in found:
        assert len(chunk.rows) <= limit
        assert all(row.own == chunk.rows[0].own for row in chunk.rows)
        positions = [order[id(row)] for row in chunk.rows]
        assert positions == sorted(positions)
    first_of_each = [order[id(chunk.rows[0])] for chunk in found]
    assert first_of_each == sorted(first_of_each)
    assert [bool(chunk.reason) for chunk in found] == [position > 0 for position in range(len(found))]


def test_the_reason_names_what_differs() -> None:
    one, other = Place("a", "1", {"po_number": "7"}), Place("b", "2", {"files": ["a.pdf"]})
    reasons = [
        chunk.reason for chunk in chunks([one, other], 10, {"po_number": "PO number", "files": "Files"})
    ]
    assert reasons == ["", "Files and PO number differ from the message before it"]


def test_five_thousand_rows_of_their_own_are_planned_in_one_go() -> None:
    places = [Place("Store", str(number), {"initial_description": str(number)}) for number in range(5000)]
    assert len(chunks(places, 10)) == 5000


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
