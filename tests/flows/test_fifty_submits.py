"""One form, sent fifty times at once over real sockets: from tabs, from two browsers, and again by the back button."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from pytest_django.live_server_helper import LiveServer

from portal import outbox
from portal.models import AuditEntry, Message, User, VendorAccount
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast, client_of, make_people
from tests.dispatching import make_draft, refill, sandbox_account, typed_row
from tests.page_forms import controls_of
from tests.portal.test_accounts import in_threads
from tickets.models import Dispatch, Draft, Location

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 50


class Tab:
    """A page somebody has open: its form, with its own CSRF token, and the cookies of its browser."""

    def __init__(self, server: LiveServer, cookies: dict[str, str], draft: Draft) -> None:
        self.address = f"{server.url}/drafts/{draft.pk}/"
        self.cookies = dict(cookies)
        page = requests.get(f"{self.address}review/", cookies=self.cookies, timeout=30)
        self.cookies |= page.cookies.get_dict()
        cookies |= page.cookies.get_dict()  # the next tab of this browser comes with them
        self.form = controls_of(page.text, action="submit/")
        assert set(self.form) == {"csrfmiddlewaretoken", "plan_hash"}

    def submit(self) -> tuple[int, str]:
        answer = requests.post(
            f"{self.address}submit/",
            data=self.form,
            cookies=self.cookies,
            headers={"Referer": f"{self.address}review/"},
            allow_redirects=False,
            timeout=60,
        )
        return answer.status_code, answer.headers.get("Location", "")


def sign_in(person: User) -> dict[str, str]:
    return {name: one.value for name, one in client_of(person).cookies.items()}


def all_at_once(tabs: list[Tab]) -> set[tuple[int, str]]:
    barrier = threading.Barrier(len(tabs))

    def submit(tab: Tab) -> tuple[int, str]:
        barrier.wait()
        return tab.submit()

    with ThreadPoolExecutor(len(tabs)) as pool:
        return set(pool.map(submit, tabs))


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_people()


@pytest.fixture
def account(box: Sandbox, cast: Cast) -> VendorAccount:
    return sandbox_account(box)


@pytest.fixture
def server(live_server: LiveServer) -> LiveServer:
    """Django's server for tests lets ten wait at its door and sends the others away."""
    live_server.thread.httpd.socket.listen(2 * TIMES)
    return live_server


def send_with_eight_workers(account: VendorAccount) -> None:
    for _ in range(2):
        refill(account)
        in_threads(8, outbox.deliver_due)


def test_fifty_at_once_from_three_tabs_of_two_browsers_are_one_request(
    server: LiveServer, box: Sandbox, cast: Cast, account: VendorAccount
) -> None:
    draft = make_draft(cast.alice, cast.east, rows=2)
    desk, phone = sign_in(cast.alice), sign_in(cast.alice)
    tabs = [Tab(server, desk, draft), Tab(server, desk, draft), Tab(server, phone, draft)]
    assert len({tab.form["csrfmiddlewaretoken"] for tab in tabs}) == 3
    here = {(302, f"/dispatches/{draft.pk}/")}
    assert all_at_once([tabs[number % 3] for number in range(TIMES)]) == here
    send_with_eight_workers(account)
    # The back button: the page of before, with the form of before, once it was sent.
    assert {tab.submit() for tab in tabs} == here
    send_with_eight_workers(account)
    assert (Dispatch.objects.count(), Message.objects.count(), Location.objects.count()) == (1, 1, 2)
    assert AuditEntry.objects.filter(action="dispatch.submitted").count() == 1
    assert len(box.calls("create")) == 1
    assert len(box.tickets) == 2


def test_two_drafts_submitted_at_once_are_two_requests(
    server: LiveServer, box: Sandbox, cast: Cast, account: VendorAccount
) -> None:
    """What must not be lost with what is repeated: two pieces of work are two."""
    cookies = sign_in(cast.alice)
    drafts = [make_draft(cast.alice, cast.east, [typed_row(index)]) for index in range(2)]
    tabs = [Tab(server, cookies, draft) for draft in drafts]
    answers = all_at_once([tabs[number % 2] for number in range(10)])
    assert answers == {(302, f"/dispatches/{draft.pk}/") for draft in drafts}
    send_with_eight_workers(account)
    assert len(box.calls("create")) == Message.objects.count() == 2


def test_two_who_send_somebody_to_one_door_at_once_are_asked_what_is_meant(
    server: LiveServer, box: Sandbox, cast: Cast, account: VendorAccount
) -> None:
    """Neither saw the other's dispatch on the review page. One of them is sent, the other waits for a word."""
    cookies = sign_in(cast.alice)
    drafts = [make_draft(cast.alice, cast.east, [typed_row(0)]) for _ in range(4)]
    answers = all_at_once([Tab(server, cookies, draft) for draft in drafts])
    dispatch = Dispatch.objects.get()
    assert answers == {(302, f"/dispatches/{dispatch.pk}/"), (409, "")}
    assert Message.objects.count() == 1


def test_a_tab_of_before_somebody_changed_the_draft_sends_nothing(
    server: LiveServer, box: Sandbox, cast: Cast, account: VendorAccount
) -> None:
    draft = make_draft(cast.alice, cast.east, rows=2)
    tab = Tab(server, sign_in(cast.alice), draft)
    Draft.objects.filter(pk=draft.pk).update(what={**draft.what, "initial_description": "Another thing."})
    assert all_at_once([tab] * 10) == {(409, "")}
    assert not Message.objects.exists()
