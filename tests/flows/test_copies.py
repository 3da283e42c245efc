"""Copies of a database with work in it, each with a real worker running on it: nothing reaches the vendor."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection, connections
from django.utils import timezone
from psycopg import sql

from portal import arming, lookups, outbox
from portal.models import Arming, ForgottenSend, Message, VendorAccount, VendorToken
from portal.models.messages import HeldReason, State
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast, client_of, make_people
from tests.dispatching import make_dispatch, refill, sandbox_account, typed_row
from tests.flows.workers import NOWHERE, database_url, wait_until, working
from tickets.models import Ticket

pytestmark = pytest.mark.django_db(transaction=True)
LONG_ENOUGH = 8.0  # the watchman looks every two seconds, and takes what is overdue by three


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_people()


@pytest.fixture
def account(box: Sandbox, cast: Cast) -> VendorAccount:
    return sandbox_account(box, requests_per_minute=6000)


@pytest.fixture
def work(account: VendorAccount, cast: Cast) -> None:
    """One of everything that would reach the vendor: a create, a ticket to follow, a question, and no token."""
    first = make_dispatch(cast.alice, cast.east, rows=1)
    outbox.deliver_due()
    Ticket.objects.filter(dispatch=first).update(next_read_at=timezone.now() - timedelta(hours=1))
    make_dispatch(cast.alice, cast.east, rows=[typed_row(3)])
    lookups.ask(account, "granite.accounts", {"search": "a"}, by=cast.alice, fresh_for=timedelta(0))
    VendorToken.objects.update(encrypted_value="", expires_at=None)
    Message.objects.filter(state=State.QUEUED).update(due_at=timezone.now() - timedelta(minutes=1))


@contextmanager
def server() -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url(), dbname="postgres", autocommit=True) as there:
        yield there


def sessions(there: psycopg.Connection, database: str) -> list[tuple[str, str]]:
    asked = "SELECT backend_type, query FROM pg_stat_activity WHERE datname = %s"
    return there.execute(asked, [database]).fetchall()


@contextmanager
def copied() -> Iterator[str]:
    """A copy made by TEMPLATE; yields its address."""
    mine = connection.settings_dict["NAME"]
    copy = f"{mine}_copy"
    connections.close_all()
    with server() as there:
        # Connections of servers that other tests left open; PostgreSQL copies none that somebody is in.
        there.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [mine])
        wait_until(lambda: not sessions(there, mine), what="nobody is in what is copied")
        there.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(copy), sql.Identifier(mine))
        )
        try:
            yield database_url().replace(f"/{mine}", f"/{copy}")
        finally:
            there.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(copy)))


def requests(box: Sandbox) -> list[str]:
    return [record.operation for record in box.truth]


def work_for_a_while(**environment: str) -> None:
    with working(broker_url=NOWHERE, **environment) as worker:
        wait_until(lambda: "[tasks]" in worker.log.read_text(), seconds=60, what="the worker runs")
        time.sleep(LONG_ENOUGH)
        assert worker.process.poll() is None
        assert "Traceback" not in worker.log.read_text()


def test_a_copy_by_template_asks_the_vendor_nothing(box: Sandbox, work: None) -> None:
    before = requests(box)
    with copied() as address:
        work_for_a_while(DATABASE_URL=address)
        assert requests(box) == before
    # The original, for comparison: it would have been seen.
    with working(broker_url=NOWHERE):
        wait_until(lambda: len(requests(box)) >= len(before) + 3, what="the original sends, follows and asks")


def test_a_portal_that_is_off_asks_the_vendor_nothing(box: Sandbox, work: None) -> None:
    before = requests(box)
    work_for_a_while(OUTBOUND="off")
    assert requests(box) == before


def test_the_same_database_behind_another_address_asks_the_vendor_nothing(box: Sandbox, work: None) -> None:
    before = requests(box)
    work_for_a_while(PUBLIC_URL="http://staging.example")
    assert requests(box) == before


class Backup:
    """The data of this database as they are now, and back into the very same database."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "dump"
        self._run("pg_dump", "--format=custom", "--data-only", f"--file={self.file}", database_url())

    def restore(self) -> None:
        """All rows go and the old ones come: same server, same database, same timeline."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables WHERE schemaname = 'public'"
            )
            tables = cursor.fetchone()[0]
            cursor.execute("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgenabled = 'D'")
            disabled = cursor.fetchall()
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(f"TRUNCATE {tables}")
            cursor.execute("SET session_replication_role = DEFAULT")
        self._run(
            "pg_restore", "--data-only", "--disable-triggers", f"--dbname={database_url()}", str(self.file)
        )
        with connection.cursor() as cursor:
            # pg_restore enables every trigger, also those that tests do without.
            for table, trigger in disabled:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([binary(program), *arguments], check=True, capture_output=True, timeout=60)


def binary(name: str) -> str:
    """The program that belongs to the running server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting FROM pg_config() WHERE name = 'BINDIR'")
        return os.path.join(cursor.fetchone()[0], name)


def test_an_older_state_in_place_sends_nothing_and_then_only_what_was_never_sent(
    box: Sandbox, account: VendorAccount, cast: Cast, tmp_path: Path
) -> None:
    make_dispatch(cast.alice, cast.east, rows=[typed_row(0)])
    make_dispatch(cast.alice, cast.east, rows=[typed_row(1)])
    sent, never_sent = Message.objects.order_by("pk")
    Message.objects.filter(pk=never_sent.pk).update(due_at=timezone.now() + timedelta(hours=1))
    backup = Backup(tmp_path)
    outbox.deliver_due()
    assert len(box.calls("create")) == 1
    backup.restore()
    refill(account)
    Message.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    before = requests(box)

    work_for_a_while()
    assert requests(box) == before
    assert "set back to an earlier state" in Arming.why_not()
    page = client_of(cast.root).get("/outbound/").content.decode()
    assert "Sent before, and forgotten here" in page
    assert ForgottenSend.objects.get().reference == sent.reference

    client_of(cast.root).post("/outbound/allow/", {"reason": "looked through", "is_sure": "yes"})
    assert arming.sends()
    with working(broker_url=NOWHERE):
        wait_until(
            lambda: set(Message.objects.values_list("state", flat=True)) == {State.DONE, State.HELD},
            what="the one goes out, the other is held",
        )
    held = Message.objects.get(state=State.HELD)
    assert (held.reference, held.held_reason) == (sent.reference, HeldReason.SENT_BEFORE)
    assert len(box.calls("create")) == 2
