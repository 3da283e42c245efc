"""The list of tickets and the page of one."""

import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.models import VendorAccount
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast, client_of
from tests.dispatching import make_dispatch, typed_row
from tests.tickets.many import make_tickets
from tests.tickets.scene import PDF, sent_dispatch, site_rows, upload
from tickets.models import Location, Ticket

pytestmark = pytest.mark.django_db
URL = "/tickets/"


def ids_on(page: str) -> list[int]:
    return [
        int(found)
        for found in re.findall(r'<th scope="row"><a class="mono" href="/tickets/\d+/">(\d+)</a>', page)
    ]


def ids(client: Client, **filters: str) -> list[int]:
    answer = client.get(URL, filters)
    assert answer.status_code == 200
    return ids_on(answer.content.decode())


def link(page: str, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page)
    return found.group(1).replace("&amp;", "&") if found else ""


def test_walking_through_120_tickets_and_back(account: VendorAccount, people: Cast) -> None:
    wanted = [ticket.ticket_id for ticket in make_tickets(people.alice, people.east, 120)]
    bob = client_of(people.bob)
    seen, pages, address = [], [], URL
    while address:
        page = bob.get(address).content.decode()
        pages.append(ids_on(page))
        seen += pages[-1]
        back, address = link(page, "prev"), link(page, "next")
        address = address and URL + address
    assert seen == wanted
    assert [len(page) for page in pages] == [50, 50, 20]
    middle = bob.get(URL + back).content.decode()
    assert ids_on(middle) == pages[1]
    first = bob.get(URL + link(middle, "prev")).content.decode()
    assert ids_on(first) == pages[0]
    assert link(first, "prev") == ""


def test_a_new_ticket_does_not_shift_the_pages(account: VendorAccount, people: Cast) -> None:
    make_tickets(people.alice, people.east, 60)
    bob = client_of(people.bob)
    first = bob.get(URL).content.decode()
    make_tickets(people.alice, people.east, 3, first_id=900_000)
    assert not set(ids_on(bob.get(URL + link(first, "next")).content.decode())) & set(ids_on(first))


@pytest.mark.parametrize("cursor", ["nonsense", "WyJvbGRlciIsMV0:abc:def", "9" * 5000])
def test_a_cursor_that_is_not_ours_leads_to_the_first_page(
    account: VendorAccount, people: Cast, cursor: str
) -> None:
    make_tickets(people.alice, people.east, 3)
    assert len(ids(client_of(people.bob), page=cursor)) == 3


def test_filters(account: VendorAccount, people: Cast) -> None:
    tickets = make_tickets(people.alice, people.east, 8)
    make_tickets(people.carol, people.west, 2, first_id=800_000)
    bob, mia, alice = client_of(people.bob), client_of(people.mia), client_of(people.alice)
    assert len(ids(bob, status="On Site")) == 2
    assert len(ids(bob, status=":open")) == 6
    assert len(ids(bob, status=":resolved")) == 2
    assert len(ids(bob, service_type="Smart Hands")) == 8
    assert ids(bob, service_type="Move") == []
    assert len(ids(bob)) == 8
    assert len(ids(mia)) == 10
    assert len(ids(mia, team=str(people.west.pk))) == 2
    assert len(ids(alice, mine="on")) == 8
    assert ids(bob, mine="on") == []
    some = tickets[3]
    for text in (
        str(some.ticket_id),
        some.dispatch.reference,
        some.location_name.lower(),
        f"store {some.ticket_id}",
    ):
        assert ids(bob, q=text) == [some.ticket_id]
    assert len(ids(bob, q="(617) 555-0101")) == 8
    assert ids(bob, q="100%") == []


def test_the_day_of_a_visit_is_the_sites_own(account: VendorAccount, people: Cast) -> None:
    (ticket,) = make_tickets(people.alice, people.east, 1)
    start = datetime(2027, 3, 2, 5, 30, tzinfo=UTC)  # the evening of the first of March in Honolulu
    Location.objects.filter(pk=ticket.location_id).update(
        starts_at=start, ends_at=start, time_zone="Pacific/Honolulu"
    )
    bob = client_of(people.bob)
    assert ids(bob, since="2027-03-01", until="2027-03-01") == [ticket.ticket_id]
    assert ids(bob, since="2027-03-02") == []
    assert ids(bob, until="2027-02-28") == []


