"""The integration page: what it says of each account, and what it lets one do, never with what may be carried out."""

import pytest
from django.test import Client
from django.utils import timezone

from portal.models import Attempt, AuditEntry, DriftEntry, Message, VendorAccount
from portal.models.messages import HeldReason, State
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast, client_of
from tests.dispatching import make_dispatch, sandbox_account, typed_row
from tests.portal.outbox_parts import force
from tests.tickets.scene import send

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(box: Sandbox) -> VendorAccount:
    return sandbox_account(box)


@pytest.fixture
def root(people: Cast) -> Client:
    return client_of(people.root)


def page(client: Client, **query: str) -> str:
    return client.get("/integration/", query).content.decode()


def test_it_tells_how_an_account_does(
    box: Sandbox, account: VendorAccount, people: Cast, root: Client
) -> None:
    assert "nothing was sent" in page(root)
    send(make_dispatch(people.alice, people.east, [typed_row(0)]))
    box.fail_next("lose_answer")
    send(make_dispatch(people.alice, people.east, [typed_row(1)]))
    make_dispatch(people.alice, people.east, [typed_row(2)])
    DriftEntry.objects.create(vendor="granite", operation="create", kind="unknown field", path="x")
    text = page(root)
    assert "1 of 2, 50.0 %" in text
    assert "of a limit of 60 a minute" in text
    assert "1 to be looked at" in text
    assert "Outcome unknown" in text
    assert "Oldest due" in text


def test_the_page_costs_the_same_for_many(
    account: VendorAccount, people: Cast, root: Client, django_assert_max_num_queries
) -> None:
    for index in range(12):
        make_dispatch(people.alice, people.east, [typed_row(index)])
    page(root)
    with django_assert_max_num_queries(22):
        page(root, state="queued")


def test_pausing_and_resuming_wants_a_reason(account: VendorAccount, root: Client) -> None:
    url = f"/integration/accounts/{account.pk}/"
    assert "Say why" in root.post(url, {"pause": "1", "reason": " "}, follow=True).content.decode()
    root.post(url, {"pause": "1", "reason": "Granite moves"})
    account.refresh_from_db()
    assert account.is_paused
    assert "Granite moves" in page(root)
    root.post(url, {"resume": "1", "reason": "moved"})
    account.refresh_from_db()
    assert not account.is_paused
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {"account.paused", "account.resumed"}


class TestMessages:
    @pytest.fixture
    def message(self, account: VendorAccount, people: Cast) -> Message:
        return make_dispatch(people.alice, people.east, 1).locations.get().message

    def act(self, root: Client, message: Message, **said: str) -> str:
        answer = root.post(f"/integration/messages/{message.pk}/", said, follow=True)
        message.refresh_from_db()
        return answer.content.decode()

    def test_what_is_held_is_replayed_with_a_reason(self, root: Client, message: Message) -> None:
        force(message, State.HELD, held_reason=HeldReason.CREDENTIAL)
        assert "Say why" in self.act(root, message, replay="1")
        assert message.state == State.HELD
        self.act(root, message, replay="1", reason="new secret")
        assert message.state == State.QUEUED

    @pytest.mark.parametrize("state", [State.UNKNOWN, State.DONE, State.REJECTED])
    def test_what_may_be_carried_out_is_never_replayed_or_ignored(
        self, root: Client, message: Message, state: State
    ) -> None:
        force(message, state, settled_at=None if state == State.UNKNOWN else timezone.now())
        for what in ("replay", "ignore"):
            self.act(root, message, **{what: "1", "reason": "let me"})
            assert message.state == state
        assert not Attempt.objects.exists()

    def test_what_a_log_says_was_sent_is_not_replayed_from_here(self, root: Client, message: Message) -> None:
        force(message, State.HELD, held_reason=HeldReason.SENT_BEFORE)
        assert "Only what is held" in self.act(root, message, replay="1", reason="let me")
        assert message.state == State.HELD

    def test_what_has_not_left_is_ignored(self, root: Client, message: Message) -> None:
        self.act(root, message, ignore="1", reason="not wanted any more")
        assert message.state == State.CANCELLED
