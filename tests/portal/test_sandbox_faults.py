"""The sandbox as a liar: what a client sees of each broken answer, and that the truth log says what really happened."""

import gzip
import http.client
import json
import socket
import threading
import time
import tracemalloc
import zlib

import pytest
import requests

from portal.vendors.sandbox import Sandbox
from portal.vendors.sandbox.bulk import bomb, padded
from tests.portal.sandbox_parts import (
    BOSTON,
    CREATE,
    LOWELL,
    MIB,
    create,
    form,
    get,
    location,
    take_token,
)

TWO = form(location(BOSTON), location(LOWELL))


@pytest.fixture(scope="module")
def server():
    with Sandbox(seed=7) as box:
        yield box


@pytest.fixture
def box(server):
    server.reset()
    return server


@pytest.fixture
def bearer(box):
    return {"Authorization": f"Bearer {take_token(box)}"}


def bytes_of_answer(box, bearer, seconds=5.0):
    """What really comes over the wire, to the end of the connection."""
    fields = [(name, (None, value)) for name, value in TWO.items()]
    request = requests.Request("POST", box.url + CREATE, headers=bearer, files=fields).prepare()
    head = f"POST {CREATE} HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    with socket.create_connection(("127.0.0.1", box.port), timeout=seconds) as connection:
        connection.sendall(head.encode() + b"\r\n" + request.body)
        return b"".join(iter(lambda: connection.recv(MIB), b""))


def wait_until(condition):
    for _ in range(300):
        if condition():
            return
        time.sleep(0.01)


def last(box):
    """The truth of the last request: what the client got, by which fault, and how many tickets really exist."""
    record = box.truth[-1]
    assert set(record.ticket_ids) == set(box.tickets)
    return record.status, record.fault, len(record.ticket_ids)


# Nothing is created


def test_a_reset_in_the_middle_of_the_request_creates_nothing(box, bearer):
    box.fail_next("reset_in_upload")
    with pytest.raises(requests.ConnectionError):
        create(box, bearer, TWO, files=[("a.pdf", bytes(20 * MIB), "application/pdf")])
    assert last(box) == ("reset", "reset_in_upload", 0)
    assert 9 * MIB < box.truth[-1].body_length < 11 * MIB
    assert box.faults == []
    assert create(box, bearer, TWO).status_code == 200


def test_a_reset_in_the_middle_of_a_chunked_or_absent_body(box, bearer):
    box.fail_next("reset_in_upload", times=2, on="any")
    with pytest.raises(requests.ConnectionError):
        requests.post(box.url + CREATE, data=iter([b"x" * 1000] * 50), headers=bearer, timeout=5)
    with pytest.raises(requests.ConnectionError):
        get(box, bearer, "/api/v1/tickets/1")
    assert [record.status for record in box.truth[-2:]] == ["reset", "reset"]
    assert box.tickets == {}


@pytest.mark.parametrize(
    ("fault", "seen", "exist"),
    [("close_before", "closed", 0), ("close_after", "closed", 2), ("cut_status_line", "garbled", 2)],
)
def test_an_end_in_good_order_is_no_answer_either(box, bearer, fault, seen, exist):
    box.fail_next(fault)
    came = bytes_of_answer(box, bearer)
    assert came == (b"HTTP/1.1 2" if fault == "cut_status_line" else b"")
    assert last(box) == (seen, fault, exist)


@pytest.mark.parametrize(("fault", "exist"), [("hang_before", 0), ("hang", 2)])
def test_a_call_that_hangs_is_let_go_of_by_a_reset(box, bearer, fault, exist):
    box.fail_next(fault)
    came = []
    thread = threading.Thread(target=lambda: came.append(bytes_of_answer(box, bearer, 20)), daemon=True)
    thread.start()
    wait_until(lambda: box.calls("create"))
    assert last(box) == ("hung", fault, exist)
    thread.join(0.3)
    assert came == []
    box.reset()
    thread.join(5)
    assert came == [b""]


def test_a_refusal_that_is_cut_off(box, bearer):
    box.fail_next("cut_refusal")
    came = bytes_of_answer(box, bearer)
    assert came.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert b"\r\n\r\n" not in came
    assert last(box) == (404, "cut_refusal", 0)


@pytest.mark.parametrize(("fault", "status"), [("414", 414), ("415", 415), ("425", 425)])
def test_more_refusals_create_nothing(box, bearer, fault, status):
    box.fail_next(fault)
    assert create(box, bearer, TWO).status_code == status
    assert last(box) == (status, fault, 0)


# Everything is created


