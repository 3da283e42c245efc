"""The work list of what nobody knows."""

import re

import pytest
from django.utils import timezone

from portal.models import Message, VendorAccount
from portal.models.messages import State
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast, client_of
from tests.dispatching import make_dispatch
from tests.portal.outbox_parts import force
from tests.tickets.scene import sent_dispatch, site_rows

pytestmark = pytest.mark.django_db
URL = "/unknown/"
WORDS = "We do not know whether Granite created these tickets. Do not submit again."


def test_nothing_in_doubt(people: Cast) -> None:
    page = client_of(people.bob).get(URL).content.decode()
    assert "Nothing is in doubt" in page
    assert WORDS not in page


def test_everything_a_person_needs_to_ask_granite(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    box.fail_next("502_html")
    dispatch = sent_dispatch(people, site_rows(3))
    message = dispatch.locations.first().message
    attempt = message.attempts.get()
    page = client_of(people.bob).get(URL).content.decode()
    for text in (
        WORDS,
        f'value="{message.reference}"',
        "3 technicians in doubt",
        "Alice Warren",
        str(dispatch.locations.first()),
        str(attempt.correlation_id),
        "HTTP 502",
        "&lt;h1&gt;Bad Gateway&lt;/h1&gt;",
        f"/dispatches/{dispatch.pk}/messages/{message.pk}/",
        "What to ask Granite",
    ):
        assert text in page, text
    assert "retry" not in page.lower()
    assert "failed" not in page.lower()
    assert "Check with Granite" not in page, "a viewer has nothing to press"


def test_done_in_part_names_what_is_certain(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    box.fail_next("fewer")
    dispatch = sent_dispatch(people, 3)
    page = client_of(people.bob).get(URL).content.decode()
    assert "1 technician in doubt" in page
    for ticket in dispatch.tickets.all():
        assert ticket.get_absolute_url() in page


def test_only_what_one_may_see(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    box.fail_next("lose_answer")
    sent_dispatch(people, 1)
    assert "Nothing is in doubt" in client_of(people.carol).get(URL).content.decode()
    assert WORDS in client_of(people.mia).get(URL).content.decode()
    assert client_of(people.bob).post(URL).status_code == 405


def test_a_long_list_goes_on_on_the_next_page(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    account.locations_per_message = 1
    account.save()
    dispatch = make_dispatch(people.alice, people.east, 25)
    references = [message.reference for message in Message.objects.order_by("pk")]
    for message in Message.objects.all():
        force(message, State.UNKNOWN, send_deadline_at=timezone.now())
    client = client_of(people.alice)
    first = client.get(URL).content.decode()
    assert [one for one in references if f"{one}:" in plain(first)] == references[:20]
    (link,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = client.get(URL + link).content.decode()
    assert [one for one in references if f"{one}:" in plain(second)] == references[20:]
    assert 'rel="next"' not in second
    assert client.get(URL + "?after=none").status_code == 200
    assert str(dispatch) in second


def plain(page: str) -> str:
    return re.sub(r"<[^>]+>", "", page)
