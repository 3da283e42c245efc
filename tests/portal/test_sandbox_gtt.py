"""The sandbox's GTT is as strict as the pages of EnvisionDX, moves cases on, and never lies in its truth log."""

import json
import re

import pytest
import requests

from portal.vendors.sandbox import Sandbox
from portal.vendors.sandbox.gtt.faults import KINDS
from tests.portal import sandbox_parts
from tests.portal.sandbox_gtt_parts import (
    BASIC,
    GRANT,
    ROOT,
    call,
    create,
    envelope,
    fields_refused,
    read,
    take_token,
)


@pytest.fixture(scope="module")
def server():
    with Sandbox() as box:
        yield box


@pytest.fixture
def box(server):
    server.reset()
    return server


@pytest.fixture
def bearer(box):
    return {"Authorization": f"Bearer {take_token(box)}"}


# The token


def test_a_token_comes_with_all_fields_of_the_example(box):
    answer = requests.post(box.url + box.gtt.token_path, data=GRANT, auth=BASIC, timeout=5)
    body = answer.json()
    assert body.pop("access_token").startswith("eyJ")
    assert body == {
        "expires_in": 300,
        "refresh_expires_in": 1800,
        "token_type": "Bearer",
        "not-before-policy": 0,
        "scope": "email profile",
    }
    assert [record.client for record in box.calls("gtt.token")] == ["sandbox-client"]


