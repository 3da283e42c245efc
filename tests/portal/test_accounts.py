"""Our keys: one token for all workers, secrets that rotate without a gap, pauses with a reason."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from portal import account_services, accounts, encryption, outbox
from portal.models import AuditEntry, VendorAccount, VendorToken
from portal.models.messages import State
from portal.outbox import claims
from portal.problems import Problem
from portal.vendors.errors import NotExecuted
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast
from tests.dispatching import sandbox_account
from tests.portal.outbox_parts import force, make_message


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


def in_threads(count: int, work: Callable[[], object]) -> list[object]:
    results: list[object] = []
    barrier = threading.Barrier(count)

    def run() -> None:
        barrier.wait()
        try:
            results.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_eight_workers_without_a_token_ask_once(box: Sandbox) -> None:
    account = sandbox_account(box)
    box.fail_next("slow", on="token", seconds=0.5)
    tokens = in_threads(8, lambda: accounts.token_source(account).get().value)
    assert len(set(tokens)) == 1
    assert box.token_requests == 1


@pytest.mark.django_db(transaction=True)
def test_a_token_near_its_end_is_renewed_once_by_all(box: Sandbox) -> None:
    account = sandbox_account(box)
    accounts.token_source(account).get()
    VendorToken.objects.update(
        obtained_at=timezone.now() - timedelta(seconds=290), expires_at=timezone.now() + timedelta(seconds=10)
    )
    in_threads(8, lambda: accounts.token_source(account).get().version)
    assert box.token_requests == 2


@pytest.mark.django_db
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_worker_whose_clock_is_wrong_uses_the_token_of_all(box: Sandbox, hours: int) -> None:
    account = sandbox_account(box)
    token = accounts.token_source(account).get()
    with time_machine.travel(timezone.now() + timedelta(hours=hours), tick=True):
        theirs = accounts.token_source(account).get()
        assert (theirs.version, theirs.value) == (token.version, token.value)
        assert 200 < theirs.seconds_left() <= box.token_lifetime
        accounts.drop_token(account, theirs.version)
        renewed = accounts.token_source(account).get()
    assert accounts.token_source(account).get().version == renewed.version
    left = VendorToken.objects.get().expires_at - timezone.now()
    assert 200 < left.total_seconds() <= box.token_lifetime
    assert box.token_requests == 2


@pytest.mark.django_db
def test_only_the_refused_version_is_dropped(box: Sandbox) -> None:
    account = sandbox_account(box)
    token = accounts.token_source(account).get()
    accounts.drop_token(account, token.version - 1)
    assert accounts.token_source(account).get().version == token.version
    accounts.drop_token(account, token.version)
    assert accounts.token_source(account).get().version == token.version + 1


@pytest.mark.django_db
def test_secrets_and_tokens_lie_encrypted(box: Sandbox) -> None:
    account = sandbox_account(box)
    value = accounts.token_source(account).get().value
    with connection.cursor() as cursor:
        cursor.execute("SELECT a.*::text, t.*::text FROM portal_vendoraccount a, portal_vendortoken t")
        stored = str(cursor.fetchall())
    assert value not in stored
    assert "sandbox-secret" not in stored


@pytest.mark.django_db
def test_a_new_secret_sets_held_messages_free(box: Sandbox, people: Cast) -> None:
    account = sandbox_account(box)
    waiting = make_message(account, people.alice)
    forbidden = make_message(account, people.alice)
    force(waiting, "held", held_reason="credential")
    force(forbidden, "held", held_reason="permission")
    token = accounts.token_source(account).get()
    account_services.rotate_secret(account, "another-secret-1234", by=people.root)
    assert account.secret == "another-secret-1234"
    assert account.secret_hint == "…1234"
    waiting.refresh_from_db()
    forbidden.refresh_from_db()
    assert (waiting.state, forbidden.state) == (State.QUEUED, State.HELD)
    with pytest.raises(NotExecuted):
        accounts.token_source(account).get()
    entry = AuditEntry.objects.get(action="account.secret_rotated")
    assert "another-secret" not in str(entry.details)
    assert token.value not in str(entry.details)


@pytest.mark.django_db
def test_a_paused_account_sends_nothing_until_somebody_says_why(box: Sandbox, people: Cast) -> None:
    account = sandbox_account(box)
    message = make_message(account, people.alice)
    with pytest.raises(Problem):
        account_services.pause(account, "  ", by=people.root)
    account_services.pause(account, "Granite's maintenance", by=people.root)
    assert outbox.deliver_due() == 0
    with pytest.raises(Problem):
        account_services.resume(account, by=people.root, reason="")
    account_services.resume(account, by=people.root, reason="They are back")
    assert claims.claim() == message
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {"account.paused", "account.resumed"}


@pytest.mark.django_db
def test_testing_the_connection_says_what_is_wrong(box: Sandbox) -> None:
    account = sandbox_account(box)
    assert "the credentials are good" in account_services.check_connection(account)
    VendorAccount.objects.update(encrypted_secret=encryption.encrypt("wrong"))
    account.refresh_from_db()
    with pytest.raises(Problem, match="does not accept our credentials"):
        account_services.check_connection(account)
    VendorAccount.objects.update(encrypted_secret="gAAAA-of-another-key")
    account.refresh_from_db()
    with pytest.raises(Problem, match="FIELD_ENCRYPTION_KEY"):
        account_services.check_connection(account)
