"""Asking GTT to tell us: one action at a time, at secret addresses nobody can read, renewed without a gap."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal import inbox
from portal.models import Attempt, Delivery, Message, Subscription, VendorAccount, WebhookToken
from portal.problems import Problem
from portal.vendors.sandbox import Sandbox
from tests.casework import gtt_account, make_case, send
from tests.cast import Cast, client_of
from tickets.models import Case, CaseChange
from tickets.services import reminding
from tickets.services.cases import silence, subscribing, webhook_delivery
from tickets.subscription_address import why_unreachable

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(box: Sandbox) -> VendorAccount:
    return gtt_account(box)


@pytest.fixture
def root(people: Cast) -> Client:
    return client_of(people.root)


def at_gtt(box: Sandbox) -> dict[str, str]:
    """Where GTT delivers, by the name of the subscription."""
    return {one.name: one.spec["url"] for one in box.gtt.webhooks.all()}


def secret_of(url: str) -> str:
    return url.rstrip("/").rsplit("/", 1)[-1]


def subscribe(root: Client, account: VendorAccount, action: str) -> Subscription:
    answer = root.post("/subscriptions/", {"account": account.pk, "action": action})
    assert answer.status_code == 302, answer.content.decode()
    send(account)
    return Subscription.objects.order_by("-pk")[0]


def deliver(url: str, body: bytes = b'{"kind":"case","name":"CS1"}') -> int:
    return Client().post(f"/hooks/gtt/{secret_of(url)}/", body, "application/json").status_code


def test_each_action_is_asked_for_and_a_refused_one_blocks_no_other(
    box: Sandbox, account: VendorAccount, root: Client
) -> None:
    assert subscribe(root, account, "delete").state == "refused"
    assert subscribe(root, account, "create").state == "subscribed"
    assert subscribe(root, account, "update").state == "subscribed"
    assert set(at_gtt(box)) == {"case-v1alpha-create", "case-v1alpha-update"}
    assert len(set(at_gtt(box).values())) == 2
    assert [deliver(url) for url in at_gtt(box).values()] == [202, 202]
    text = root.get("/subscriptions/").content.decode()
    assert "Refused" in text
    assert "last delivery" in text
    again = root.post("/subscriptions/", {"account": account.pk, "action": "create"})
    assert (again.status_code, "subscribed to already" in again.content.decode()) == (422, True)
    assert root.post("/subscriptions/", {"account": account.pk, "action": "Create!"}).status_code == 422


def test_the_secret_stands_in_nothing_that_is_kept_or_shown(
    box: Sandbox, account: VendorAccount, root: Client
) -> None:
    subscribe(root, account, "create")
    secret = secret_of(at_gtt(box)["case-v1alpha-create"])
    kept = [*Message.objects.values(), *Attempt.objects.values(), *WebhookToken.objects.values()]
    assert secret not in json.dumps([*kept, *Subscription.objects.values()], default=str)
    assert Attempt.objects.get().response_body
    assert secret not in root.get("/subscriptions/").content.decode()
    message = Message.objects.get()
    assert secret not in root.get(f"/admin/portal/message/{message.pk}/change/").content.decode()


def test_a_lost_answer_is_proved_by_the_name(
    box: Sandbox, account: VendorAccount, root: Client, people: Cast
) -> None:
    box.fail_next("lose_answer", on="gtt.webhook_create")
    made = subscribe(root, account, "create")
    assert made.state == "unknown"
    assert reminding.raise_due() == 0  # the work list is for technicians and cases
    assert root.get("/unknown/").status_code == 200
    assert root.get("/").status_code == 200
    root.post(f"/subscriptions/{made.pk}/again/")
    send(account)
    made = Subscription.objects.get()
    assert made.state == "subscribed"
    assert deliver(at_gtt(box)[made.name]) == 202
    assert (
        "nothing to ask again" in root.post(f"/subscriptions/{made.pk}/again/", follow=True).content.decode()
    )


def test_a_name_that_others_took_is_changed(box: Sandbox, account: VendorAccount, root: Client) -> None:
    subscribe(root, account, "create")
    Subscription.objects.all().delete()
    made = subscribe(root, account, "create")
    assert (made.name, made.state) == ("case-v1alpha-create", "refused")
    assert made.is_name_taken
    root.post(f"/subscriptions/{made.pk}/again/")
    send(account)
    made = Subscription.objects.get()
    assert (made.name, made.state) == ("case-v1alpha-create-2", "subscribed")


def test_a_new_address_takes_over_without_a_gap(box: Sandbox, account: VendorAccount, root: Client) -> None:
    old = subscribe(root, account, "update")
    assert root.post(f"/subscriptions/{old.pk}/renew/").status_code == 302
    send(account)
    urls = at_gtt(box)
    assert set(urls) == {"case-v1alpha-update", "case-v1alpha-update-2"}
    assert "on its way already" in root.post(f"/subscriptions/{old.pk}/renew/", follow=True).content.decode()
    assert deliver(urls["case-v1alpha-update"]) == 202
    assert subscribing.retire_replaced() == 0
    assert deliver(urls["case-v1alpha-update-2"]) == 202
    assert subscribing.retire_replaced() == 1
    assert [deliver(urls[name]) for name in sorted(urls)] == [404, 202]
    old.refresh_from_db()
    assert old.state == "retired"
    assert "turned away" in root.get("/subscriptions/").content.decode()


def test_an_old_address_that_is_still_used_alone_stays(
    box: Sandbox, account: VendorAccount, root: Client
) -> None:
    old = subscribe(root, account, "update")
    root.post(f"/subscriptions/{old.pk}/renew/")
    send(account)
    long_ago = timezone.now() - timedelta(hours=25)
    Message.objects.update(settled_at=long_ago)
    deliver(at_gtt(box)["case-v1alpha-update"])
    assert subscribing.retire_replaced() == 0  # GTT tells the old one only: closing it would lose everything
    Delivery.objects.update(received_at=long_ago - timedelta(hours=1))
    assert subscribing.retire_replaced() == 1


def test_a_refused_successor_leaves_the_old_one_open(
    box: Sandbox, account: VendorAccount, root: Client
) -> None:
    old = subscribe(root, account, "update")
    box.fail_next("422", on="gtt.webhook_create")
    root.post(f"/subscriptions/{old.pk}/renew/")
    send(account)
    assert subscribing.retire_replaced() == 0
    assert deliver(at_gtt(box)["case-v1alpha-update"]) == 202


def test_an_address_that_got_out_is_closed_at_once(
    box: Sandbox, account: VendorAccount, root: Client
) -> None:
    made = subscribe(root, account, "update")
    root.post(f"/subscriptions/{made.pk}/close/")
    assert deliver(at_gtt(box)[made.name]) == 404
    assert subscribe(root, account, "update").name == "case-v1alpha-update-2"


def test_no_address_is_given_that_gtt_cannot_reach(settings: Any, people: Cast) -> None:
    account = gtt_account()
    account.api_url = "https://api.gtt.example"
    for url in (
        "http://localhost:8000",
        "https://127.0.0.1",
        "https://[::1]:8000",
        "http://portal.example.com",
    ):
        settings.PUBLIC_URL = url
        assert why_unreachable(account)
        with pytest.raises(Problem):
            subscribing.subscribe(account, "create", by=people.root)
    settings.PUBLIC_URL = "https://portal.example.com"
    assert why_unreachable(account) == ""
    account.api_url, settings.PUBLIC_URL = "http://127.0.0.1:9", "http://127.0.0.1:8000"
    assert why_unreachable(account) == ""


def test_a_test_that_finds_nobody_says_so(
    box: Sandbox, account: VendorAccount, root: Client, settings: Any
) -> None:
    made = subscribe(root, account, "update")
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    root.post(f"/subscriptions/{made.pk}/test/")
    assert webhook_delivery.run_tests() == 1
    made.refresh_from_db()
    assert "did not answer" in made.test_result
    assert secret_of(at_gtt(box)[made.name]) not in made.test_result
    assert webhook_delivery.run_tests() == 0


@pytest.mark.django_db(transaction=True)
def test_our_own_knock_is_heard_and_proves_nothing_of_gtt(
    box: Sandbox, live_server: object, settings: Any
) -> None:
    from tests.cast import make_people
    from tickets.services.cases import hearing

    people, account = make_people(), gtt_account(box)
    settings.PUBLIC_URL = str(live_server)
    made = subscribing.subscribe(account, "update", by=people.root)
    send(account)
    subscribing.want_test(made, by=people.root)
    assert webhook_delivery.run_tests() == 1
    made.refresh_from_db()
    assert "was reached" in made.test_result
    hearing.heed_due()
    heard = Delivery.objects.get()
    assert (heard.state, inbox.TEST_HEADER in heard.headers) == ("ignored", True)
    assert not subscribing.real_deliveries(made.token).exists()


# --- Silence


@pytest.fixture
def case(account: VendorAccount, people: Cast) -> Case:
    raised = make_case(people.alice, people.east, account)
    send(account)
    raised.refresh_from_db()
    return raised


def changed(case: Case, minutes_ago: int) -> None:
    CaseChange.objects.create(
        case=case,
        field="state",
        before="Open",
        after="In Progress",
        source="poll",
        seen_at=timezone.now() - timedelta(minutes=minutes_ago),
    )


def test_a_change_that_nobody_told_us_of_is_an_alarm(
    account: VendorAccount, root: Client, case: Case
) -> None:
    changed(case, 30)
    assert silence.silent_channels() == []  # nothing was promised
    subscribe(root, account, "update")
    assert silence.silent_channels() == []  # that was before
    Message.objects.update(settled_at=timezone.now() - timedelta(hours=1))
    (alarm,) = silence.silent_channels()
    assert case.number in alarm.sentence
    assert "None ever came" in alarm.sentence
    assert "does not tell us of changes" in root.get("/subscriptions/").content.decode()
    assert "does not tell us of changes" in root.get("/").content.decode()


@pytest.mark.parametrize(
    ("change", "told", "alarms"), [(5, None, 0), (30, 32, 0), (30, 20, 0), (30, 50, 1), (2000, None, 0)]
)
def test_what_was_told_in_time_or_later_is_none(
    account: VendorAccount, root: Client, case: Case, change: int, told: int | None, alarms: int
) -> None:
    made = subscribe(root, account, "update")
    Message.objects.update(settled_at=timezone.now() - timedelta(days=3))
    changed(case, change)
    if told is not None:
        Delivery.objects.create(
            account=account,
            token=made.token,
            body=b"",
            object_key=case.number,
            received_at=timezone.now() - timedelta(minutes=told),
        )
    assert len(silence.silent_channels()) == alarms
