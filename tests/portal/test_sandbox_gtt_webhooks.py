"""The sandbox's GTT tells subscribers what happens to a case: really, over HTTP, and as badly as it was told to."""

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from portal.vendors.sandbox import Sandbox
from portal.vendors.sandbox.gtt.misfortunes import MISFORTUNES
from tests.portal.sandbox_gtt_parts import (
    HOOKS,
    NAMESPACE,
    call,
    create,
    fields_refused,
    read,
    take_token,
)


class Receiver(ThreadingHTTPServer):
    """Somebody who has subscribed. Keeps what came, and answers 202."""

    daemon_threads = True

    def __init__(self):
        self.got = []
        self.status = 202
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/hooks/gtt/secret/?x=1"
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    @property
    def cases(self):
        return [json.loads(body) for _, _, _, body in self.got]

    @property
    def states(self):
        return [case["spec"]["state"] for case in self.cases]


class Handler(BaseHTTPRequestHandler):
    def take(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.got.append((self.command, self.path, self.headers["Content-Type"], body))
        self.send_response(self.server.status)
        self.end_headers()

    do_POST = do_PUT = do_GET = take

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    with Sandbox(seed=3) as box:
        yield box


@pytest.fixture
def box(server):
    server.reset()
    return server


@pytest.fixture
def bearer(box):
    return {"Authorization": f"Bearer {take_token(box)}"}


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.shutdown()
    server.server_close()


def webhook(url, action="update", **changes):
    spec = {"url": url, "version": "v1alpha", "kind": "case", "action": action}
    name = f"case-v1alpha-{action}"
    return {
        "kind": "webhook",
        "version": "v1",
        "namespace": NAMESPACE,
        "name": name,
        "metadata": {},
        "spec": spec,
    } | changes


@pytest.fixture
def subscribed(box, bearer, receiver):
    for action in ("create", "update"):
        assert call(box, bearer, "POST", HOOKS, webhook(receiver.url, action)).status_code == 201
    return receiver


def settle(box):
    assert box.gtt.wait_for_deliveries(5)


# Subscribing


def test_a_subscription_is_made_listed_read_and_ended(box, bearer, receiver):
    body = webhook(receiver.url)
    answer = call(box, bearer, "POST", HOOKS, body)
    assert (answer.status_code, answer.json()) == (201, body)
    assert box.calls("gtt.webhook_create")[0].webhook_names == [body["name"]]
    assert call(box, bearer, "POST", HOOKS, body).status_code == 409
    assert call(box, bearer, "GET", HOOKS).json()["items"] == [body]
    assert call(box, bearer, "GET", f"{HOOKS}/{body['name']}").json() == body
    assert call(box, bearer, "DELETE", f"{HOOKS}/{body['name']}").status_code == 204
    assert call(box, bearer, "GET", f"{HOOKS}/{body['name']}").status_code == 404
    assert call(box, bearer, "GET", HOOKS).json()["items"] == []


@pytest.mark.parametrize(
    ("changes", "spec", "field"),
    [
        ({"kind": "case"}, {}, "kind"),
        ({"version": "v1alpha"}, {}, "version"),
        ({"namespace": "7"}, {}, "namespace"),
        ({"name": " "}, {}, "name"),
        ({"name": None}, {}, "name"),
        ({"metadata": "x"}, {}, "metadata"),
        ({}, {"kind": "offer"}, "spec.kind"),
        ({}, {"action": "delete"}, "spec.action"),
        ({}, {"action": None}, "spec.action"),
        ({}, {"url": "ftp://127.0.0.1/"}, "spec.url"),
        ({}, {"url": "http://[::1"}, "spec.url"),
        ({}, {"url": "http://127.0.0.1:99999/"}, "spec.url"),
        ({}, {"url": "https://portal.example.com/hooks/"}, "spec.url"),
    ],
)
def test_a_bad_subscription_is_refused(box, bearer, receiver, changes, spec, field):
    body = webhook(receiver.url, **changes)
    answer = call(box, bearer, "POST", HOOKS, {**body, "spec": body["spec"] | spec})
    assert answer.status_code == 400
    assert fields_refused(answer)[0] == field
    assert call(box, bearer, "GET", HOOKS).json()["items"] == []


def test_the_other_version_of_the_path_answers_once_it_is_switched_on(box, bearer, receiver):
    path, body = HOOKS.replace("v1", "v1alpha"), webhook(receiver.url, version="v1alpha")
    assert call(box, bearer, "POST", path, body).status_code == 404
    box.gtt.versions["webhook"] = {"v1alpha"}
    assert call(box, bearer, "POST", path, body).status_code == 201
    assert call(box, bearer, "POST", HOOKS, webhook(receiver.url)).status_code == 404


def test_strangers_are_called_only_where_that_is_allowed(box, bearer):
    box.gtt.webhook_hosts = None
    try:
        assert call(box, bearer, "POST", HOOKS, webhook("https://portal.example.com/")).status_code == 201
    finally:
        box.gtt.webhook_hosts = {"127.0.0.1"}


# Delivering


def test_what_happens_to_a_case_is_told_in_order_as_its_envelope(box, bearer, subscribed):
    case = create(box, bearer).json()
    box.gtt.move(case["name"], "In Progress")
    box.gtt.comment(case["name"], "We are on it.")
    settle(box)
    method, path, content_type, _ = subscribed.got[0]
    assert (method, path, content_type) == ("POST", "/hooks/gtt/secret/?x=1", "application/json")
    assert subscribed.cases[0] == case
    assert subscribed.cases[-1] == read(box, bearer, case["name"])
    assert subscribed.states == ["Open", "In Progress", "In Progress"]
    log = box.gtt.deliveries
    assert [(row["action"], row["status"]) for row in log] == [("create", 202)] + [("update", 202)] * 2


def test_a_case_that_moves_by_itself_is_told_of_without_a_question(box, bearer, subscribed):
    create(box, bearer)
    box.advance(25)
    settle(box)
    assert subscribed.states == ["Open", "In Progress"]
    box.gtt.book.speed, before = 60_000.0, box.gtt.book.speed  # five hours are less than a second now
    try:
        for _ in range(500):
            if subscribed.states[-1] == "Closed":
                break
            time.sleep(0.01)
    finally:
        box.gtt.book.speed = before
    assert subscribed.states[-2:] == ["Resolved", "Closed"]
    assert box.calls("gtt.get") == []


def test_only_the_actions_asked_for_and_by_the_method_asked_for(box, bearer, receiver):
    body = webhook(receiver.url, "create", metadata={"method": "PUT"})
    assert call(box, bearer, "POST", HOOKS, body).status_code == 201
    name = create(box, bearer).json()["name"]
    box.gtt.comment(name, "Hello.")
    settle(box)
    assert [method for method, *_ in receiver.got] == ["PUT"]


@pytest.mark.parametrize(
    ("style", "shape"),
    [("minimal", {"name"}), ("wrapped", {"event", "data"}), ("flat", {"state", "spec"})],
)
def test_the_same_may_be_told_in_other_forms(box, bearer, subscribed, style, shape):
    box.gtt.set_up(payload_style=style)
    create(box, bearer)
    settle(box)
    assert set(subscribed.cases[0]) >= shape


def test_a_subscriber_that_fails_is_noted_and_not_asked_again(box, bearer, subscribed):
    subscribed.status = 500
    name = create(box, bearer).json()["name"]
    settle(box)
    with socket.socket() as nobody:  # bound, yet not listening
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
        call(box, bearer, "POST", HOOKS, webhook(url, name="other"))
        box.gtt.comment(name, "x")
        settle(box)
    assert [row["status"] for row in box.gtt.deliveries] == [500, 500, "refused"]


# Misfortunes


def test_lost_repeated_late_and_overtaken(box, bearer, subscribed):
    name = create(box, bearer).json()["name"]
    for misfortune, args in (("lost", {}), ("repeated", {"more": 2}), ("overtaken", {})):
        box.gtt.spoil_next(misfortune, on="update", **args)
    for state in ("In Progress", "Pending Customer", "In Progress", "Resolved"):
        box.gtt.move(name, state)
    settle(box)
    assert subscribed.states == ["Open", *["Pending Customer"] * 3, "Resolved", "In Progress"]
    assert [row["status"] for row in box.gtt.deliveries] == [202, "lost", 202, 202, 202, 202, 202]
    box.gtt.spoil_next("late", seconds=0.2)
    box.gtt.move(name, "Open")
    box.gtt.move(name, "Closed")
    settle(box)
    assert subscribed.states[-2:] == ["Closed", "Open"]


def test_what_is_held_back_waits_for_the_next_or_for_a_word(box, bearer, subscribed):
    box.gtt.spoil_next("overtaken")
    create(box, bearer)
    settle(box)
    assert (subscribed.got, [row["status"] for row in box.gtt.deliveries]) == ([], ["held"])
    box.gtt.release()
    settle(box)
    assert len(subscribed.got) == 1


def test_a_lie_has_the_right_address_and_changes_nothing(box, bearer, subscribed):
    name = create(box, bearer).json()["name"]
    box.gtt.spoil_next("forged")
    box.gtt.move(name, "In Progress")
    box.gtt.forge(name, state="Resolved")
    box.gtt.forge("CS0000001")
    settle(box)
    assert subscribed.states == ["Open", "Closed", "Resolved", "Closed"]
    assert subscribed.got[1][1] == "/hooks/gtt/secret/?x=1"
    assert read(box, bearer, name)["spec"]["state"] == "In Progress"


@pytest.mark.parametrize("kind", MISFORTUNES, ids=lambda kind: kind.name)
def test_each_misfortune_befalls_one_delivery(box, bearer, subscribed, kind):
    box.gtt.spoil_next(kind.name, **({"seconds": 0.05} if "seconds" in kind.args else {}))
    name = create(box, bearer).json()["name"]
    settle(box)
    proper = (
        "POST",
        "/hooks/gtt/secret/?x=1",
        "application/json",
        json.dumps(read(box, bearer, name)).encode(),
    )
    assert (subscribed.got == [proper]) == (kind.name == "late")
    before = len(subscribed.got)
    box.gtt.deliver(name, "create")
    settle(box)
    assert subscribed.got[before:][0] == proper
    assert box.gtt.deliveries[0]["misfortune"] == kind.name


def test_chances_are_repeatable_and_nonsense_is_refused(box, bearer, subscribed):
    name = create(box, bearer).json()["name"]
    runs = []
    for seed in (5, 6, 5):
        box.clear_faults()
        box.seed, before = seed, len(box.gtt.deliveries)
        box.gtt.spoil_next("lost", chance=0.5)
        for _ in range(12):
            box.gtt.deliver(name)
            box.gtt.comment(name, "x")
        runs.append([row["misfortune"] for row in box.gtt.deliveries[before:]])
    assert runs[0] == runs[2] != runs[1]
    settle(box)
    with pytest.raises(ValueError, match="unheard"):
        box.gtt.spoil_next("unheard")
    with pytest.raises(ValueError, match="unheard"):
        box.gtt.deliver(name, misfortune="unheard")


def test_while_it_is_down_nothing_leaves(box, bearer, subscribed):
    name = create(box, bearer).json()["name"]
    settle(box)
    box.down = True
    box.gtt.comment(name, "x")
    assert not box.gtt.wait_for_deliveries(0.4)
    assert len(subscribed.got) == 1
    box.down = False
    settle(box)
    assert len(subscribed.got) == 2


def test_several_couriers_bring_each_thing_once(receiver):
    box = Sandbox()
    box.gtt.notices.postman.couriers = 4
    with box:
        bearer = {"Authorization": f"Bearer {take_token(box)}"}
        call(box, bearer, "POST", HOOKS, webhook(receiver.url))
        name = create(box, bearer).json()["name"]
        for number in range(50):
            box.gtt.edit(name, category=f"Number {number}")
        settle(box)
        assert sorted(case["spec"]["category"] for case in receiver.cases) == sorted(
            f"Number {number}" for number in range(50)
        )
        assert {row["status"] for row in box.gtt.deliveries} == {202}


def test_after_a_reset_nothing_of_before_arrives(box, bearer, subscribed):
    name = create(box, bearer).json()["name"]
    for _ in range(20):
        box.gtt.deliver(name)
    box.reset()
    before = len(subscribed.got)
    assert (box.gtt.deliveries, box.gtt.webhooks.all()) == ([], [])
    box.gtt.open_case()
    settle(box)
    assert len(subscribed.got) == before


def test_subscriptions_outlive_a_restart(tmp_path, receiver):
    for how in ("ledger", "state_file"):
        with Sandbox(**{how: tmp_path / how}) as box:
            bearer = {"Authorization": f"Bearer {take_token(box)}"}
            call(box, bearer, "POST", HOOKS, webhook(receiver.url))
            call(box, bearer, "POST", HOOKS, webhook(receiver.url, "create"))
            call(box, bearer, "DELETE", f"{HOOKS}/case-v1alpha-update")
        with Sandbox(**{how: tmp_path / how}) as again:
            assert [one.name for one in again.gtt.webhooks.all()] == ["case-v1alpha-create"]
            again.gtt.open_case()
            settle(again)
    assert len(receiver.got) == 2


# Steering


def steer(box, path, **fields):
    return requests.post(f"{box.url}/_sandbox/gtt/{path}", json=fields, timeout=5)


def test_another_process_steers_cases_and_deliveries(box, bearer, subscribed):
    name = create(box, bearer).json()["name"]
    settle(box)
    assert steer(box, "misfortunes", name="lost", times=1).status_code == 200
    assert steer(box, f"cases/{name}", state="Resolved", comment="Done.", author="Ruth").status_code == 200
    assert steer(box, f"cases/{name}", deliver="update", misfortune="repeated", more=1).status_code == 200
    assert steer(box, f"cases/{name}", edit={"priority": "2 - High"}, let_go="1").status_code == 200
    first = box.gtt.deliveries[0]["id"]
    assert steer(box, f"deliveries/{first}/again").status_code == 200
    settle(box)
    truth = requests.get(box.url + "/_sandbox/truth", timeout=5).json()
    case = truth["cases"][name]
    assert (case["state"], case["fields"]["priority"]) == ("Resolved", "2 - High")
    assert case["comments"][0]["author"] == "Ruth"
    assert [row["status"] for row in truth["deliveries"]] == [202, "lost", 202, 202, 202, 202, 202]
    assert len(truth["webhooks"]) == 2
    assert steer(box, "settings", page_size="2", list_style="bare", zone="Europe/Berlin").status_code == 200
    assert (box.gtt.page_size, box.gtt.list_style) == (2, "bare")
    for path, fields in (
        ("misfortunes", {"name": "unheard"}),
        ("cases/CS0000001", {"state": "Open"}),
        (f"cases/{name}", {"edit": {"colour": "red"}}),
        (f"cases/{name}", {"edit": "red"}),
        ("deliveries/99999/again", {}),
        ("settings", {"zone": "Mars"}),
        ("settings", {"colour": "red"}),
        ("settings", {"page_size": "0"}),
    ):
        assert steer(box, path, **fields).status_code == 400, (path, fields)


def test_the_trainers_page_shows_cases_and_deliveries_and_escapes_them(box, bearer, subscribed):
    name = create(box, bearer, {"short_description": "<script>alert(1)</script>"}).json()["name"]
    box.gtt.comment(name, "<b>hot</b>")
    box.gtt.spoil_next("lost", chance=0.5)
    settle(box)

    def press(path, **data):
        return requests.post(f"{box.url}/_sandbox/gtt/{path}", data=data or {"x": "1"}, timeout=5).text

    page = press(f"cases/{name}", comment="Spare part is coming.")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "Spare part is coming." in page
    assert "style=" not in page
    assert "Resolved" in press(f"cases/{name}", state="Resolved")
    assert press("misfortunes", name="overtaken", times="2").count("overtaken") > 1
    assert "No such" not in press("misfortunes/clear")
    assert box.gtt.board.armed == []
    assert "Circuit alarm" in press("cases", short_description="Circuit alarm")
    assert "There is no case" in press("cases/CS0000001", state="Open")
