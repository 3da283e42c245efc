"""What we understand of whatever GTT says, and that nothing it says can stop the reading."""

from __future__ import annotations

import copy
import datetime as dt
import json
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.vendors.gtt import answers
from portal.vendors.gtt.answers import CaseOnWire, WebhookOnWire, cases_in, rows_of_list, webhook_in
from portal.vendors.gtt.moments import read_moment
from portal.vendors.reading import decode_json
from portal.vendors.sandbox.gtt.misfortunes import STYLES, in_style

CASE = {
    "kind": "case",
    "version": "v1alpha",
    "namespace": "7",
    "name": "CS0074187",
    "metadata": {},
    "spec": {
        "number": "CS0074187",
        "case_id": "0123456789abcdef0123456789abcdef",
        "short_description": "Site down – no connectivity",
        "description": "Both tunnels down since 09:10 UTC.",
        "case_type": "Incident",
        "priority": "1 - Critical",
        "category": "Secure Network",
        "subcategory": "Service Down",
        "state": "Open",
        "opened_at": "2026-01-15 09:12:44",
    },
}


def case(**spec) -> CaseOnWire:
    row = copy.deepcopy(CASE)
    row["spec"] |= spec
    return CaseOnWire.from_wire(row)


def notes(found: CaseOnWire) -> set[tuple[str, str]]:
    return {(note.kind, note.path) for note in found.drift}


def test_the_documented_answer_is_read_whole_and_without_drift():
    found = CaseOnWire.from_wire(CASE)
    for name, value in CASE["spec"].items():
        if name != "opened_at":
            assert getattr(found, name) == value
    assert (found.name, found.namespace, found.key) == ("CS0074187", "7", "CS0074187")
    assert found.opened.text == "2026-01-15 09:12:44"
    assert found.opened_at == dt.datetime(2026, 1, 15, 9, 12, 44, tzinfo=dt.UTC)
    assert found.opened.is_assumed
    assert (found.comments, found.has_comments, found.updated_at, found.drift) == ([], False, None, [])
    assert found.raw == CASE


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ({"kind": "case", "name": "CS1", "spec": {"number": "CS2"}}, "CS2"),
        ({"kind": "case", "name": "CS1", "number": "CS3", "spec": {}}, "CS3"),
        ({"kind": "case", "name": "CS0074187"}, "CS0074187"),
        ({"kind": "case", "spec": {"case_id": "a" * 32}}, "a" * 32),
        ({"kind": "case", "spec": {"name": "CS5"}}, "CS5"),
        ({"kind": "case", "spec": {"number": None}, "number": "CS6"}, "CS6"),
        ({"number": 74187}, "74187"),
        ({"kind": "case"}, ""),
        ({"kind": "case", "spec": []}, ""),
    ],
)
def test_the_number_stands_in_many_places(row, key):
    assert CaseOnWire.from_wire(row).key == key


@pytest.mark.parametrize(
    ("given_state", "state"),
    [("Open", "Open"), (10, "10"), ("Awaiting Carrier", "Awaiting Carrier"), (None, ""), ([1], ""), ({"a": 1}, ""),
     ({"display_value": "Open", "value": 1}, "Open")],
)  # fmt: skip
def test_a_state_is_a_word_or_a_number_and_shown_as_it_is(given_state, state):
    assert case(state=given_state).state == state


def test_unknown_words_and_fields_and_missing_ones_are_drift():
    row = copy.deepcopy(CASE) | {"apiGeneration": 7}
    row["spec"] |= {"impact": "high", "state": "New"}
    del row["spec"]["opened_at"], row["name"]
    found = CaseOnWire.from_wire(row, operation=answers.GET_CASE, known_states={"Open"})
    assert notes(found) == {
        ("unknown field", "apiGeneration"),
        ("unknown field", "spec.impact"),
        ("unknown word", "spec.state=New"),
        ("missing field", "spec.opened_at"),
        ("missing field", "name"),
    }
    assert {(note.vendor, note.operation) for note in found.drift} == {("gtt", "get case")}


