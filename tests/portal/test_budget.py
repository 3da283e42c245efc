"""One budget for all workers: never more than the vendor's limit in any minute."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal import ratelimit
from portal.models import RateBudget, VendorAccount
from portal.ratelimit import Purpose
from tests.cast import Cast
from tests.portal.outbox_parts import make_account, make_message


def fill(account: VendorAccount, tokens: float, **fields: object) -> None:
    RateBudget.objects.update_or_create(
        account=account, defaults={"tokens": tokens, "refreshed_at": timezone.now(), **fields}
    )


@pytest.mark.parametrize("limit", [6, 12, 60, 100, 600, 6000])
def test_the_long_run_and_the_burst_stay_below_the_limit(limit: int) -> None:
    assert ratelimit.rate_of(limit) * 60 + ratelimit.burst_of(limit) < limit
    assert ratelimit.rate_of(limit) > 0


@pytest.mark.django_db
def test_a_new_account_may_ask_once_and_then_waits() -> None:
    account = make_account()
    assert ratelimit.take(account, Purpose.CREATE) == 0
    assert 0 < ratelimit.take(account, Purpose.CREATE) < 2


@pytest.mark.django_db
def test_a_rest_fills_the_bucket_to_the_burst_and_no_further() -> None:
    account = make_account()
    fill(account, 0)
    RateBudget.objects.update(refreshed_at=timezone.now() - timedelta(hours=1))
    taken = sum(ratelimit.take(account, Purpose.CREATE) == 0 for _ in range(12))
    assert taken == 5


@pytest.mark.django_db
def test_a_clock_set_back_gives_nothing_away() -> None:
    account = make_account()
    fill(account, 0)
    RateBudget.objects.update(refreshed_at=timezone.now() + timedelta(hours=1))
    assert ratelimit.take(account, Purpose.CREATE) > 0


@pytest.mark.django_db
def test_creates_come_before_reads(people: Cast) -> None:
    account = make_account()
    fill(account, 2.5)
    assert ratelimit.take(account, Purpose.READ) == 0
    assert ratelimit.take(account, Purpose.READ) > 0, "the last one is kept for whoever submits next"
    assert ratelimit.take(account, Purpose.CREATE) == 0
    make_message(account, people.alice)
    fill(account, 2.5)
    assert ratelimit.take(account, Purpose.READ) > 0, "while a create waits, reads leave half of the bucket"
    fill(account, 4)
    assert ratelimit.take(account, Purpose.READ) == 0


@pytest.mark.django_db
def test_a_429_empties_the_bucket_slows_it_and_keeps_silence() -> None:
    account = make_account()
    fill(account, 5)
    ratelimit.shrink(account, retry_after=30)
    assert 25 < ratelimit.take(account, Purpose.CREATE) <= 31
    assert account not in ratelimit.accounts_with_room()
    fill(account, 0, closed_until=None, shrunk_until=timezone.now() + timedelta(minutes=10))
    RateBudget.objects.update(refreshed_at=timezone.now() - timedelta(seconds=2))
    assert ratelimit.take(account, Purpose.CREATE) == 0
    assert RateBudget.objects.get().tokens < 0.9 * 2 * 0.75 - 1 + 0.2
