"""Who holds a message: workers that reach for the queue at once each get one of their own."""

import pytest

from portal.models import Message
from portal.outbox import claims, flight
from tests.cast import make_people
from tests.dispatching import refill
from tests.portal.outbox_parts import make_account, make_message
from tests.portal.test_accounts import in_threads


@pytest.mark.django_db(transaction=True)
def test_eight_workers_claim_eight_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flight, "MOST_AT_ONCE", 8)
    people = make_people()
    account = make_account()
    refill(account)
    for _ in range(8):
        make_message(account, people.alice)
    claimed = in_threads(8, claims.claim)
    assert len({message.pk for message in claimed if isinstance(message, Message)}) == 8


@pytest.mark.django_db
def test_a_single_interactive_message_goes_before_a_bulk() -> None:
    people = make_people()
    account = make_account()
    refill(account)
    bulk = [make_message(account, people.alice) for _ in range(3)]
    single = make_message(account, people.alice, interactive=True)
    order = [claims.claim() for _ in range(4)]
    assert order == [single, *bulk]


@pytest.mark.django_db
def test_an_empty_budget_leaves_the_queue_alone() -> None:
    people = make_people()
    account = make_account()
    refill(account)
    account.budget.__class__.objects.update(tokens=0)
    message = make_message(account, people.alice)
    assert claims.claim() is None
    message.refresh_from_db()
    assert message.transitions.count() == 1, "no churn: not claimed and given back"