def test_by_site(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    dispatch = sent_dispatch(people, site_rows(3))
    bob = client_of(people.bob)
    first = dispatch.locations.get(position=0)
    assert ids(bob, site=first.site.number) == [first.ticket.ticket_id]
    assert ids(bob, site="no such site") == []


def test_what_cannot_be_used_is_said_and_the_rest_holds(account: VendorAccount, people: Cast) -> None:
    make_tickets(people.alice, people.east, 4)
    page = (
        client_of(people.bob)
        .get(URL, {"since": "tomorrow", "status": "On Site", "team": "x"})
        .content.decode()
    )
    assert len(ids_on(page)) == 1
    assert "Enter a valid date" in page


def test_empty_list_and_no_result(account: VendorAccount, people: Cast) -> None:
    bob = client_of(people.bob)
    assert "No tickets yet" in bob.get(URL).content.decode()
    assert "No ticket matches" in bob.get(URL, {"q": "zebra"}).content.decode()


def test_htmx_gets_the_rows_and_the_history_the_page(account: VendorAccount, people: Cast) -> None:
    bob = client_of(people.bob)
    piece = bob.get(URL, headers={"HX-Request": "true"})
    assert "<html" not in piece.content.decode()
    assert "HX-Request" in piece["Vary"]
    whole = bob.get(URL, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in whole.content.decode()


def test_the_list_takes_as_many_queries_for_forty_rows_as_for_ten(
    account: VendorAccount, people: Cast
) -> None:
    bob = client_of(people.bob)
    make_tickets(people.alice, people.east, 10)
    bob.get(URL)
    with CaptureQueriesContext(connection) as few:
        assert len(ids(bob)) == 10
    make_tickets(people.alice, people.east, 30, first_id=700_000)
    with CaptureQueriesContext(connection) as many:
        assert len(ids(bob)) == 40
    assert len(many) == len(few)
    assert not any(
        "COUNT(*)" in query["sql"] and "LIMIT" not in query["sql"] and "tickets_ticket" in query["sql"]
        for query in many
    )


def test_the_page_of_a_ticket(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    files = [upload("plan.pdf", PDF, people.alice)]
    dispatch = sent_dispatch(people, site_rows(1), files=files)
    ticket = dispatch.tickets.get()
    page = client_of(people.bob).get(ticket.get_absolute_url()).content.decode()
    for text in (
        "Pending Tech Assignment",
        "plan.pdf",
        "Received by Granite",
        ticket.address_1,
        "same as ours",
        "UTC",
    ):
        assert text in page
    assert f"/dispatches/{dispatch.pk}/messages/{ticket.message_id}/" in page
    assert "submitted the dispatch" in page
    assert "from the answer to our request" in page


def test_another_teams_ticket_does_not_exist(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    ticket = sent_dispatch(people, 1).tickets.get()
    carol, mia = client_of(people.carol), client_of(people.mia)
    url = ticket.get_absolute_url()
    assert carol.get(url).status_code == 404
    assert carol.get(f"{url}status/").status_code == 404
    assert carol.post(f"{url}refresh/").status_code == 404
    assert ids(carol) == []
    assert mia.get(url).status_code == 200
    assert client_of(people.bob).get(f"{url}refresh/").status_code == 405


def test_times_stand_in_the_sites_zone_first(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    row = typed_row(57) | {"start_date": "2027-01-15T09:00", "end_date": "2027-01-15T12:00"}  # Seattle
    make_dispatch(people.alice, people.east, [row])
    ticket = sent_dispatch(people, [row]).tickets.get()
    page = client_of(people.bob).get(ticket.get_absolute_url()).content.decode()
    assert "Fri 15 Jan 2027, 09:00–12:00 PST" in page
    assert "Fri 15 Jan 2027, 12:00–15:00 EST" in page
    assert "Fri 15 Jan 2027, 17:00–20:00 UTC" in page
    assert Ticket.objects.count() == 2
