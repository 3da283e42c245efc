"""However many workers there are, few creates are without an answer at once: all of them are in doubt if none comes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import Message, RateBudget, User, VendorAccount
from portal.models.messages import IN_A_WORKER, State
from portal.outbox import claims, flight, settling
from portal.outbox.verdicts import judge
from portal.vendors.errors import OutcomeUnknown
from tests.cast import make_people
from tests.portal.outbox_parts import force, make_account, make_message
from tests.portal.test_accounts import in_threads


def full_queue(messages: int = 12, **account: str) -> tuple[VendorAccount, User]:
    by = User.objects.filter(username="alice").first() or make_people().alice
    made = make_account(**account)
    RateBudget.objects.create(account=made, tokens=5, refreshed_at=timezone.now())
    for _ in range(messages):
        make_message(made, by)
    return made, by


def in_flight() -> int:
    return Message.objects.filter(state__in=IN_A_WORKER).count()


@pytest.mark.django_db(transaction=True)
def test_eight_workers_at_once_take_no_more_than_the_seats() -> None:
    full_queue()
    for _ in range(4):
        claimed = [one for one in in_threads(8, claims.claim) if isinstance(one, Message)]
        assert in_flight() <= flight.MOST_AT_ONCE
        assert all(message.state == State.CLAIMED for message in claimed)
    while claims.claim():
        pass
    assert in_flight() == flight.MOST_AT_ONCE, "who gave way left no seat empty"


@pytest.mark.django_db
def test_a_seat_is_free_again_when_the_answer_came() -> None:
    full_queue()
    held = [claims.claim() for _ in range(flight.MOST_AT_ONCE)]
    assert None not in held
    assert claims.claim() is None
    assert held[0]
    claims.give_back(held[0])
    assert claims.claim() is not None


@pytest.mark.django_db
def test_another_account_has_seats_of_its_own() -> None:
    full_queue()
    while claims.claim():
        pass
    other, _ = full_queue(1, name="other", client_id="other", is_default=False)  # type: ignore[arg-type]
    message = claims.claim()
    assert message is not None
    assert message.account == other


@pytest.mark.django_db
def test_what_takes_long_or_died_keeps_no_seat() -> None:
    """Else a machine that goes away would stop the others until its sends are given up, minutes later."""
    full_queue()
    held = [message for _ in range(flight.MOST_AT_ONCE) if (message := claims.claim())]
    assert claims.claim() is None
    whole = timedelta(seconds=90) + flight.SETTLE_GRACE
    for seconds, is_free in ((30, False), (41, True)):
        deadline = timezone.now() + whole - timedelta(seconds=seconds)
        force(held[0], State.SENDING, send_deadline_at=deadline)
        assert (claims.claim() is not None) is is_free


@pytest.mark.django_db
def test_a_silence_keeps_its_seat_until_the_breaker_had_time_to_count_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    full_queue()
    held = [message for _ in range(flight.MOST_AT_ONCE) if (message := claims.claim())]
    attempt = claims.begin(held[0], "/create")
    assert attempt
    settling.fail(held[0], attempt, judge(OutcomeUnknown("no answer", None), earlier=None, failures=0))
    assert claims.claim() is None
    monkeypatch.setattr(flight, "FREE_AFTER_SILENCE", timedelta(0))
    assert claims.claim() is not None