@pytest.mark.parametrize(("fault", "status"), [("500_after", 500), ("502_after", 502), ("503_after", 503)])
def test_an_error_after_the_deed(box, bearer, fault, status):
    box.fail_next(fault)
    answer = create(box, bearer, TWO)
    assert answer.status_code == status
    assert not any(str(number) in answer.text for number in box.tickets)
    assert last(box) == (status, fault, 2)
    assert box.faults == []


@pytest.mark.parametrize(
    ("fault", "length", "chunked"),
    [
        ("truncated", True, False),
        ("truncated_chunked", False, True),
        ("truncated_no_length", False, False),
        ("cut_headers", None, None),
    ],
)
def test_half_an_answer(box, bearer, fault, length, chunked):
    box.fail_next(fault)
    head, _, body = bytes_of_answer(box, bearer).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert last(box) == (200, fault, 2)
    if length is None:
        assert body == b""
        return
    assert ((b"Content-Length" in head), (b"chunked" in head)) == (length, chunked)
    assert b"Boston" in body
    assert not body.rstrip().endswith((b"]", b"\r\n0"))


def test_a_reset_in_the_middle_of_the_answer(box, bearer):
    box.fail_next("reset_in_answer")
    with pytest.raises(requests.RequestException):
        create(box, bearer, TWO)
    assert last(box) == (200, "reset_in_answer", 2)


@pytest.mark.parametrize("fault", ["chunked", "no_length", "gzip"])
def test_an_unusual_but_whole_answer(box, bearer, fault):
    box.fail_next(fault)
    answer = create(box, bearer, TWO, stream=True)
    assert ("Content-Length" in answer.headers) == (fault == "gzip")
    assert answer.headers.get("Content-Encoding") == ("gzip" if fault == "gzip" else None)
    assert {row["id"] for row in answer.json()} == set(box.tickets)
    assert last(box) == (200, fault, 2)
    assert create(box, bearer).status_code == 200


def test_a_cut_compression_agrees_with_its_length(box, bearer):
    box.fail_next("truncated_gzip")
    raw = create(box, bearer, TWO, stream=True).raw
    body = raw.read(decode_content=False)
    assert len(body) == int(raw.headers["Content-Length"])
    with pytest.raises(EOFError):
        gzip.decompress(body)
    assert last(box) == (200, "truncated_gzip", 2)


def test_fifty_megabytes_are_sent_and_never_held(box, bearer):
    box.fail_next("huge")
    tracemalloc.start()
    try:
        answer = create(box, bearer, TWO, stream=True)
        sizes = [len(block) for block in answer.iter_content(MIB)]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(sizes) == int(answer.headers["Content-Length"]) >= 50 * MIB
    assert most < 15 * MIB
    assert last(box) == (200, "huge", 2)


@pytest.mark.parametrize("body", [b'[{"id": 1}]', b'{"id": 1}', b"[]", b"{}"])
def test_what_is_padded_or_packed_is_still_json(body):
    size = 2 * MIB + 7
    plain = b"".join(padded(body, size))
    assert size < len(plain) < size + 30
    assert json.loads(gzip.decompress(bomb(body, size))) == json.loads(plain)


def test_a_bomb_is_small_until_it_is_unpacked(box, bearer):
    box.fail_next("gzip_bomb", megabytes=64)
    raw = create(box, bearer, TWO, stream=True).raw
    body = raw.read(decode_content=False)
    assert len(body) < MIB
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    size = len(unpacker.decompress(body, MIB))
    while not unpacker.eof:
        size += len(unpacker.decompress(unpacker.unconsumed_tail, MIB))
    assert size > 64 * MIB
    assert last(box) == (200, "gzip_bomb", 2)


def test_an_answer_may_be_nested_as_deep_as_asked(box, bearer):
    box.fail_next("deep", levels=3)
    assert {row["id"] for row in create(box, bearer, TWO).json()[0][0][0]} == set(box.tickets)
    box.fail_next("deep")
    assert create(box, bearer).text.startswith("[" * 10_001)


def test_ids_that_are_not_theirs(box, bearer):
    old = [row["id"] for row in create(box, bearer, TWO).json()]
    box.fail_next("other_ids")
    assert [row["id"] for row in create(box, bearer, TWO).json()] == old
    box.fail_next("repeated_ids")
    first, second = create(box, bearer, TWO).json()
    assert first["id"] == second["id"] == box.truth[-1].ticket_ids[0]
    box.fail_next("no_ids")
    assert [row["id"] for row in create(box, bearer, TWO).json()] == [None, None]
    made = [number for record in box.calls("create") for number in record.ticket_ids]
    assert len(set(made)) == len(box.tickets) == 8


