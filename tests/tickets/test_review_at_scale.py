"""Large plans: what the review says of them, what is asked about their cost, and the page of a large dispatch."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.models import Lookup, Message, RateBudget, VendorAccount
from portal.models.messages import State
from portal.vendors.sandbox.granite.accounts import ACCOUNTS
from sites.models import Account
from tests.cast import Cast, client_of
from tests.dispatching import make_dispatch, make_draft, typed_row
from tests.portal.outbox_parts import force, make_account
from tickets.models import Draft
from tickets.queueing import outlook
from tickets.stretches import Stretch

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def account(people: Cast) -> VendorAccount:
    return make_account()


@pytest.fixture
def alice(people: Cast) -> Client:
    return client_of(people.alice)


def rows(count: int, **changes: str) -> list[dict[str, str]]:
    return [
        typed_row(
            number % 50, location_name=f"Store {number:04d}", location_number=f"{number:04d}", **changes
        )
        for number in range(count)
    ]


def sheet(people: Cast, typed: list[dict[str, str]]) -> Draft:
    draft = make_draft(people.alice, people.east, typed)
    draft.is_sheet = True
    draft.save()
    return draft


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def test_the_plan_in_a_sentence(alice: Client, people: Cast) -> None:
    typed = rows(137)
    for row in typed[:30]:
        row["service_type"] = "Site Audit"
    draft = sheet(people, typed)
    page = alice.get(f"/drafts/{draft.pk}/review/")
    words = text_of(page)
    assert "137 locations → 14 messages → 137 tickets, about 20 s at the present budget" in words
    assert "Should one answer be lost, up to 10 technicians are in doubt." in words
    assert words.count("because the messages before it are full") == 1 + 12  # in sum, and at each
    assert "12 are messages of their own" in words
    assert "Locations 1 to 100 of 137" in words
    assert "Store 0136" not in words
    later = text_of(alice.get(f"/drafts/{draft.pk}/review/?from=101"))
    assert "Locations 101 to 137 of 137" in later
    assert "Store 0136" in later


def test_what_waits_before_is_counted_in(alice: Client, people: Cast, account: VendorAccount) -> None:
    RateBudget.objects.update_or_create(
        account=account, defaults={"tokens": 5, "refreshed_at": timezone.now()}
    )
    assert outlook(account, 9).seconds == pytest.approx(4 / 0.9, abs=0.1)
    make_dispatch(people.alice, people.east, rows(90))
    assert outlook(account, 9).before == 9
    assert outlook(account, 9).seconds == pytest.approx(13 / 0.9, abs=0.1)
    assert outlook(account, 1).before == 0  # a single one goes before the bulk
    RateBudget.objects.update(closed_until=timezone.now() + timedelta(seconds=60))
    assert outlook(account, 9).seconds == pytest.approx(60 + 13 / 0.9, abs=0.5)
    draft = sheet(people, rows(30, start_date="2027-02-01T09:00", end_date="2027-02-01T10:00"))
    assert "9 requests wait before them; that is counted in." in text_of(
        alice.get(f"/drafts/{draft.pk}/review/")
    )


def test_the_parts_of_a_large_plan_come_when_opened(alice: Client, people: Cast) -> None:
    draft = sheet(people, rows(120))
    page = alice.get(f"/drafts/{draft.pk}/review/").content.decode()
    assert "locations, as sent" not in page
    assert f'hx-get="/drafts/{draft.pk}/review/12/"' in page
    planned = alice.get(f"/drafts/{draft.pk}/review/12/")
    assert "Store 0119" in planned.content.decode()
    (part_hash,) = re.findall(r'hash <span class="mono">(\w{64})<', planned.content.decode())
    assert part_hash in page
    piece = alice.get(f"/drafts/{draft.pk}/review/12/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in piece
    assert part_hash in piece
    for number in (0, 13, 10**6):
        assert alice.get(f"/drafts/{draft.pk}/review/{number}/").status_code == 404


def test_costs_are_asked_once_for_all_visits_alike(
    alice: Client, people: Cast, account: VendorAccount
) -> None:
    for index in range(20):
        Account.objects.create(
            vendor_account=account,
            macnum=ACCOUNTS[index].macnum,
            account_id=index + 1,
            seen_at=timezone.now(),
        )
    typed = [
        typed_row(
            number % 21, location_name=f"Store {number}", start_date=start, end_date=start[:11] + "12:00"
        )
        for number in range(84)
        for start in [("2027-02-01T09:00", "2027-02-02T09:00", "2027-02-06T09:00")[number // 28]]
    ]
    typed[1]["service_type"] = "Site Audit"
    draft = sheet(people, typed)
    words = text_of(alice.get(f"/drafts/{draft.pk}/review/"))
    # Monday and Tuesday are alike, Saturday is not; one row asks for other work; the 21st account has no id.
    assert "Ask Granite: 41 calls, about 50 s" in words
    assert "And 34 more, all counted in the sum." in words
    assert not Lookup.objects.exists()
    alice.post(f"/drafts/{draft.pk}/estimates/")
    assert Lookup.objects.count() == 41
    kinds = sorted(lookup.question["service_type"] for lookup in Lookup.objects.all())
    assert kinds[0] == "Site Audit"
    assert set(kinds[1:]) == {"Smart Hands"}
    alice.post(f"/drafts/{draft.pk}/estimates/")
    assert Lookup.objects.count() == 41
    Lookup.objects.update(answer={"total": "100.10"}, due_at=None, answered_at=timezone.now())
    words = text_of(alice.get(f"/drafts/{draft.pk}/review/"))
    assert "$8,008.00" in words
    assert "4 are not" in words
    assert "Ask Granite" not in words


def test_a_large_dispatch_shows_what_needs_a_person_first(alice: Client, people: Cast) -> None:
    dispatch = make_dispatch(people.alice, people.east, rows(150))
    last = Message.objects.filter(locations__dispatch=dispatch).order_by("-pk").first()
    assert last is not None
    force(last, State.REJECTED, settled_at=timezone.now())
    page = alice.get(dispatch.get_absolute_url())
    words = text_of(page)
    assert "10 of 150 settled" in words
    assert "10 rejected 140 waiting" in words
    assert "Everything will have left in about 20 s" in words
    assert words.index("Store 0149") < words.index("Store 0000")
    assert "Store 0130" not in words
    assert "Locations 1 to 100 of 150" in words
    assert f'hx-get="/dispatches/{dispatch.pk}/status/?from=1&amp;sent=1"' in page.content.decode()
    later = text_of(alice.get(f"/dispatches/{dispatch.pk}/status/?from=101"))
    assert "Store 0130" in later
    assert "Locations 101 to 150 of 150" in later


@pytest.mark.parametrize(
    ("start", "shown"),
    [("", [0, 1, 2]), ("4", [3, 4, 5]), ("5", [3, 4, 5]), ("7", [6]), ("99", [6]), ("-1", [0, 1, 2])]
    + [(text, [0, 1, 2]) for text in ("0", "x", "٣", "9" * 5000, "1.5", "\x00")],
)
def test_any_start_gives_a_page(start: str, shown: list[int]) -> None:
    assert list(Stretch(range(7), start, 3).page) == shown
    assert list(Stretch([], start, 3).page) == []
