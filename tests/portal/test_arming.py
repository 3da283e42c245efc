"""Nothing leaves from a place that nobody allowed: what counts as one, who may allow it, and what is held all the same."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal import account_services, arming, breaker, lookups, outbox, sentlog
from portal.accounts import granite_client, token_source
from portal.bootstrap import bootstrap
from portal.models import Arming, Attempt, AuditEntry, Breaker, ForgottenSend, Message, User, VendorAccount
from portal.models.messages import HeldReason, State
from portal.outbox import claims, forgotten
from portal.outbox.sending import deliver
from portal.problems import Problem
from portal.vendors.errors import Forbidden
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast, client_of, make_person
from tests.dispatching import make_dispatch, sandbox_account
from tests.portal.outbox_parts import force, make_account, make_message, sql
from tests.sending import forget_sending
from tickets.models import Ticket
from tickets.services import following

pytestmark = pytest.mark.django_db


@pytest.fixture
def journal_root(settings: Any) -> Path:
    return Path(settings.JOURNAL_ROOT)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


@pytest.fixture
def account(box: Sandbox, people: Cast) -> VendorAccount:
    return sandbox_account(box)


@pytest.fixture
def olga(people: Cast) -> User:
    """A second admin."""
    return make_person("olga", "Olga Brandt", "admin")


def calls(box: Sandbox) -> list[str]:
    """Whatever the vendor was asked, tokens too."""
    return [record.operation for record in box.truth]


# --- Where one is -------------------------------------------------------------------------------------------------


def test_an_armed_place_sends(people: Cast) -> None:
    assert arming.why_not() == ""


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"system_identifier": 1},
        {"timeline": 99},
        {"database_oid": 1},
        {"database_name": "portal_of_yesterday"},
        {"host": "portal.example.com"},
    ],
)
def test_any_other_place_is_a_copy(people: Cast, elsewhere: dict[str, Any]) -> None:
    Arming.objects.update(**elsewhere)
    assert arming.why_not() == "This is a copy. Nothing is sent from it."


def test_off_in_the_environment_beats_everything(people: Cast, settings: Any) -> None:
    settings.OUTBOUND = False
    assert "switched off" in arming.why_not()
    with pytest.raises(Problem, match="OUTBOUND=off"):
        arming.arm(by=people.root, reason="let us try")


def test_a_copy_asks_nothing_of_anybody(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    dispatch = make_dispatch(people.alice, people.east, rows=1)
    location = dispatch.locations.get()
    Ticket.objects.create(
        account=account, ticket_id=1, dispatch=dispatch, location=location, message=location.message,
        team=people.east, read_at=timezone.now(), next_read_at=timezone.now() - timedelta(hours=1),
    )  # fmt: skip
    lookups.ask(account, "granite.accounts", {"search": "a"}, by=people.alice, fresh_for=timedelta(0))
    Arming.objects.update(database_oid=1)
    assert outbox.deliver_due() == lookups.answer_due() == following.follow_due() == 0
    Breaker.objects.create(
        account=account, state="open", open_until=timezone.now() - timedelta(1), changed_at=timezone.now()
    )
    assert breaker.probe_due() == 0
    with pytest.raises(Problem, match="This is a copy"):
        account_services.check_connection(account)
    assert calls(box) == []
    assert Message.objects.get().state == State.QUEUED


def test_the_network_itself_refuses(box: Sandbox, account: VendorAccount) -> None:
    """The last line: whoever forgets to ask is kept back where the bytes would leave."""
    Arming.objects.update(database_oid=1)
    with pytest.raises(Forbidden, match="This is a copy"):
        granite_client(account).ticket(1)
    with pytest.raises(Forbidden):
        token_source(account).get()
    assert calls(box) == []


def test_a_claim_is_given_back_when_sending_stops_before_the_first_byte(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    make_dispatch(people.alice, people.east, rows=1)
    message = claims.claim()
    assert message is not None
    arming.disarm(by=people.root, reason="wrong addresses")
    assert claims.begin(message, "/api/v1/tickets/external") is None
    deliver(message)
    assert Message.objects.get().state == State.QUEUED
    assert Attempt.objects.count() == 0
    assert box.calls("create") == []


# --- Who may ------------------------------------------------------------------------------------------------------


def test_allowing_and_stopping_are_audited(people: Cast) -> None:
    arming.disarm(by=people.root, reason="wrong addresses")
    assert arming.why_not() == "All sending was stopped by Robin Ortiz: wrong addresses."
    arming.arm(by=people.root, reason="mended")
    assert arming.why_not() == ""
    told = AuditEntry.objects.filter(action__startswith="sending.").order_by("id")
    assert [(entry.by, entry.action, entry.details["reason"]) for entry in told] == [
        (people.root, "sending.stopped", "wrong addresses"),
        (people.root, "sending.allowed", "mended"),
    ]


def test_without_a_reason_nothing_changes(people: Cast) -> None:
    for change in (arming.arm, arming.disarm):
        with pytest.raises(Problem):
            change(by=people.root, reason="  ")
    assert arming.sends()


def test_a_fresh_database_is_armed_once_by_bootstrap(people: Cast) -> None:
    forget_sending()
    assert "has to allow it once" in arming.why_not()
    assert "Sending: allowed from here, a fresh database." in bootstrap({}).lines
    assert arming.sends()
    arming.disarm(by=people.root, reason="a pause")
    bootstrap({})
    assert not arming.sends(), "what a person stopped stays stopped"


def test_a_copy_is_not_armed_by_bootstrap(people: Cast) -> None:
    Arming.objects.update(database_oid=1)
    bootstrap({})
    assert arming.why_not() == "This is a copy. Nothing is sent from it."


@pytest.mark.parametrize("is_demo", [False, True])
def test_an_upgraded_portal_with_work_in_it_asks_a_person_once(
    people: Cast, settings: Any, is_demo: bool
) -> None:
    settings.DEMO = is_demo
    make_message(make_account("https://api.granitemsp.example"), people.alice)
    forget_sending()
    bootstrap({})
    assert "has to allow it once" in arming.why_not()


def test_an_upgraded_demo_goes_on(people: Cast, settings: Any) -> None:
    settings.DEMO = True
    make_message(make_account("http://127.0.0.1:9"), people.alice)
    forget_sending()
    bootstrap({})
    assert arming.sends()


def test_the_row_is_never_deleted(people: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Arming.objects.all().delete()


# --- What was sent and forgotten ----------------------------------------------------------------------------------


def forget_the_send(message: Message) -> str:
    """As after an old backup: the very message is queued again, and no attempt of it is known."""
    correlation_id = str(message.attempts.get().correlation_id)
    Ticket.objects.filter(message=message).delete()
    force(message, "queued", lease_token=None, lease_until=None, send_deadline_at=None, settled_at=None)
    for trigger in ("DISABLE", "ENABLE"):
        if trigger == "ENABLE":
            Attempt.objects.all().delete()
        sql(f"ALTER TABLE portal_attempt {trigger} TRIGGER portal_attempts_stay")
    return correlation_id


def test_what_the_log_is_ahead_of_stops_the_sending(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    make_dispatch(people.alice, people.east, rows=1)
    outbox.deliver_due()
    forget_the_send(Message.objects.get())
    assert arming.why_not() == arming.SET_BACK
    assert outbox.deliver_due() == 0
    arming.notice_setback()
    assert "set back to an earlier state" in Arming.why_not(), "machines without that log know it, too"
    assert len(box.calls("create")) == 1


def test_a_backup_from_before_the_last_arming_is_noticed(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    before = Arming.objects.values().get()
    arming.arm(by=people.root, reason="again")
    make_dispatch(people.alice, people.east, rows=1)
    outbox.deliver_due()
    Arming.objects.filter(pk=1).update(key=before["key"], armed_at=before["armed_at"])
    assert arming.why_not() == arming.SET_BACK


def test_what_was_sent_is_held_and_goes_again_only_by_two_people(
    box: Sandbox, account: VendorAccount, people: Cast, olga: User
) -> None:
    make_dispatch(people.alice, people.east, rows=1)
    outbox.deliver_due()
    forget_the_send(Message.objects.get())
    arming.notice_setback()
    assert forgotten.report() == 1
    send = ForgottenSend.objects.get()
    assert (send.outcome, send.ids, send.machine) == (
        "done",
        [str(next(iter(box.tickets)))],
        sentlog.machine_name(),
    )
    arming.arm(by=people.root, reason="restored, all looked through")
    outbox.deliver_due()
    message = Message.objects.get()
    assert (message.state, message.held_reason) == (State.HELD, HeldReason.SENT_BEFORE)
    assert len(box.calls("create")) == 1

    outbox.release([message], by=people.root, reason="I want it")
    outbox.deliver_due()
    message.refresh_from_db()
    assert message.state == State.HELD, "releasing alone sends nothing"

    with pytest.raises(Problem, match="must look for it"):
        forgotten.let_go(send, by=olga)
    forgotten.note_look(send, by=people.root, note="portal of Granite, by reference: not there")
    with pytest.raises(Problem, match="two people"):
        forgotten.let_go(send, by=people.root)
    with pytest.raises(Problem, match="may not"):
        forgotten.let_go(send, by=people.alice)
    forgotten.let_go(send, by=olga)
    outbox.deliver_due()
    message.refresh_from_db()
    assert message.state == State.DONE
    assert len(box.calls("create")) == 2


def test_what_provably_was_not_carried_out_goes_on(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    box.fail_next("429")
    make_dispatch(people.alice, people.east, rows=1)
    outbox.deliver_due(limit=1)
    message = Message.objects.get()
    assert message.attempts.get().outcome == Attempt.Outcome.NOT_EXECUTED
    forget_the_send(message)
    arming.arm(by=people.root, reason="restored")
    assert forgotten.report() == 0
    assert forgotten.sent_before(message) is None


def test_two_people_are_held_by_the_database_itself(people: Cast) -> None:
    now = timezone.now()
    send = ForgottenSend.objects.create(
        correlation_id="8e6f9b8e-4a4f-4a9c-9a57-0d7f5f8f3c11", reference="DSP-000001-1", sent_at=now, machine="m",
        looked_by=people.root, looked_at=now, looked_note="by reference",
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        ForgottenSend.objects.filter(pk=send.pk).update(cleared_by=people.root, cleared_at=now)


def test_a_line_cut_by_a_power_failure_spoils_no_other(
    box: Sandbox, account: VendorAccount, people: Cast, journal_root: Path
) -> None:
    for _ in range(2):
        make_dispatch(people.alice, people.east, rows=1)
        outbox.deliver_due()
        (path,) = (journal_root / "sent").glob("*.log")
        with path.open("a") as file:
            file.write('{"correlation_id": "cut')
    assert {sent.outcome for sent in sentlog.look().sent.values()} == {"done"}
    assert len(sentlog.look().sent) == 2


def test_old_days_are_forgotten(
    journal_root: Path, box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    (journal_root / "sent").mkdir(parents=True)
    old, kept = journal_root / "sent" / "sent-2026-01-01.log", journal_root / "sent" / "notes.txt"
    old.write_text("{}\n")
    kept.write_text("mine")
    make_dispatch(people.alice, people.east, rows=1)
    outbox.deliver_due()
    assert not old.exists()
    assert kept.exists()


# --- The page -----------------------------------------------------------------------------------------------------


def page_of(person: User, path: str = "/outbound/") -> str:
    return client_of(person).get(path).content.decode()


def test_the_page_says_what_would_be_sent(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    make_dispatch(people.alice, people.east, rows=2)
    Arming.objects.update(host="portal.example.com")
    page = page_of(people.root)
    reference = Message.objects.get().reference
    for words in (
        "This is a copy. Nothing is sent from it.",
        reference,
        "2 technicians",
        "portal.example.com",
    ):
        assert words in page
    banner = page_of(people.alice, "/")
    assert "This is a copy. Nothing is sent from it." in banner
    assert "/outbound/" not in banner, "who may not decide is not sent there"
    assert "/outbound/" in page_of(people.root, "/")


def test_a_person_allows_and_stops_by_the_page(people: Cast) -> None:
    root = client_of(people.root)
    root.post("/outbound/stop/", {"reason": "wrong addresses"})
    assert not arming.sends()
    answer = root.post("/outbound/allow/", {"reason": "mended"}, follow=True)
    assert "Tick that you have read" in answer.content.decode()
    assert not arming.sends(), "one tick is wanted"
    answer = root.post("/outbound/allow/", {"reason": " ", "is_sure": "yes"}, follow=True)
    assert "Say why sending may begin." in answer.content.decode()
    assert not arming.sends()
    root.post("/outbound/allow/", {"reason": "mended", "is_sure": "yes"})
    assert arming.sends()


def test_only_who_has_the_right_may(people: Cast) -> None:
    for person in (people.alice, people.bob, people.mia):
        client = client_of(person)
        assert client.get("/outbound/").status_code == 403
        for path in ("stop", "allow"):
            assert client.post(f"/outbound/{path}/", {"reason": "x", "is_sure": "yes"}).status_code == 403
    assert arming.sends()


def test_submitting_stays_possible_and_says_why_it_waits(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    arming.disarm(by=people.root, reason="wrong addresses")
    dispatch = make_dispatch(people.alice, people.east, rows=1)
    assert "stopped by Robin Ortiz: wrong addresses" in page_of(people.alice, dispatch.get_absolute_url())
    assert account.standstill.startswith("All sending was stopped")


def test_the_page_of_what_was_forgotten(
    box: Sandbox, account: VendorAccount, people: Cast, olga: User
) -> None:
    make_dispatch(people.alice, people.east, rows=1)
    outbox.deliver_due()
    forget_the_send(Message.objects.get())
    arming.notice_setback()
    forgotten.report()
    send = ForgottenSend.objects.get()
    page = page_of(people.root)
    assert "Sent before, and forgotten here" in page
    assert str(next(iter(box.tickets))) in page
    client_of(people.root).post(f"/outbound/sent/{send.pk}/looked/", {"note": "not there"})
    assert "send it again" not in page_of(people.root)
    assert "send it again" in page_of(olga)
    client_of(people.root).post(f"/outbound/sent/{send.pk}/again/")
    send.refresh_from_db()
    assert send.cleared_by is None
    client_of(olga).post(f"/outbound/sent/{send.pk}/again/")
    send.refresh_from_db()
    assert send.cleared_by == olga
