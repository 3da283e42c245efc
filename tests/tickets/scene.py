"""What tests of sent dispatches share: sites, sending, and letting time pass."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from portal import files, outbox
from portal.models import Message, StoredFile, User
from portal.vendors.sandbox.granite.accounts import ACCOUNTS
from sites.models import Site
from tests.cast import Cast
from tests.dispatching import make_dispatch, refill, typed_row
from tickets.models import Dispatch, Ticket
from tickets.services import following

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\nxref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000052 00000 n \ntrailer<</Size 3/Root 1 0 R>>\nstartxref\n97\n%%EOF\n"


def make_site(index: int, **changes: str) -> Site:
    """One of our sites, at the address the sandbox's account has, unless said otherwise."""
    place = ACCOUNTS[index]
    fields = {
        "name": place.site_name,
        "number": place.store_number,
        "address_line_1": place.address_line_1,
        "city": place.city,
        "state": place.state,
        "zip": place.zip,
        "time_zone": place.time_zone,
    }
    return Site.objects.create(**fields | changes)


def site_rows(count: int) -> list[dict[str, str]]:
    return [typed_row(index, site=str(make_site(index).pk)) for index in range(count)]


def upload(name: str, content: bytes, by: User) -> StoredFile:
    return files.accept(SimpleUploadedFile(name, content), by=by)


def send(dispatch: Dispatch) -> list[Message]:
    """Send everything of a dispatch that is due, whatever comes of it."""
    for _ in range(20):
        refill(dispatch.account)
        if not outbox.deliver_due():
            break
    return list(Message.objects.filter(locations__dispatch=dispatch).distinct().order_by("pk"))


def sent_dispatch(people: Cast, rows: int | Sequence[dict[str, str]] = 2, **more: Any) -> Dispatch:
    dispatch = make_dispatch(people.alice, people.east, rows, **more)
    send(dispatch)
    return dispatch


def make_due(*tickets: Ticket) -> None:
    """As if the time for their next reading had come."""
    Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets]).update(
        next_read_at=timezone.now() - timedelta(seconds=1)
    )


def read_again(*tickets: Ticket) -> int:
    make_due(*tickets)
    for ticket in tickets:
        refill(ticket.account)
    count = following.follow_due()
    for ticket in tickets:
        ticket.refresh_from_db()
    return count
