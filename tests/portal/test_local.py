"""The local portal without Django: tiny programs under the real supervisor, and the real servers being killed."""

import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from portal.local import pages, ports
from portal.local.announce import message
from portal.local.environment import port_in, supply
from portal.local.folder import PROJECT, Folder
from portal.local.lock import AlreadyRunning, Running, find_running, hold
from portal.local.postgres import Postgres
from portal.local.problems import AskedToStop, CannotStart
from portal.local.processes import Program, end_orphans, is_alive, record
from portal.local.servers import start_servers
from portal.local.start import describe, start
from portal.local.supervisor import Patience, Supervisor
from portal.vendors.sandbox.gtt.api import NAMESPACE, GttApi

FAST = Patience(quick_seconds=5, quick_deaths=5, first_delay=0.01, poll_seconds=0.02)
SLEEP = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


@pytest.fixture
def folder() -> Iterator[Folder]:
    """Not below pytest's own folder: that is closed to the account PostgreSQL runs under when we are root."""
    with tempfile.TemporaryDirectory(prefix="portal-local-") as path:
        Path(path).chmod(0o755)
        made = Folder(Path(path) / "var")
        made.make()
        yield made


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(folder: Folder, said: list[str]):
    made = Supervisor(folder, say=said.append, patience=FAST)
    yield made
    made.stop()


def python(name: str, code: str, **options) -> Program:
    return Program(name, [sys.executable, "-c", code], **options)


