"""Searching Granite's accounts: the question of a page, answered by a worker at the sandbox over a real socket."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from portal import lookups
from portal.models import Lookup
from portal.vendors.sandbox import Sandbox
from sites.models import Account
from tests.cast import Cast
from tests.dispatching import sandbox_account


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


def ask(people: Cast, account, text: str) -> Lookup:
    lookup = lookups.ask(
        account, "granite.accounts", {"search": text}, by=people.alice, fresh_for=timedelta(minutes=5)
    )
    assert lookup.is_waiting
    lookups.answer_due()
    lookup.refresh_from_db()
    assert not lookup.is_waiting
    return lookup


@pytest.mark.django_db(transaction=True)
def test_what_granite_finds_is_answered_and_kept(people: Cast, box: Sandbox) -> None:
    lookup = ask(people, sandbox_account(box), "boston")
    assert lookup.problem == ""
    (row,) = lookup.answer
    kept = Account.objects.get(macnum="03520001")
    assert (row["account"], row["macnum"], row["account_id"]) == (kept.pk, "03520001", kept.account_id)
    assert row["time_zone"] == "America/New_York"
    assert row["contact_name"] == "Denise Callahan"


@pytest.mark.django_db(transaction=True)
def test_nothing_found_is_an_answer_too(people: Cast, box: Sandbox) -> None:
    lookup = ask(people, sandbox_account(box), "nowhere at all")
    assert (lookup.answer, lookup.problem) == ([], "")