def test_an_odd_system_id_is_kept_and_noted():
    found = case(case_id="ABC")
    assert found.case_id == "ABC"
    assert notes(found) == {("odd type", "spec.case_id")}


# Times


@pytest.mark.parametrize(
    ("value", "at", "is_assumed"),
    [
        ("2026-07-15 09:12:44", "2026-07-15T15:12:44", True),
        ("2026-01-15 09:12:44", "2026-01-15T16:12:44", True),
        ("2026-01-15T09:12:44", "2026-01-15T16:12:44", True),
        ("2026-01-15T09:12:44Z", "2026-01-15T09:12:44", False),
        ("2026-01-15 09:12:44+02:00", "2026-01-15T07:12:44", False),
        (1768468364, "2026-01-15T09:12:44", False),
        ("1768468364", "2026-01-15T09:12:44", False),
        (1768468364000, "2026-01-15T09:12:44", False),
    ],
)
def test_a_time_without_a_zone_is_of_the_assumed_one(value, at, is_assumed):
    moment = read_moment(value, ZoneInfo("America/Denver"))
    assert moment.at == dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC)
    assert (moment.text, moment.is_assumed) == (str(value), is_assumed)


@pytest.mark.parametrize(
    "value", ["", None, True, [], {}, "yesterday", "0001-01-01 00:00:00+14:00", 10**30, "9" * 13, 1e308]
)
def test_what_is_no_time_is_none_and_stays_as_text(value):
    moment = read_moment(value)
    assert moment.at is None or moment.at.year > 2200
    assert moment.text == (str(value) if isinstance(value, str | int | float) and value is not True else "")


def test_a_garbled_time_is_noted():
    found = case(opened_at="soon")
    assert (found.opened_at, found.opened.text) == (None, "soon")
    assert notes(found) == {("odd type", "spec.opened_at")}


@pytest.mark.parametrize("name", ["updated_at", "sys_updated_on"])
def test_the_time_of_the_last_change_is_found(name):
    assert case(**{name: "2026-01-15 10:00:00"}).updated_at == dt.datetime(2026, 1, 15, 10, tzinfo=dt.UTC)
    about = CaseOnWire.from_wire({**CASE, "metadata": {name: "2026-01-15 10:00:00Z"}})
    assert about.updated_at == dt.datetime(2026, 1, 15, 10, tzinfo=dt.UTC)


# Comments

JOURNAL = """2026-01-15 11:00:00 - Ruth Adeyemi (Additional comments)
It is back.

(We will watch it.)

2026-01-15 10:00:00 - our-client (Additional comments)
Still down."""


@pytest.mark.parametrize(
    ("comments", "texts"),
    [
        (None, []),
        ("", []),
        ([], []),
        ("Looking into it", ["Looking into it"]),
        (["One", "", "Two"], ["One", "Two"]),
        ({"text": "One"}, ["One"]),
        ([{"comment": "One"}, {"value": "Two"}, {"body": "Three"}], ["One", "Two", "Three"]),
        ([{"text": ""}, 7, None, [], {"text": "One"}], ["One"]),
        (7, []),
        (JOURNAL, ["Still down.", "It is back.\n\n(We will watch it.)"]),
    ],
)
def test_comments_come_in_many_forms(comments, texts):
    found = case(comments=comments)
    assert [comment.text for comment in found.comments] == texts
    assert found.has_comments is (comments is not None)


def test_a_comment_says_who_and_when():
    row = {"id": 7, "text": "Hello", "author": {"display_value": "Ruth"}, "created_at": "2026-01-15 10:00:00"}
    (comment,) = case(comments=[row]).comments
    assert (comment.id, comment.author, comment.is_ours) == ("7", "Ruth", None)
    assert comment.at == dt.datetime(2026, 1, 15, 10, tzinfo=dt.UTC)


def test_our_own_comments_are_known_by_their_author():
    row = {**CASE, "spec": {**CASE["spec"], "comments": JOURNAL}}
    found = CaseOnWire.from_wire(row, own_names={"our-client"})
    assert [(one.author, one.is_ours) for one in found.comments] == [
        ("our-client", True),
        ("Ruth Adeyemi", None),
    ]