@pytest.mark.parametrize(
    ("data", "auth", "status", "error"),
    [
        (GRANT, ("sandbox-client", "wrong"), 401, "unauthorized_client"),
        (GRANT, None, 401, "unauthorized_client"),
        ({"grant_type": "password"}, BASIC, 400, "unsupported_grant_type"),
        ({"other": "x"}, BASIC, 400, "invalid_request"),
        (GRANT | {"scope": "urn:grt:techexpress"}, BASIC, 400, "invalid_scope"),
        (json.dumps(GRANT), BASIC, 415, "HTTP 415 Unsupported Media Type"),
    ],
)
def test_no_token_otherwise(box, data, auth, status, error):
    answer = requests.post(box.url + box.gtt.token_path, data=data, auth=auth, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_the_two_vendors_do_not_take_each_others_tokens(box, bearer):
    assert requests.get(box.url + "/api/v1/tickets/1", headers=bearer, timeout=5).status_code == 401
    assert create(box, {}).status_code == 401
    box.revoke_tokens()
    assert create(box, bearer).status_code == 401
    assert box.gtt.cases == {}


# Creating


def test_a_case_gets_its_number_id_state_and_time(box, bearer):
    answer = create(box, bearer, name="mine", colour="red")
    case = answer.json()
    assert answer.status_code == 201
    assert re.fullmatch(r"CS\d{7}", case["name"])
    assert case["spec"]["number"] == case["name"]
    assert re.fullmatch(r"[0-9a-f]{32}", case["spec"]["case_id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", case["spec"]["opened_at"])
    assert (case["spec"]["state"], case["spec"]["comments"]) == ("Open", [])
    record = box.calls("gtt.create")[0]
    assert (record.status, record.case_names, record.ignored) == (201, [case["name"]], ["colour"])
    assert json.loads(record.text) == envelope(name="mine", colour="red")
    assert box.gtt.cases[case["name"]]["fields"]["category"] == "Secure Network"


BAD = [
    ("kind", {"kind": "site"}, {}),
    ("kind", {"kind": ...}, {}),
    ("version", {"version": "v1"}, {}),
    ("namespace", {"namespace": "7"}, {}),
    ("namespace", {"namespace": 142033}, {}),
    ("name", {"name": 5}, {}),
    ("metadata", {"metadata": []}, {}),
    ("spec.short_description", {}, {"short_description": "x" * 161}),
    ("spec.description", {}, {"description": ""}),
    ("spec.description", {}, {"description": None}),
    ("spec.priority", {}, {"priority": "1"}),
    ("spec.priority", {}, {"priority": 1}),
    ("spec.case_type", {}, {"case_type": "incident"}),
    *((f"spec.{key}", {}, {key: ...}) for key in ("short_description", "case_type", "priority", "category")),
]


@pytest.mark.parametrize(("field", "top", "spec"), BAD)
def test_a_bad_envelope_is_refused_with_the_place_named(box, bearer, field, top, spec):
    answer = create(box, bearer, spec, **top)
    assert (answer.status_code, fields_refused(answer)) == (400, [field])
    assert box.gtt.cases == {}


def test_without_a_spec_or_with_something_else_than_json_nothing_is_created(box, bearer):
    assert fields_refused(call(box, bearer, "POST", ROOT, envelope() | {"spec": "x"}))[0] == "spec"

    def post(data, kind):
        headers = bearer | {"Content-Type": kind}
        return requests.post(box.url + ROOT, data=data, headers=headers, timeout=5)

    assert post("{}", "text/plain").status_code == 415
    assert post("[" * 20_000, "application/json").status_code == 400
    assert post("[1]", "application/json").status_code == 400
    assert post("", "application/json").status_code == 400
    assert box.gtt.cases == {}


def test_paths_methods_and_namespaces(box, bearer):
    other = ROOT.replace("142033", "2135")
    answer = call(box, bearer, "POST", other, envelope(namespace="2135"))
    assert (answer.status_code, "2135" in answer.text) == (403, True)
    assert call(box, bearer, "POST", ROOT.replace("v1alpha", "v1"), envelope()).status_code == 404
    assert call(box, bearer, "GET", ROOT.replace("case", "site")).status_code == 404
    assert call(box, bearer, "GET", "/apis/x").status_code == 404
    answer = call(box, bearer, "DELETE", f"{ROOT}/CS0000001")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, PATCH, PUT")
    box.gtt.error_shape = "message"
    assert call(box, bearer, "GET", f"{ROOT}/CS0000001").json() == {"message": "There is no case CS0000001."}


# Reading


def test_a_case_is_read_by_number_and_by_id(box, bearer):
    case = create(box, bearer).json()
    assert read(box, bearer, case["name"]) == read(box, bearer, case["spec"]["case_id"]) == case
    box.gtt.book.zone = "America/New_York"
    assert read(box, bearer, case["name"])["spec"]["opened_at"] < case["spec"]["opened_at"]


@pytest.mark.parametrize("style", ["continue", "token", "next", "bare"])
def test_a_list_is_read_page_by_page_while_new_cases_come(box, bearer, style):
    names = [create(box, bearer).json()["name"] for _ in range(5)]
    box.gtt.list_style, box.gtt.page_size = style, 2
    url, query, seen = box.url + ROOT, {}, []
    while url:
        answer = requests.get(url, params=query, headers=bearer, timeout=5)
        body = answer.json()
        rows = body if style == "bare" else body.get("items") or body.get("results") or body.get("data")
        seen += [row["name"] for row in rows]
        if style == "bare":
            url = answer.links.get("next", {}).get("url")
        elif style == "next":
            url = body["next"]
        else:
            more = body.get("metadata", {}).get("continue") or body.get("nextPageToken")
            url, query = (url if more else None), {"continue": more}
        create(box, bearer)
    assert seen == names[::-1]


def test_nonsense_about_pages_is_refused(box, bearer):
    for query in ({"limit": "0"}, {"limit": "x"}, {"continue": "x"}, {"continue": "ö"}):
        assert call(box, bearer, "GET", ROOT, **query).status_code == 400


# Changing


def change(box, bearer, case, method="PUT", **spec):
    body = case | {"spec": {key: value for key, value in (case["spec"] | spec).items() if value is not ...}}
    return call(box, bearer, method, f"{ROOT}/{case['name']}", body)


def test_a_put_replaces_and_a_patch_merges(box, bearer):
    case = create(box, bearer).json()
    changed = change(box, bearer, case, priority="2 - High", description=...).json()
    assert (changed["spec"]["priority"], changed["spec"]["description"]) == ("2 - High", "")
    patch = {**envelope(), "spec": {"subcategory": "Slow"}}
    changed = call(box, bearer, "PATCH", f"{ROOT}/{case['spec']['case_id']}", patch).json()
    assert (changed["spec"]["subcategory"], changed["spec"]["priority"]) == ("Slow", "2 - High")
    assert [record.case_names for record in box.calls("gtt.update")] == [[case["name"]]] * 2
    updates = [(entry["by"], entry["fields"]) for entry in box.gtt.cases[case["name"]]["updates"]]
    ours = "sandbox-client"
    assert updates == [
        (ours, {"priority": "2 - High", "description": ""}),
        (ours, {"subcategory": "Slow"}),
    ]
    box.gtt.update_methods = {"PATCH"}
    answer = change(box, bearer, case)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, PATCH")


def test_a_put_that_changes_nothing_is_no_update(box, bearer):
    case = create(box, bearer, {"subcategory": ..., "description": ...}).json()
    box.advance(5)
    assert change(box, bearer, case).json() == case


def test_our_comments_are_kept_with_their_author_and_none_is_lost(box, bearer):
    case = create(box, bearer).json()
    case = change(box, bearer, case, comments="Power is on.").json()
    box.gtt.comment(case["name"], "Thank you.", author="Ruth")
    case = read(box, bearer, case["name"])
    rows = [*case["spec"]["comments"], {"text": "Still down."}]
    assert change(box, bearer, case, comments=rows).status_code == 200
    assert change(box, bearer, read(box, bearer, case["name"]), comments=...).status_code == 200
    shown = read(box, bearer, case["name"])["spec"]["comments"]
    assert [(row["author"], row["text"]) for row in shown] == [
        ("sandbox-client", "Power is on."),
        ("Ruth", "Thank you."),
        ("sandbox-client", "Still down."),
    ]


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"comments": "x" * 4001}, "spec.comments"),
        ({"comments": [{"text": " "}]}, "spec.comments"),
        ({"comments": 5}, "spec.comments"),
        ({"state": "Happy"}, "spec.state"),
        ({"case_id": "0" * 32}, "spec.case_id"),
        ({"opened_at": "2020-01-01 00:00:00"}, "spec.opened_at"),
        ({"priority": ...}, "spec.priority"),
    ],
)
def test_a_bad_update_changes_nothing(box, bearer, spec, field):
    case = create(box, bearer).json()
    answer = change(box, bearer, case, **spec)
    assert (answer.status_code, fields_refused(answer)) == (400, [field])
    assert read(box, bearer, case["name"]) == case


