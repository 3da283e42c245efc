"""The sandbox's ledger: after a `kill -9` it knows every request it answered and every ticket it made."""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
import requests

from portal.vendors.sandbox import Sandbox
from tests.portal.sandbox_parts import BOSTON, CREATE, LOWELL, create, form, location, take_token

TWO = form(location(BOSTON), location(LOWELL))


@contextmanager
def sandbox_process(ledger, *more):
    command = [sys.executable, "-m", "portal.vendors.sandbox", "--port", "0", "--ledger", str(ledger), *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, process.stdout.readline().split()[2]
        finally:
            process.kill()


class Elsewhere:
    """What the requests of `sandbox_parts` need to know of a sandbox in another process."""

    def __init__(self, url):
        self.url, self.token_url = url, url + "/oauth2/default/v1/token"

    def truth(self):
        return requests.get(self.url + "/_sandbox/truth", timeout=5).json()


def test_a_killed_sandbox_forgets_no_request_and_no_ticket(tmp_path):
    ledger = tmp_path / "deep" / "ledger.jsonl"
    with sandbox_process(ledger) as (process, url):
        box = Elsewhere(url)
        bearer = {"Authorization": f"Bearer {take_token(box)}"}
        made = create(box, bearer, TWO).json()
        requests.post(f"{url}/_sandbox/faults", json={"name": "lose_answer"}, timeout=5)
        with pytest.raises(requests.ConnectionError):
            create(box, bearer, TWO)
        before = box.truth()
        process.send_signal(signal.SIGKILL)
    with sandbox_process(ledger) as (_, url):
        after = Elsewhere(url).truth()
    assert len(after["tickets"]) == 4
    assert after["tickets"].keys() == before["tickets"].keys() >= {str(ticket["id"]) for ticket in made}
    assert after["requests"] == before["requests"]
    assert [record["status"] for record in after["requests"] if record["operation"] == "create"] == [
        200,
        "reset",
    ]


def test_changes_by_hand_are_in_it_and_ids_are_not_used_twice(tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    with Sandbox(ledger=ledger) as box:
        bearer = {"Authorization": f"Bearer {take_token(box)}"}
        box.fail_next("more")
        stranger = create(box, bearer, TWO).json()[-1]["id"]
        first = min(box.tickets)
        box.advance(100)
        box.set_ticket(first, status_name="Cancelled")
    with Sandbox(ledger=ledger) as again:
        assert again.tickets[first]["status_name"] == "Cancelled"
        assert again.clock.offset == 100
        bearer = {"Authorization": f"Bearer {take_token(again)}"}
        assert min(ticket["id"] for ticket in create(again, bearer).json()) > stranger
        again.reset()
    with Sandbox(ledger=ledger) as empty:
        assert empty.tickets == {}


def test_half_a_line_of_a_death_is_dropped_and_a_foreign_file_is_refused(tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    with Sandbox(ledger=ledger) as box:
        create(box, {"Authorization": f"Bearer {take_token(box)}"}, TWO)
    whole = ledger.read_bytes()
    ledger.write_bytes(whole + b'{"record": {"mono')
    with Sandbox(ledger=ledger) as again:
        assert len(again.tickets) == 2
    assert ledger.read_bytes() == whole
    ledger.write_text(json.dumps({"something": "else"}) + "\n")
    with pytest.raises(ValueError, match="not a ledger"):
        Sandbox(ledger=ledger)


def test_a_truth_is_kept_in_one_place(tmp_path):
    with pytest.raises(ValueError, match="not in both"):
        Sandbox(ledger=tmp_path / "ledger", state_file=tmp_path / "state")


def test_the_limit_is_an_option(tmp_path):
    with sandbox_process(tmp_path / "ledger.jsonl", "--limit", "2") as (_, url):
        box = Elsewhere(url)
        bearer = {"Authorization": f"Bearer {take_token(box)}"}
        statuses = [requests.post(url + CREATE, headers=bearer, timeout=5).status_code for _ in range(3)]
    assert statuses == [400, 400, 429]