def test_ids_of_nobody_where_there_is_nobody_else(box, bearer):
    box.fail_next("other_ids")
    (row,) = create(box, bearer).json()
    assert row["id"] not in box.tickets


# By chance


def outcomes(box, bearer, calls=40):
    return [get(box, bearer, "/api/v1/tickets/1").status_code for _ in range(calls)]


def test_a_fault_with_a_chance_comes_now_and_then_until_it_is_cleared(box, bearer):
    box.limit = 1000
    box.fail_next("503", on="details", chance=0.3)
    seen = outcomes(box, bearer)
    assert 4 < seen.count(503) < 20
    assert [record.status for record in box.calls("details")] == seen
    assert [bool(record.fault) for record in box.calls("details")] == [status == 503 for status in seen]
    assert [(armed.left, armed.chance) for armed in box.faults] == [(None, 0.3)]
    box.clear_faults()
    assert 503 not in outcomes(box, bearer)


def test_the_same_seed_brings_the_same_misfortune(box, bearer):
    runs = []
    for seed in (11, 12, 11):
        box.clear_faults()
        box.limit, box.seed = 1000, seed
        box.fail_next("503", on="details", chance=0.5)
        runs.append(outcomes(box, bearer, 20))
    assert runs[0] == runs[2] != runs[1]


def test_two_chances_and_a_certainty_stand_together(box, bearer):
    box.limit = 1000
    box.fail_next("503", on="any", chance=0.3)
    box.fail_next("500", on="details", chance=0.5, times=3)
    box.fail_next("403", on="details", times=2)
    seen = outcomes(box, bearer)
    assert (seen.count(500), seen.count(403)) == (3, 2)
    assert seen.count(503) > 3


def test_a_refused_call_uses_up_nothing_of_a_limited_chance(box, bearer):
    box.fail_next("lose_answer", times=1, chance=1)
    assert create(box, {}).status_code == 401
    assert [armed.left for armed in box.faults] == [1]


@pytest.mark.parametrize("chance", [0, -0.1, 1.1, float("nan")])
def test_a_chance_is_a_chance(box, chance):
    with pytest.raises(ValueError, match="chance"):
        box.fail_next("503", chance=chance)


def test_a_request_that_cannot_be_read_uses_up_no_fault(box):
    box.fail_next("reset_in_upload")
    connection = http.client.HTTPConnection("127.0.0.1", box.port, timeout=5)
    connection.putrequest("POST", CREATE)
    connection.putheader("Content-Length", "many")
    connection.endheaders()
    assert connection.getresponse().status == 400
    connection.close()
    wait_until(lambda: box.faults)
    assert [armed.left for armed in box.faults] == [1]


def test_a_fault_cleared_while_its_request_comes_in_does_not_return(box, bearer):
    box.fail_next("lose_answer")
    with socket.create_connection(("127.0.0.1", box.port), timeout=5) as connection:
        head = f"POST {CREATE} HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 100\r\n\r\n--"
        connection.sendall(head.encode())
        wait_until(lambda: not box.faults)
        box.clear_faults()
    wait_until(lambda: box.calls("create"))
    assert box.truth[-1].status == "cut short"
    assert box.faults == []


def test_chances_are_steered_from_outside_and_shown(box, bearer):
    def steer(path, **fields):
        return requests.post(f"{box.url}/_sandbox/{path}", json=fields, timeout=5)

    assert steer("faults", name="503", on="details", chance=0.25).status_code == 200
    assert steer("faults", name="huge", times=2, megabytes="3").status_code == 200
    assert steer("seed", seed=99).status_code == 200
    assert steer("faults", name="503", chance=7).status_code == 400
    assert steer("seed", seed="x").status_code == 400
    truth = requests.get(box.url + "/_sandbox/truth", timeout=5).json()
    assert truth["seed"] == box.seed == 99
    assert truth["faults"] == [
        {"name": "503", "on": "details", "left": None, "args": {}, "chance": 0.25},
        {"name": "huge", "on": "create", "left": 2, "args": {"megabytes": 3}, "chance": None},
    ]
    data = {"name": "hang_before", "on": "any", "times": "", "chance": "0.05"}
    page = requests.post(box.url + "/_sandbox/faults", data=data, timeout=5).text
    assert "until cleared, each with a chance of 0.05" in page
    assert 'name="chance"' in page
    for name in box.fault_kinds:
        assert f"<code>{name}</code>" in page
