"""What people see of a dispatch after they submitted it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import outbox
from portal.models import AuditEntry, Message, RateBudget, VendorAccount
from portal.models.messages import State
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast, client_of
from tests.dispatching import make_dispatch, refill, typed_row
from tests.portal.outbox_parts import force
from tests.tickets.many import make_tickets
from tests.tickets.scene import PDF, send, sent_dispatch, upload
from tickets.models import Dispatch, Draft, Ticket

pytestmark = pytest.mark.django_db


def page_of(dispatch: Dispatch, people: Cast) -> str:
    return client_of(people.bob).get(dispatch.get_absolute_url()).content.decode()


def test_waiting_with_its_place_in_the_queue(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    account.locations_per_message = 1
    account.save()
    dispatch = make_dispatch(people.alice, people.east, 3)
    page = page_of(dispatch, people)
    assert "Next in the queue." in page
    assert "2 requests before it, a few seconds." in page
    assert 'hx-trigger="every 3s"' in page
    assert "You may close it" in page
    assert '<progress id="settled" max="3" value="0">' in page


def test_the_piece_follows_until_everything_is_settled(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    dispatch = make_dispatch(people.alice, people.east, 2)
    bob = client_of(people.bob)
    url = f"{dispatch.get_absolute_url()}status/"
    assert "<html" not in bob.get(url).content.decode()
    send(dispatch)
    piece = bob.get(url).content.decode()
    for ticket in dispatch.tickets.all():
        assert ticket.get_absolute_url() in piece
    assert "2 of 2 settled" in piece
    Ticket.objects.update(first_seen_at=timezone.now() - timedelta(minutes=10))
    assert "hx-trigger" not in bob.get(url).content.decode()


def test_a_paused_account_is_said(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    dispatch = make_dispatch(people.alice, people.east, 1)
    VendorAccount.objects.update(paused_at=timezone.now(), paused_reason="Contract talks")
    send(dispatch)
    page = page_of(dispatch, people)
    assert "is paused: Contract talks" in page
    assert "every 15s" in page
    assert box.calls("create") == []


def test_a_message_that_waits_after_failures_says_why(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    dispatch = make_dispatch(people.alice, people.east, 1)
    box.stop()
    try:
        refill(account)
        outbox.deliver_due(limit=1)
    finally:
        box.start()
    page = page_of(dispatch, people)
    assert "Waiting" in page
    assert "could not be reached" in page
    assert "Everything will have left" not in page
    assert dispatch.locations.get().message.state == State.QUEUED


def test_a_lost_answer(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    box.fail_next("lose_answer")
    dispatch = sent_dispatch(people, 2, initial_description="Swap the router.")
    page = page_of(dispatch, people)
    assert page.count("We do not know whether Granite created these tickets. Do not submit again.") == 3
    assert "failed" not in page.lower()
    assert "retry" not in page.lower()
    assert "Correct the rejected rows" not in page


def test_rejected_rows_become_a_draft(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    account.locations_per_message = 1
    account.save()
    box.fail_next("400_field", field="account_macnum", index=0, message="This account is closed.")
    dispatch = sent_dispatch(people, 2)
    alice, bob = client_of(people.alice), client_of(people.bob)
    url = dispatch.get_absolute_url()
    assert "Correct the rejected rows" in alice.get(url).content.decode()
    assert "Correct the rejected rows" not in bob.get(url).content.decode()
    assert bob.post(f"{url}correct/").status_code == 403
    answer = alice.post(f"{url}correct/")
    draft = Draft.objects.get(corrects=dispatch)
    assert answer.status_code == 302
    assert answer["Location"] == f"/drafts/{draft.pk}/where/#id_locations-0-account_macnum"
    assert "Go on correcting" in alice.get(url).content.decode()
    assert len(draft.locations) == 1
    assert draft.reference in alice.get(url).content.decode()


def test_nothing_rejected_nothing_to_correct(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    dispatch = sent_dispatch(people, 1)
    answer = client_of(people.alice).post(f"{dispatch.get_absolute_url()}correct/")
    assert answer["Location"] == dispatch.get_absolute_url()
    assert not Draft.objects.filter(corrects=dispatch).exists()


def test_what_was_sent_to_the_last_part(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    box.fail_next("503")
    dispatch = sent_dispatch(people, 1, files=[upload("plan.pdf", PDF, people.alice)], po_number="PO-<7>")
    message = dispatch.locations.get().message
    attempt = message.attempts.get()
    url = f"{dispatch.get_absolute_url()}messages/{message.pk}/"
    page = client_of(people.bob).get(url).content.decode()
    for text in (
        message.payload_hash,
        "plan.pdf",
        message.files.get().sha256,
        "PO-&lt;7&gt;",
        str(attempt.correlation_id),
        "HTTP 503",
        "Service unavailable.",
        "customer_ticket_number",
        dispatch.locations.get().local_contact_name,
    ):
        assert text in page, text
    assert client_of(people.carol).get(url).status_code == 404
    assert "Bearer" not in page


def test_a_message_of_another_dispatch_is_not_found_here(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    one, other = make_dispatch(people.alice, people.east, 1), make_dispatch(people.alice, people.east, 1)
    message = other.locations.get().message
    assert client_of(people.alice).get(f"{one.get_absolute_url()}messages/{message.pk}/").status_code == 404


def test_cancelling_what_waits(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    dispatch = make_dispatch(people.alice, people.east, 1)
    message = dispatch.locations.get().message
    url = f"{dispatch.get_absolute_url()}messages/{message.pk}/cancel/"
    assert client_of(people.bob).post(url).status_code == 403
    assert client_of(people.carol).post(url).status_code == 404
    page = client_of(people.alice).post(url, follow=True).content.decode()
    assert "is cancelled: nothing of it was sent" in page
    assert "Cancelled by Alice Warren." in page
    assert AuditEntry.objects.filter(action="message.cancelled", by=people.alice).exists()
    again = client_of(people.alice).post(url, follow=True).content.decode()
    assert "can no longer be cancelled" in again
    send(dispatch)
    assert box.calls("create") == []


def test_what_was_sent_cannot_be_cancelled(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    box.fail_next("lose_answer")
    dispatch = sent_dispatch(people, 1)
    message = dispatch.locations.get().message
    client_of(people.alice).post(f"{dispatch.get_absolute_url()}messages/{message.pk}/cancel/")
    message.refresh_from_db()
    assert message.state == State.UNKNOWN


def test_another_teams_dispatch_does_not_exist(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    dispatch = make_dispatch(people.alice, people.east, 1)
    carol = client_of(people.carol)
    url = dispatch.get_absolute_url()
    assert [carol.get(url).status_code, carol.get(f"{url}status/").status_code] == [404, 404]
    assert carol.post(f"{url}correct/").status_code == 404
    assert dispatch.reference not in carol.get("/dispatches/").content.decode()
    assert dispatch.reference in client_of(people.mia).get("/dispatches/").content.decode()


def test_the_list_tells_each_ones_progress(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    sent_dispatch(people, 2)
    box.fail_next("fewer")
    sent_dispatch(people, 3)
    make_dispatch(people.alice, people.east, 1)
    page = client_of(people.bob).get("/dispatches/").content.decode()
    for words in ("2 tickets", "1 outcome unknown", "1 waiting"):
        assert words in page


def test_lists_and_pages_take_as_many_queries_for_many_as_for_few(
    account: VendorAccount, people: Cast
) -> None:
    bob = client_of(people.bob)

    def count(url: str) -> int:
        bob.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert bob.get(url).status_code == 200
        return len(queries)

    make_tickets(people.alice, people.east, 9)
    few = count("/dispatches/")
    make_tickets(people.alice, people.east, 40, first_id=700_000)
    assert count("/dispatches/") == few
    small = make_dispatch(people.alice, people.east, 2)
    account.locations_per_message = 1
    account.save()
    large = make_dispatch(people.alice, people.east, [typed_row(index) for index in range(40)])
    assert count(large.get_absolute_url()) == count(small.get_absolute_url())
    assert Message.objects.filter(locations__dispatch=large).count() == 40


def test_the_place_in_the_queue_counts_others_too(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    make_dispatch(people.carol, people.west, 1)
    RateBudget.objects.update(tokens=0, refreshed_at=timezone.now())
    dispatch = make_dispatch(people.alice, people.east, 1)
    assert "1 request before it" in page_of(dispatch, people)


def test_a_page_read_while_the_last_answer_arrives_goes_on_asking(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    """What it counts and what its rows say is one reading; the next brings the rest."""
    dispatch = make_dispatch(people.alice, people.east, 2)
    arrived = []

    def settle_behind_the_rows(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        result = execute(sql, params, many, context)
        if 'LEFT OUTER JOIN "tickets_ticket"' in sql and not arrived:
            arrived.append(
                force(dispatch.locations.first().message, State.REJECTED, settled_at=timezone.now())
            )
        return result

    with connection.execute_wrapper(settle_behind_the_rows):
        page = page_of(dispatch, people)
    assert arrived
    assert "0 of 2 settled" in page
    assert 'hx-trigger="every 3s"' in page
    assert "2 of 2 settled" in page_of(dispatch, people)


def test_a_held_request_says_once_why_and_who_can_help(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    box.fail_next("403")
    page = page_of(sent_dispatch(people, 1), people)
    assert (
        "Nothing was created. Granite says that this account may not do that (403). An administrator can mend that"
        in page
    )


def test_the_size_of_a_file_is_told_as_the_limit_is(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    content = PDF + b"%" * (1_500_000 - len(PDF))
    dispatch = make_dispatch(people.alice, people.east, 1, files=[upload("plan.pdf", content, people.alice)])
    message = dispatch.locations.get().message
    page = client_of(people.bob).get(f"{dispatch.get_absolute_url()}messages/{message.pk}/").content.decode()
    assert "application/pdf, 1.5 MB" in page