# Finding cases in bodies


@pytest.mark.parametrize("name", ["data", "object", "resource", "payload", "body", "case", "item", "result"])
def test_a_case_is_found_wherever_it_is_wrapped(name):
    assert list(cases_in({"event": "create", name: CASE})) == [CASE]
    assert list(cases_in({"kind": "webhook", "name": "case-v1alpha-create", name: {"data": CASE}})) == [CASE]


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (CASE, 1),
        ([CASE, CASE], 2),
        ({"items": [CASE, 7, None]}, 1),
        ({"spec": {"number": "CS1"}}, 1),
        ({"number": "CS1"}, 1),
        ({"name": "CS0074187"}, 1),
        ({"kind": "Case"}, 1),
        ({"kind": "webhook", "name": "CS0074187", "spec": {"url": "x", "number": "CS1"}}, 0),
        ({"kind": "site", "name": "CS0074187"}, 0),
        ({"name": "BadRequest", "message": "no"}, 0),
        ({"error": "no"}, 0),
        ({"data": {"data": {"data": {"data": {"data": {"data": {"data": CASE}}}}}}}, 0),
        ("CS0074187", 0),
        (None, 0),
    ],
)
def test_what_is_a_case_and_what_is_not(data, count):
    assert len(list(cases_in(data))) == count


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        ([CASE], [CASE]),
        ({"items": [CASE]}, [CASE]),
        ({"results": []}, []),
        ({"data": None}, []),
        ({"data": {"cases": [CASE]}}, [CASE]),
        (CASE, [CASE]),
        ({"kind": "caseList", "items": None}, []),
        ({"message": "down for maintenance"}, None),
        ({}, None),
        ("x", None),
        (None, None),
    ],
)
def test_a_list_is_a_list_in_many_forms_and_nothing_else_is_an_empty_one(data, rows):
    assert rows_of_list(data) == rows


def test_a_subscription_is_read():
    row = {"kind": "webhook", "version": "v1", "name": "n",
           "spec": {"url": "https://p.example/", "version": "v1alpha", "kind": "case", "action": "create"}}  # fmt: skip
    found = WebhookOnWire.from_wire(row)
    assert (found.name, found.url, found.version, found.kind, found.action) == (
        "n", "https://p.example/", "v1alpha", "case", "create",
    )  # fmt: skip
    assert (found.raw, found.drift) == (row, [])
    assert webhook_in({"data": row}) == row
    assert webhook_in({"message": "no"}) is None
    assert webhook_in([]) is None


# Anything at all

WORDS = st.sampled_from(
    ["kind", "case", "spec", "name", "number", "case_id", "state", "opened_at", "updated_at", "comments", "metadata",
     "data", "items", "next", "text", "author", "created_at", "display_value", "CS0074187", "url", "webhook"]
)  # fmt: skip
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | WORDS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=25,
)


@given(ANYTHING)
def test_reading_never_fails_and_loses_nothing(data):
    data = decode_json(json.dumps(data).encode())
    before = copy.deepcopy(data)
    for row in [data] if isinstance(data, dict) else []:
        found = CaseOnWire.from_wire(row, known_states=set(), own_names={"a"})
        assert found.raw == row
        assert all(isinstance(text, str) for text in (found.key, found.state, found.opened.text))
        assert WebhookOnWire.from_wire(row).raw == row
    assert all(isinstance(row, dict) for row in cases_in(data))
    assert rows_of_list(data) is None or isinstance(rows_of_list(data), list)
    webhook_in(data)
    assert data == before


@pytest.mark.parametrize("style", STYLES)
def test_the_case_of_a_webhook_is_found_in_every_form_the_sandbox_knows(style):
    (row,) = cases_in(in_style(style, CASE, "update"))
    found = CaseOnWire.from_wire(row, operation=answers.CASE_EVENT)
    assert found.key == "CS0074187"
    assert found.says_something is (style != "minimal")
