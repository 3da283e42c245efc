"""One incident from the first call to the last: both vendors, real sockets both ways, and webhooks that misbehave."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal import outbox
from portal.models import Delivery
from portal.vendors.sandbox import Sandbox
from portal.vendors.sandbox.granite.accounts import ACCOUNTS
from sites.models import Account
from tests.casework import SAID, gtt_account
from tests.cast import Cast, client_of, make_people
from tests.dispatching import refill, sandbox_account
from tests.page_forms import controls_of
from tests.sending import allow_sending
from tests.tickets.scene import make_site
from tickets.models import Case, CaseComment, Incident, Ticket
from tickets.services import following as ticket_following
from tickets.services import incidents
from tickets.services.cases import following, hearing, subscribing

pytestmark = pytest.mark.django_db(transaction=True)


class Desk:
    """Alice at her pages, the workers between her presses, and GTT's webhooks knocking at the real server."""

    def __init__(self, box: Sandbox, cast: Cast) -> None:
        self.box, self.cast = box, cast
        self.granite, self.gtt = sandbox_account(box), gtt_account(box)
        self.alice = client_of(cast.alice)

    def work(self) -> None:
        """As the workers do, until nothing is due."""
        for _ in range(12):
            self.box.gtt.wait_for_deliveries()
            refill(self.granite)
            refill(self.gtt)
            moved = outbox.deliver_due() + outbox.check_found() + hearing.heed_due() + following.follow_due()
            moved += incidents.tell_cases()
            if not moved:
                return

    def page(self, url: str) -> str:
        return self.alice.get(url).content.decode()

    def press(self, url: str, **said: Any) -> str:
        answer = self.alice.post(url, said)
        assert answer.status_code == 302, answer.content.decode()[-3000:]
        return str(answer.headers["Location"])


@pytest.fixture
def desk(transactional_db: None, live_server: Any, settings: Any) -> Any:
    settings.PUBLIC_URL = live_server.url
    allow_sending()
    with Sandbox() as box:
        box.limit = 100_000
        box.gtt.webhook_hosts = ("127.0.0.1", "localhost")
        yield Desk(box, make_people())


def subscribe(desk: Desk) -> None:
    for action in ("create", "update"):
        subscribing.subscribe(desk.gtt, action, by=desk.cast.root)
    desk.work()


def test_from_the_first_call_to_the_last(desk: Desk) -> None:
    box = desk.box
    subscribe(desk)
    place = ACCOUNTS[0]
    site = make_site(0)
    site.account = Account.objects.create(
        vendor_account=desk.granite, macnum=place.macnum, name=place.site_name, seen_at=timezone.now()
    )
    site.save()
    site.contacts.create(name="Denise Callahan", phone="617-555-0101")

    # The case is raised; GTT's word of it is lost on the way, and nobody misses it.
    box.gtt.spoil_next("lost", on="create")
    form = controls_of(desk.page(f"/cases/new/?site={site.pk}"), "case")
    url = desk.press("/cases/new/", **{**form, **SAID})
    desk.work()
    case = Case.objects.get()
    assert case.number

    # GTT works on it and says so, twice and late.
    box.gtt.spoil_next("repeated", more=2, on="update")
    box.gtt.move(case.number, "In Progress")
    desk.work()
    box.gtt.spoil_next("late", seconds=0.5, on="update")
    box.gtt.comment(case.number, "The line is clean up to the building.")
    desk.work()
    assert "The line is clean up to the building." in desk.page(url)

    # A technician is sent from the case; GTT hears of the ticket.
    day = (timezone.now() + timedelta(days=2)).date().isoformat()
    window = {"service_type": "Smart Hands", "start_date": f"{day}T09:00", "end_date": f"{day}T12:00"}
    review = desk.press(f"{url}technician/", **window)
    desk.press(review.replace("review", "submit"), **controls_of(desk.page(review), action="/submit/"))
    desk.work()
    ticket = Ticket.objects.get()
    said = [comment["text"] for comment in box.gtt.book.get(case.number).comments]
    assert any(f"ticket {ticket.ticket_id} for" in text for text in said)

    # The technician mends it, GTT resolves, and the incident is closed.
    box.gtt.move(case.number, "Resolved")
    desk.work()
    Ticket.objects.update(next_read_at=timezone.now())
    refill(desk.granite)
    ticket_following.follow_due()
    incident = Incident.objects.get()
    assert f"Case {case.number}" in desk.page(f"/incidents/{incident.pk}/")
    desk.press(f"/incidents/{incident.pk}/close/", note="The router was replaced.")

    agrees_with_gtt(desk, case)


def agrees_with_gtt(desk: Desk, case: Case) -> None:
    """What we hold in the end is what GTT holds, and nobody was told anything twice."""
    case.refresh_from_db()
    truth = desk.box.gtt.book.get(case.number)
    assert (case.state, case.case_id) == (truth.state, truth.case_id)
    assert len(desk.box.gtt.cases) == 1
    ours = sorted(CaseComment.objects.values_list("text", flat=True))
    assert ours == sorted(comment["text"] for comment in truth.comments)
    assert not Delivery.objects.filter(state=Delivery.State.WAITING).exists()
    assert Delivery.objects.count() >= 4, "GTT told us, more than once"
