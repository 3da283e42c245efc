"""GTT's wire: what we send to the byte, where it goes, and how a list goes on."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from portal.vendors.errors import Exchange
from portal.vendors.gtt import paging, wire
from portal.vendors.gtt.paths import case_path, path_of, webhook_path
from portal.vendors.gtt.wire import NewCase, NewWebhook, as_bytes

FIRST = "/apis/v1alpha/namespaces/7/case"


def test_a_new_case_has_the_contracts_envelope_and_no_blanks():
    case = NewCase(
        short_description="Site down – no connectivity",
        description="Both tunnels down since 09:10 UTC.",
        case_type="Incident",
        priority="1 - Critical",
        category="Secure Network",
        subcategory=" ",
    )
    assert as_bytes(case.to_body("7")).decode() == (
        '{"kind":"case","version":"v1alpha","namespace":"7","spec":{"short_description":"Site down – no connectivity",'
        '"description":"Both tunnels down since 09:10 UTC.","case_type":"Incident","priority":"1 - Critical",'
        '"category":"Secure Network"}}'
    )


def test_a_required_blank_is_sent_and_refused_there_rather_than_left_out_here():
    case = NewCase(short_description="", case_type="Incident", priority="1 - Critical", category="x")
    assert case.to_body("7")["spec"]["short_description"] == ""


def test_a_subscription_watches_one_action():
    body = NewWebhook(name="case-v1alpha-create", url="https://portal.example/h/", action="create").to_body(
        "7"
    )
    assert body == {
        "kind": "webhook",
        "version": "v1",
        "namespace": "7",
        "name": "case-v1alpha-create",
        "metadata": {},
        "spec": {
            "url": "https://portal.example/h/",
            "version": "v1alpha",
            "kind": "case",
            "action": "create",
        },
    }
    other = json.loads(wire.with_version(as_bytes(body), "v1alpha"))
    assert other == {**body, "version": "v1alpha"}


def test_a_change_is_the_whole_case_without_what_was_said_before():
    raw = {
        "kind": "case",
        "version": "v1alpha",
        "namespace": "7",
        "name": "CS1",
        "metadata": {"labels": {"a": "b"}},
        "apiGeneration": 7,
        "spec": {"number": "CS1", "state": "Open", "comments": [{"id": "1", "text": "Hello"}], "odd": [1]},
    }
    before = json.dumps(raw)
    assert wire.merged(raw, {"state": "Resolved"}) == {
        **raw,
        "spec": {"number": "CS1", "state": "Resolved", "odd": [1]},
    }
    assert wire.merged(raw, {"comments": "Done"})["spec"]["comments"] == "Done"
    assert json.dumps(raw) == before


def test_a_change_of_a_case_without_an_envelope_is_given_one():
    merged = wire.merged({"name": "CS1", "spec": None, "comments": "x"}, {"state": "Open"}, namespace="7")
    assert merged == {
        "kind": "case",
        "version": "v1alpha",
        "namespace": "7",
        "name": "CS1",
        "spec": {"state": "Open"},
    }


def test_the_namespace_of_a_body():
    assert wire.namespace_in(b'{"namespace":"7"}') == "7"
    assert wire.namespace_in(b'{"namespace":7}') == ""
    with pytest.raises(ValueError, match="JSON object"):
        wire.namespace_in(b"[]")


# Addresses


def test_addresses_follow_one_grammar_and_nothing_breaks_out_of_it():
    assert case_path("7") == FIRST
    assert case_path("7", "CS0074187") == FIRST + "/CS0074187"
    assert webhook_path("142033") == "/apis/v1/namespaces/142033/webhook"
    assert webhook_path("142033", "v1alpha") == "/apis/v1alpha/namespaces/142033/webhook"
    assert (
        case_path("a/b", "CS1/../../x?y#z") == "/apis/v1alpha/namespaces/a%2Fb/case/CS1%2F..%2F..%2Fx%3Fy%23z"
    )


@pytest.mark.parametrize(
    ("namespace", "name"), [("", "CS1"), (" ", "CS1"), ("7", ".."), ("7", "."), ("..", "")]
)
def test_what_cannot_be_a_part_of_an_address_is_refused(namespace, name):
    with pytest.raises(ValueError, match="no address"):
        path_of("case", namespace, name, version="v1alpha")


# Pages of a list


def exchange(link: str = "") -> Exchange:
    headers = {"link": link} if link else {}
    now = dt.datetime.now(dt.UTC)
    return Exchange("GET", "", {}, "", now, "c", status=200, response_headers=headers)


def following(data: object, *, link: str = "", base: str = "https://gtt.example", asked: str = FIRST):
    return paging.following(data, exchange(link), base_url=base, first=FIRST, asked=asked)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([], None),
        ({"items": []}, None),
        ({"items": [], "next": None, "metadata": {"continue": ""}}, None),
        ({"metadata": "none"}, None),
        ({"next": "?page=2"}, FIRST + "?page=2"),
        ({"next": FIRST + "?page=2"}, FIRST + "?page=2"),
        ({"next": "https://GTT.example" + FIRST + "?page=2&limit=5"}, FIRST + "?page=2&limit=5"),
        ({"next": 2}, FIRST + "?page=2"),
        ({"next": "abc=&"}, FIRST + "?next=abc%3D%26"),
        ({"links": {"next": {"href": "?p=2"}}}, FIRST + "?p=2"),
        ({"_links": {"next": "?p=2"}}, FIRST + "?p=2"),
        ({"nextPageToken": "a b"}, FIRST + "?pageToken=a+b"),
        ({"metadata": {"continue": "xyz"}}, FIRST + "?continue=xyz"),
    ],
)
def test_every_usual_way_to_go_on_is_understood(data, expected):
    assert following(data) == (expected, True)


@pytest.mark.parametrize(
    "link", ['<?page=2>; rel="next"', f'<x>; rel=first, <{FIRST}?page=2>;  REL=next; title="x"']
)
def test_a_link_header_is_understood(link):
    assert following([], link=link) == (FIRST + "?page=2", True)
    assert following([], link='<?page=1>; rel="prev"') == (None, True)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example" + FIRST + "?page=2",
        "http://gtt.example" + FIRST,
        "https://gtt.example:8443" + FIRST,
        "//evil.example" + FIRST,
        "https://gtt.example@evil.example" + FIRST,
        "https://gtt.example/apis/v1alpha/namespaces/8/case",
        "/elsewhere",
        "http://[",
        "http://localhost:8080" + FIRST,
    ],
)
def test_a_link_elsewhere_is_not_followed_and_the_list_is_known_to_be_cut(link):
    assert following({"next": link}) == (None, False)


def test_a_list_that_leads_to_itself_ends():
    assert following({"next": "?page=2"}, asked=FIRST + "?page=2") == (None, False)


def test_a_base_address_with_a_path_stays_out_of_the_next_page():
    found = following(
        {"next": "https://gtt.example/v/" + FIRST[1:] + "?page=2"}, base="https://gtt.example/v"
    )
    assert found == (FIRST + "?page=2", True)