def test_an_update_of_an_older_state_or_of_a_closed_case_is_a_conflict(box, bearer):
    case = create(box, bearer).json()
    stale = {**case, "spec": {**case["spec"], "updated_at": "2020-01-01 00:00:00"}}
    assert change(box, bearer, stale, priority="2 - High").status_code == 409
    box.gtt.refuses_stale_updates = False
    assert change(box, bearer, stale, priority="2 - High", state="Resolved").status_code == 200
    box.gtt.move(case["name"], "Closed")
    assert change(box, bearer, read(box, bearer, case["name"]), comments="Hello?").status_code == 409
    assert box.gtt.cases[case["name"]]["comments"] == []
    assert change(box, bearer, case | {"name": "CS0000001"}).status_code == 404


# Moving


def test_a_case_moves_by_itself_and_engineers_write(box, bearer):
    cases = [create(box, bearer).json() for _ in range(2)]
    seen = {case["name"]: ["Open"] for case in cases}
    for _ in range(60):
        box.advance(10)
        for name, states in seen.items():
            spec = read(box, bearer, name)["spec"]
            states.append(spec["state"])
            assert len(spec["comments"]) == len(set(states)) - 1 - ("Closed" in states)
    seen = [list(dict.fromkeys(states)) for states in seen.values()]
    assert sorted(seen, key=len) == [
        ["Open", "In Progress", "Resolved", "Closed"],
        ["Open", "In Progress", "Pending Customer", "Resolved", "Closed"],
    ]


def test_all_steps_that_are_due_are_taken_each_at_its_moment(box, bearer):
    case = create(box, bearer).json()
    box.advance(100_000)
    shown = read(box, bearer, case["name"])["spec"]
    history = box.gtt.cases[case["name"]]["history"]
    assert shown["state"] == history[-1]["state"] == "Closed"
    assert history[1]["at"] - history[0]["at"] == pytest.approx(20)


