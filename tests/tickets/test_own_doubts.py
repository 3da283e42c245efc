"""The line above every page for whoever submitted what is now in doubt."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import User, VendorAccount
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast, client_of
from tests.tickets.doubting import in_doubt
from tickets.own_doubts import OwnDoubts

pytestmark = pytest.mark.django_db
LINE = 'id="own-doubts"'


def page(person: User, path: str = "/dispatches/") -> str:
    return client_of(person).get(path).content.decode()


def test_only_the_owner_sees_it_and_not_on_the_work_list(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    assert LINE not in page(people.alice)
    _, message = in_doubt(box, people, 1)
    told = page(people.alice)
    assert "1 of your requests has an unknown outcome" in told
    assert "Settle it." in told
    in_doubt(box, people, 2)
    told = page(people.alice, "/")
    assert "2 of your requests have an unknown outcome" in told
    assert 'href="/unknown/">Settle them.' in told
    for person in (people.bob, people.carol, people.mia, people.root):
        assert LINE not in page(person)
    for path in ("/unknown/", f"/unknown/{message.pk}/"):
        assert LINE not in page(people.alice, path)
    assert LINE not in Client().get("/login/").content.decode()
    assert "retry" not in told.lower()


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=5), ""),
        (timedelta(minutes=6), "6 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=4), "4 days"),
    ],
)
def test_how_long(passed: timedelta, words: str) -> None:
    assert OwnDoubts(1, timezone.now() - passed).age == words


def test_it_costs_one_query_and_pieces_none(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    dispatch, _ = in_doubt(box, people, 1)
    client = client_of(people.alice)

    def asked(path: str, **more: Any) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(path, **more).status_code == 200
        return sum("portal_messagetransition" in query["sql"] for query in queries.captured_queries)

    assert asked("/dispatches/") == 1
    assert asked(f"/dispatches/{dispatch.pk}/status/", HTTP_HX_REQUEST="true") == 0
