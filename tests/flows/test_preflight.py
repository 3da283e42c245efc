"""What fails cheaply fails before a byte leaves, and what came back is kept even when we stumble over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal import files, outbox
from portal.models import Message, VendorAccount
from portal.models.messages import State
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast
from tests.dispatching import make_dispatch, sandbox_account
from tests.portal.outbox_parts import settle_constraints, sql
from tickets.models import Dispatch
from tickets.services.delivery import CreateTickets

pytestmark = pytest.mark.django_db
TABLE = b"store,port\n0012,7\n"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


@pytest.fixture
def account(box: Sandbox, people: Cast, settings: object, tmp_path: Path) -> VendorAccount:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    return sandbox_account(box)


def dispatch_with_a_file(people: Cast) -> Dispatch:
    stored = files.accept(SimpleUploadedFile("ports.csv", TABLE), by=people.alice)
    return make_dispatch(people.alice, people.east, rows=2, files=[stored])


def deliver() -> Message:
    outbox.deliver_due()
    return Message.objects.get()


def test_a_whole_file_arrives_byte_by_byte(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    dispatch_with_a_file(people)
    assert deliver().state == State.DONE
    (call,) = box.calls("create")
    assert [(file.filename, file.size) for file in call.files] == [("ports.csv", len(TABLE))]


@pytest.mark.parametrize("is_gone", [False, True])
def test_a_changed_or_missing_file_holds_the_message(
    box: Sandbox, account: VendorAccount, people: Cast, is_gone: bool
) -> None:
    dispatch_with_a_file(people)
    path = Path(Message.objects.get().files.get().content.path)
    path.unlink() if is_gone else path.write_bytes(TABLE.replace(b"7", b"8"))
    message = deliver()
    assert (message.state, message.held_reason) == (State.HELD, "file")
    assert "ports.csv" in message.detail
    assert box.calls("create") == []
    assert message.attempts.count() == 0


def test_a_frozen_message_changed_behind_our_back_is_held(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    make_dispatch(people.alice, people.east, rows=2)
    settle_constraints()
    sql("ALTER TABLE portal_message DISABLE TRIGGER portal_guard_message")
    sql("""UPDATE portal_message SET payload = jsonb_set(payload, '{fields,0,1}', '"Move"')""")
    settle_constraints()
    sql("ALTER TABLE portal_message ENABLE TRIGGER portal_guard_message")
    message = deliver()
    assert (message.state, message.held_reason) == (State.HELD, "payload")
    assert box.calls("create") == []


def test_a_secret_nobody_can_read_holds_the_message(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    make_dispatch(people.alice, people.east, rows=1)
    VendorAccount.objects.update(encrypted_secret="gAAAA-of-another-key")
    message = deliver()
    assert (message.state, message.held_reason) == (State.HELD, "secret")


def test_an_answer_we_stumble_over_is_kept_as_evidence(
    box: Sandbox, account: VendorAccount, people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The technicians are on their way, whatever bug of ours keeps their tickets out of our tables."""

    def stumble(*args: object) -> None:
        raise ValueError("a bug of ours")

    monkeypatch.setattr(CreateTickets, "record", stumble)
    make_dispatch(people.alice, people.east, rows=2)
    message = deliver()
    attempt = message.attempts.get()
    assert message.state == State.UNKNOWN
    assert attempt.status == 200
    for number in box.tickets:
        assert str(number) in attempt.response_body
    assert outbox.deliver_due() == 0