def test_a_case_moved_by_script_stays_until_it_is_let_go(box, bearer):
    name = create(box, bearer).json()["name"]
    box.gtt.move(name, "With the moon")
    box.advance(10_000)
    assert read(box, bearer, name)["spec"]["state"] == "With the moon"
    box.gtt.move(name, "Open")
    box.gtt.let_go(name)
    box.advance(25)
    assert read(box, bearer, name)["spec"]["state"] == "In Progress"
    with pytest.raises(ValueError, match="no case"):
        box.gtt.move("CS1", "Open")


# Keeping


@pytest.mark.parametrize("how", ["ledger", "state_file"])
def test_cases_outlive_a_restart(tmp_path, how):
    with Sandbox(**{how: tmp_path / "kept"}) as box:
        bearer = {"Authorization": f"Bearer {take_token(box)}"}
        case = create(box, bearer).json()
        change(box, bearer, case, comments="Power is on.")
        other = create(box, bearer).json()["name"]
        box.gtt.move(case["name"], "Resolved")
        before = box.gtt.cases
    with Sandbox(**{how: tmp_path / "kept"}) as again:
        assert again.gtt.cases == before
        bearer = {"Authorization": f"Bearer {take_token(again)}"}
        assert create(again, bearer).json()["name"] > other
        again.reset()
    with Sandbox(**{how: tmp_path / "kept"}) as empty:
        assert empty.gtt.cases == {}


# Faults


@pytest.mark.parametrize(
    ("fault", "status", "exist"), [("409", 409, 0), ("503", 503, 0), ("500_after", 500, 1), ("204", 204, 1)]
)
def test_the_common_faults_meet_gtt_too(box, bearer, fault, status, exist):
    box.fail_next(fault, on="gtt.create")
    assert create(box, bearer).status_code == status
    assert len(box.gtt.cases) == exist
    assert box.truth[-1].fault == fault


def test_a_lost_answer_leaves_a_case_that_a_list_finds(box, bearer):
    box.fail_next("lose_answer", on="gtt.create")
    with pytest.raises(requests.ConnectionError):
        create(box, bearer)
    (case,) = call(box, bearer, "GET", ROOT).json()["items"]
    assert box.truth[-2].case_names == [case["name"]]
    assert "[ref CSE-000001-1]" in case["spec"]["description"]


def test_all_of_gtt_may_fail_and_granite_does_not(box, bearer):
    box.fail_next("503", on="gtt.any", chance=1)
    assert create(box, bearer).status_code == 503
    assert call(box, bearer, "GET", ROOT).status_code == 503
    of_granite = {"Authorization": f"Bearer {sandbox_parts.take_token(box)}"}
    assert sandbox_parts.create(box, of_granite).status_code == 200
    box.clear_faults()
    assert create(box, bearer).status_code == 201


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("operation", ["gtt.create", "gtt.get", "gtt.list"])
def test_each_odd_answer_is_odd_and_the_case_is_not(box, bearer, kind, operation):
    if operation != "gtt.create":
        case = create(box, bearer).json()
    path = f"{ROOT}/{case['name']}" if operation == "gtt.get" else ROOT
    proper = None if operation == "gtt.create" else call(box, bearer, "GET", path).json()
    box.fail_next(kind.name, on=operation)
    if operation == "gtt.create":
        answer = create(box, bearer)
        assert len(box.gtt.cases) == (0 if kind.instead else 1)
        proper = {} if kind.instead else read(box, bearer, *box.gtt.cases)
    else:
        answer = call(box, bearer, "GET", path)
        assert call(box, bearer, "GET", path).json() == proper
    assert box.faults == []
    assert answer.status_code in (200, 201, 204, 400)
    assert answer.status_code == 204 or answer.json() != proper


def test_a_case_may_be_read_with_a_number_for_a_state(box, bearer):
    name = create(box, bearer).json()["name"]
    box.fail_next("state_number", on="gtt.get")
    assert read(box, bearer, name)["spec"]["state"] == 10
    box.fail_next("number_on_top", on="gtt.get")
    odd = read(box, bearer, name)
    assert (odd["number"], "name" in odd, "number" in odd["spec"]) == (name, False, False)