def wait_for(condition: Callable[[], object], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def watch_for(supervisor: Supervisor, seconds: float) -> None:
    timer = threading.Timer(seconds, lambda: setattr(supervisor, "is_asked_to_stop", True))
    timer.start()
    try:
        supervisor.watch()
    finally:
        timer.cancel()


def free_port() -> int:
    with socket.socket() as attempt:
        attempt.bind((ports.HOST, 0))
        return attempt.getsockname()[1]


# --- The supervisor ---------------------------------------------------------------------------------------------


def test_a_program_that_dies_is_started_again(supervisor: Supervisor, said: list[str]):
    supervisor.start(python("worker", SLEEP))
    first = supervisor.children["worker"].process
    first.kill()
    watch_for(supervisor, 0.5)
    second = supervisor.children["worker"].process
    assert second.pid != first.pid
    assert second.poll() is None
    assert "worker ended (killed by SIGKILL)" in said[0]


def test_a_program_that_keeps_dying_is_given_up_with_its_last_words(supervisor: Supervisor, said: list[str]):
    supervisor.start(
        python("web", "import time; time.sleep(0.1); raise SystemExit('no such module')", settle_seconds=0.05)
    )
    with pytest.raises(CannotStart) as caught:
        watch_for(supervisor, 10)
    assert "web died 5 times in a row (exit 1)" in str(caught.value)
    assert "no such module" in str(caught.value)
    assert len(said) == 4


def test_a_program_that_never_gets_ready_is_given_up(supervisor: Supervisor):
    with pytest.raises(CannotStart, match="web does not get ready"):
        supervisor.start(python("web", SLEEP, is_ready=lambda: False, ready_within=0.2))


def test_a_program_that_does_not_exist_is_named(supervisor: Supervisor):
    with pytest.raises(CannotStart, match="web cannot be started"):
        supervisor.start(Program("web", ["/nowhere/at/all"]))


def test_everything_stops_in_reverse_order_with_its_children(
    supervisor: Supervisor, folder: Folder, tmp_path: Path
):
    log = tmp_path / "order"
    code = (
        "import signal, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"print(child.pid, file=open({str(tmp_path)!r} + '/' + sys.argv[1], 'w'), flush=True)\n"
        f"def end(*_): open({str(log)!r}, 'a').write(sys.argv[1] + ' '); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "time.sleep(60)"
    )
    for name in ("database", "web"):
        supervisor.start(
            Program(name, [sys.executable, "-c", code, name], is_ready=lambda n=name: (tmp_path / n).exists())
        )
    time.sleep(0.1)
    grandchildren = [int((tmp_path / name).read_text()) for name in ("database", "web")]
    supervisor.stop()
    assert log.read_text() == "web database "
    wait_for(lambda: not any(_runs(pid) for pid in grandchildren))
    assert not list(folder.records.iterdir())


def test_a_program_that_does_not_listen_is_killed(supervisor: Supervisor, said: list[str]):
    log = supervisor.log("deaf")
    supervisor.start(python("deaf", STUBBORN, patience=0.2, is_ready=lambda: b"up" in log.read_bytes()))
    process = supervisor.children["deaf"].process
    supervisor.stop()
    assert process.returncode == -signal.SIGKILL
    assert "was killed" in said[0]


def test_a_step_that_fails_shows_its_last_lines(supervisor: Supervisor):
    with pytest.raises(CannotStart, match=r"migrate failed \(exit 3\)") as caught:
        supervisor.run_step(python("migrate", "print('no such table'); raise SystemExit(3)"))
    assert "no such table" in str(caught.value)


def test_a_step_can_be_interrupted(supervisor: Supervisor):
    threading.Timer(0.2, lambda: setattr(supervisor, "is_asked_to_stop", True)).start()
    with pytest.raises(AskedToStop):
        supervisor.run_step(python("migrate", SLEEP))


def test_each_start_has_a_log_of_its_own(folder: Folder):
    for text in ("one", "two"):
        supervisor = Supervisor(folder, patience=FAST)
        supervisor.run_step(python("migrate", f"print({text!r})"))
    assert (folder.logs / "migrate.log").read_text() == "two\n"
    assert (folder.logs / "migrate.log.1").read_text() == "one\n"


# --- What a killed start leaves -----------------------------------------------------------------------------------


def test_orphans_of_a_killed_start_are_ended(folder: Folder):
    orphan = subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
    record(folder, "worker", orphan.pid)
    threading.Thread(target=orphan.wait).start()
    assert end_orphans(folder) == ["worker"]
    wait_for(lambda: orphan.returncode is not None)
    assert not list(folder.records.iterdir())


def test_a_stranger_with_an_old_number_is_left_alone(folder: Folder):
    stranger = subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
    try:
        born_at = psutil.Process(stranger.pid).create_time()
        (folder.records / "worker.json").write_text(
            json.dumps({"pid": stranger.pid, "born_at": born_at - 3600})
        )
        assert not is_alive(stranger.pid, born_at - 3600)
        (folder.records / "web.json").write_text("{half-writ")
        group = os.getpgid(stranger.pid)
        assert group == stranger.pid
        end_orphans(folder, patience=0.5)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems end orphans at the next start")
def test_programs_do_not_outlive_a_killed_supervisor(folder: Folder):
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from portal.local.folder import Folder\nfrom portal.local.processes import Program\n"
        "from portal.local.supervisor import Supervisor\n"
        "supervisor = Supervisor(Folder(Path(sys.argv[1])))\n"
        f"supervisor.start(Program('worker', [sys.executable, '-c', {SLEEP!r}]))\n"
        "time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(folder.path)], cwd=PROJECT)
    file = folder.records / "worker.json"
    wait_for(lambda: file.exists() and file.read_text(), 10)
    pid = json.loads(file.read_text())["pid"]
    parent.kill()
    parent.wait()
    wait_for(lambda: not _runs(pid))


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


# --- One at a time, and the port ------------------------------------------------------------------------------------


def test_a_second_start_is_refused_with_the_address_of_the_first(folder: Folder):
    with hold(folder) as lock:
        lock.tell(Running(1234, "http://localhost:8000", 8000))
        with pytest.raises(AlreadyRunning) as caught:
            start(folder, {"PORT": str(free_port())})
    text = describe(caught.value.running)
    assert "http://localhost:8000" in text
    assert "1234" in text


def test_a_stale_note_of_a_dead_portal_does_not_stand_in_the_way(folder: Folder):
    folder.lock.write_text(json.dumps({"pid": os.getpid(), "address": "http://localhost:1"}))
    assert find_running(folder) is None


def test_a_taken_port_is_named_with_its_holder_and_another_is_proposed(folder: Folder):
    with http.server.HTTPServer((ports.HOST, 0), http.server.BaseHTTPRequestHandler) as server:
        port = server.server_port
        with pytest.raises(CannotStart) as caught:
            start(folder, {"PORT": str(port)})
        assert ports.choose(port) != port
    assert f"Port {port} is taken by" in str(caught.value)
    assert "make run PORT=" in str(caught.value)
    assert str(os.getpid()) in str(caught.value) or sys.platform != "linux"


@pytest.mark.parametrize("text", ["eighty", "0", "65536", "-1", "٨٠"])
def test_a_port_that_is_none_is_refused(text: str):
    with pytest.raises(CannotStart, match="PORT is"):
        port_in({"PORT": text})


# --- The environment ------------------------------------------------------------------------------------------------


def test_keys_are_made_once_and_kept_private(folder: Folder):
    first, second = (supply({}, folder, port=8000) for _ in range(2))
    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert first["FIELD_ENCRYPTION_KEY"] == second["FIELD_ENCRYPTION_KEY"]
    assert folder.keys.stat().st_mode & 0o777 == 0o600


def test_what_is_set_stays_and_what_is_empty_is_supplied(folder: Folder):
    given = {"SECRET_KEY": "mine", "DATABASE_URL": "", "GRANITE_API_URL": "https://granite.example"}
    env = supply(given, folder, port=8001, sandbox_port=8900, database_url="postgresql:///ours")
    assert env["SECRET_KEY"] == "mine"
    assert env["DATABASE_URL"] == "postgresql:///ours"
    assert env["PUBLIC_URL"] == "http://localhost:8001"
    assert env["GRANITE_API_URL"] == "https://granite.example"
    assert "GRANITE_CLIENT_ID" not in env  # never the sandbox's credentials for somebody else's address


def test_the_sandbox_plays_gtt_too_unless_there_is_a_real_one(folder: Folder):
    env = supply({}, folder, port=8000, sandbox_port=8900)
    assert env["GTT_TOKEN_URL"] == "http://127.0.0.1:8900" + GttApi.token_path
    assert (env["GTT_API_URL"], env["GTT_NAMESPACE"]) == ("http://127.0.0.1:8900", NAMESPACE)
    assert env["GTT_OPERATIONS"] == "get,list,update,comment"
    real = supply({"GTT_API_URL": "https://gtt.example"}, folder, port=8000, sandbox_port=8900)
    assert real["GTT_API_URL"] == "https://gtt.example"
    assert "GTT_CLIENT_ID" not in real
    assert real["GRANITE_CLIENT_ID"] == "sandbox-client"
    assert "GTT_API_URL" not in supply({"GRANITE_API_URL": "https://x.example"}, folder, port=8000)


def test_pages_are_collected_again_when_something_changed(folder: Folder):
    env = {"STATIC_ROOT": str(folder.path / "static")}
    assert not pages.are_collected(env, folder)
    (folder.path / "static").mkdir()
    pages.note_collected(env, folder)
    assert pages.are_collected(env, folder)
    assert not pages.are_collected(env | {"DEBUG": "1"}, folder)


def test_the_announcement_is_aligned():
    env = {"PUBLIC_URL": "http://localhost:8000", "SANDBOX_URL": "http://127.0.0.1:8900"}
    text = message(
        env,
        [("al", "x", "admin", "East"), ("dispatcher", "long-one", "viewer", "")],
        sandbox=True,
        logs=Path("var/log"),
    )
    lines = text.splitlines()
    assert "  The portal      http://localhost:8000" in lines
    assert "  Sign in as   password   role     team" in lines
    assert "  al           x          admin    East" in lines


# --- The real servers -----------------------------------------------------------------------------------------------


def test_postgres_keeps_its_data_through_stop_kill_and_stale_files(folder: Folder):
    supervisor = Supervisor(folder, patience=FAST)
    (folder.path / "postgres.half-made").mkdir()  # an earlier start was killed in the middle of this
    try:
        server = start_servers(supervisor, folder, postgres=True, valkey=True).postgres
        with psycopg.connect(server.url("portal")) as connection:
            connection.execute("create table kept (what text)")
            connection.execute("insert into kept values ('yes')")
        process = supervisor.children["postgres"].process
        process.kill()
        process.wait()
        del supervisor.children["postgres"]
        (server.data / "postmaster.pid").write_text(
            f"{os.getpid()}\n{server.data}\n"
        )  # the number is a stranger's now
        server = start_servers(supervisor, folder, postgres=True, valkey=False).postgres
        with psycopg.connect(server.url("portal")) as connection:
            assert connection.execute("select what from kept").fetchall() == [("yes",)]
    finally:
        supervisor.stop()
    assert not (server.data / "postmaster.pid").exists()


def test_a_cluster_of_another_version_is_refused(folder: Folder):
    server = Postgres(folder, durable=False)
    (server.data / "global").mkdir(parents=True)
    (server.data / "global" / "pg_control").touch()
    (server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(CannotStart, match="made by PostgreSQL 9"):
        server.prepare()


def test_servers_named_by_the_environment_are_not_started(folder: Folder):
    servers = start_servers(Supervisor(folder), folder, postgres=False, valkey=False)
    assert (servers.database_url, servers.broker_url) == ("", "")
    assert not (folder.path / "postgres").exists()
