"""Reminders by mail: through the real services, over a real socket, each told once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as ours
from django.utils import timezone

from portal import bell, mail
from portal.env import Env
from portal.models import Message, User, VendorAccount
from portal.models.messages import State
from portal.outbox import resolving
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast, make_people
from tests.dispatching import make_dispatch, sandbox_account, typed_row
from tests.flows.workers import database_url, wait_until, working
from tests.portal.outbox_parts import force, settle_constraints, sql
from tests.portal.socket_server import closed_port
from tests.post_office import TAKEN, PostOffice, html_of, open_post_office, text_of, use
from tests.sending import allow_sending
from tests.tickets.scene import send, sent_dispatch
from tickets.models import Dispatch, Mailing, PossibleDuplicate, Reminder
from tickets.services import mailing, reminding
from tickets.services.reminding import step_at

pytestmark = pytest.mark.django_db
WORDS = "We do not know whether Granite created these tickets. Do not submit again."
ALICE, MIA, CAROL, ROOT = (f"{name}@portal.example" for name in ("alice", "mia", "carol", "root"))


@pytest.fixture
def office(settings: Any) -> Iterator[PostOffice]:
    with open_post_office() as office:
        use(settings, office.url)
        yield office


def in_doubt(box: Sandbox, people: Cast, rows: Any = 2, fault: str = "lose_answer") -> Message:
    box.fail_next(fault)
    message = sent_dispatch(people, rows).locations.first().message
    assert message.state == State.UNKNOWN
    return message


def unknown_for(message: Message, **passed: float) -> None:
    """As if its outcome had been unknown for so long, and its deadline as long ago."""
    since = timezone.now() - timedelta(**passed)
    settle_constraints()
    sql("ALTER TABLE portal_messagetransition DISABLE TRIGGER USER")  # what happened is never changed
    sql("UPDATE portal_messagetransition SET at = %s WHERE message_id = %s", since, message.pk)
    settle_constraints()
    sql("ALTER TABLE portal_messagetransition ENABLE TRIGGER USER")
    force(message, message.state, send_deadline_at=since)


def remind() -> int:
    """A round, as if everything that was to wait had waited."""
    reminding.remind()
    Mailing.objects.filter(closed_at=None).update(due_at=timezone.now() - timedelta(seconds=1))
    return mailing.send_due()


def about(person: User) -> list[tuple[str, int]]:
    return list(Reminder.objects.filter(person=person).order_by("pk").values_list("about", "step"))


def test_the_owner_is_told_once_with_all_it_takes(
    box: Sandbox, account: VendorAccount, people: Cast, office: PostOffice, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://portal.example.com"
    allow_sending()  # from this address
    message = in_doubt(box, people, 3)
    for _ in range(3):
        remind()
    (mail,) = office.mails
    assert mail["To"] == ALICE
    assert mail["Subject"] == f"Outcome unknown: {message.reference}, 3 technicians in doubt"
    text = text_of(mail)
    assert WORDS in text
    assert message.reference in text.splitlines()
    assert f"https://portal.example.com/unknown/{message.pk}/" in text.splitlines()
    for location in message.locations.all():
        (line,) = (line for line in text.splitlines() if str(location) in line)
        assert (
            f"{location.local_start:%H:%M}–{location.local_end:%H:%M} {location.local_start.tzname()}" in line
        )
    assert "“Not there” can be said from" in text
    assert "Nobody else was told." in text
    assert "Look for the reference at Granite" in text
    assert WORDS in html_of(mail)
    assert mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("passed", "may", "step"),
    [
        ({"minutes": 1}, False, 0),
        ({"minutes": 16}, True, 1),
        ({"minutes": 61}, True, 2),
        ({"hours": 5}, True, 3),
        ({"hours": 25}, True, 4),
        ({"hours": 49}, True, 5),
    ],
)
def test_when_a_reminder_is_due(passed: dict[str, float], may: bool, step: int) -> None:
    assert step_at(timedelta(**passed), may_say_not_there=may) == step


def test_again_when_not_there_is_possible_after_hours_and_daily(
    box: Sandbox, account: VendorAccount, people: Cast, office: PostOffice
) -> None:
    message = in_doubt(box, people, 1)
    remind()
    for passed in ({"minutes": 16}, {"hours": 1.1}, {"hours": 4.1}, {"hours": 24.1}, {"hours": 48.1}):
        unknown_for(message, **passed)
        remind()
        remind()
    assert about(people.alice) == [("unknown", step) for step in range(6)]
    assert len(office.mails) == 6


def test_fifty_at_once_are_one_mail(
    box: Sandbox, account: VendorAccount, people: Cast, office: PostOffice
) -> None:
    account.locations_per_message = 1
    account.save()
    dispatch = make_dispatch(people.alice, people.east, [typed_row(n % 40) for n in range(50)])
    for message in Message.objects.filter(locations__dispatch=dispatch):
        force(message, State.UNKNOWN, send_deadline_at=timezone.now())
    reminding.remind()
    assert office.mails == [], "others may be on their way to the same fate"
    remind()
    (mail,) = office.mails
    assert mail["Subject"] == "Outcome unknown: 50 requests, 50 technicians in doubt"
    text = text_of(mail)
    for message in Message.objects.all():
        assert message.reference in text.splitlines()
    assert text.count(WORDS) == 1


def test_what_comes_a_little_later_waits_for_the_next_mail(
    box: Sandbox, account: VendorAccount, people: Cast, office: PostOffice
) -> None:
    in_doubt(box, people, 1)
    remind()
    in_doubt(box, people, 1)
    reminding.remind()
    waiting = Mailing.objects.get(closed_at=None)
    assert waiting.due_at >= Mailing.objects.get(sent_at__isnull=False).sent_at + mailing.GAP


def test_a_second_person_is_asked_and_the_owner_told_how_it_ended(
    box: Sandbox, account: VendorAccount, people: Cast, office: PostOffice
) -> None:
    message = in_doubt(box, people, 2, "reset_before")
    remind()
    unknown_for(message, minutes=20)
    said = resolving.say_not_there(message, note="Portal and Joan\nat the desk", by=people.alice)
    remind()
    remind()
    (to_mia,) = office.to(MIA)
    assert to_mia["Subject"].startswith(f"A second person is to look: {message.reference}")
    assert "Alice Warren found nothing and looked here: Portal and Joan at the desk" in text_of(to_mia)
    assert "Also told: Alice Warren, Robin Ortiz." in text_of(to_mia)
    assert office.to(CAROL) == [], "not of this team"
    assert "Mia Fontaine" in text_of(office.to(ALICE)[-1])
    successor = resolving.confirm(said, by=people.mia)
    assert successor is not None
    remind()
    remind()
    last = office.to(ALICE)[-1]
    assert last["Subject"] == f"Settled: {message.reference}: not created"
    assert successor.reference in text_of(last)
    assert str(successor.locations.first()) in text_of(last)
    assert len(office.to(ALICE)) == 3
    assert len(office.to(MIA)) == 1


def test_what_was_settled_before_anybody_was_told_is_not_told(
    box: Sandbox, account: VendorAccount, people: Cast, office: PostOffice
) -> None:
    message = in_doubt(box, people, 1)
    reminding.remind()
    resolving.write_off(message, reason="A test.", by=people.alice)
    remind()
    remind()
    assert office.mails == []
    assert Mailing.objects.get().sent_at is None


def test_a_possible_duplicate_is_told_once(
    box: Sandbox, account: VendorAccount, people: Cast, office: PostOffice
) -> None:
    box.fail_next("more")
    sent_dispatch(people, 2)
    duplicate = PossibleDuplicate.objects.get()
    remind()
    remind()
    (mail,) = office.mails
    assert mail["To"] == ALICE
    assert mail["Subject"].startswith(f"Possible duplicate: Ticket {duplicate.ticket.ticket_id} at Granite")
    assert f"/unknown/#duplicate-{duplicate.pk}" in text_of(mail)


def test_an_owner_who_left_is_stood_in_for(
    box: Sandbox, account: VendorAccount, people: Cast, office: PostOffice
) -> None:
    in_doubt(box, people, 1)
    User.objects.filter(pk=people.alice.pk).update(is_active=False)
    remind()
    assert {mail["To"] for mail in office.mails} == {MIA, ROOT}


def test_names_are_text_and_never_headers_or_markup(
    box: Sandbox, account: VendorAccount, people: Cast, office: PostOffice
) -> None:
    name = "<b>Shop</b> & <script>alert(1)</script>"
    message = in_doubt(box, people, [typed_row(0, location_name=name)])
    sql("UPDATE tickets_location SET location_name = %s", f"{name}\r\nBcc: eve@example.com\u2028")
    settle_constraints()
    sql("ALTER TABLE portal_message DISABLE TRIGGER USER")
    sql("UPDATE portal_message SET reference = %s", "DSP-1\r\nBcc: eve@example.com\r\n\r\nbody")
    remind()
    (mail,) = office.mails
    assert mail["Bcc"] is None
    assert office.envelopes[0].rcpt_tos == [ALICE]
    assert "\n" not in mail["Subject"]
    assert mail["Subject"].startswith("Outcome unknown: DSP-1 Bcc: eve@example.com body")
    assert name in text_of(mail)
    assert not [line for line in text_of(mail).splitlines() if line.startswith("Bcc: eve")]
    assert "<script>" not in html_of(mail)
    assert "&lt;script&gt;" in html_of(mail)
    assert f"/unknown/{message.pk}/" in html_of(mail)


def test_no_header_is_smuggled_in_by_a_subject_or_an_address(office: PostOffice) -> None:
    mail.send(ALICE, subject="One\r\nBcc: eve@example.com\x00", text="", html="", message_id="<1@here>")
    (told,) = office.mails
    assert told["Subject"] == "One Bcc: eve@example.com"
    assert told["Bcc"] is None
    with pytest.raises(mail.NotMailed) as refusal:
        mail.send(f"{ALICE}\r\nBcc: eve@example.com", subject="", text="", html="", message_id="<2@here>")
    assert refusal.value.final
    assert len(office.mails) == 1


def test_the_demos_mails_are_files(
    box: Sandbox, account: VendorAccount, people: Cast, settings: Any, tmp_path: Path
) -> None:
    for name, value in Env({"MAIL": (tmp_path / "mail").as_uri()}).mail_server("MAIL").items():
        setattr(settings, name, value)
    settings.MAIL_FROM = "Portal <portal@portal.example>"
    message = in_doubt(box, people, 1)
    remind()
    (file,) = (tmp_path / "mail").iterdir()
    assert f"Subject: Outcome unknown: {message.reference}" in file.read_text()


@pytest.mark.parametrize("answer", ["451 Come back later", "550 We do not like it"])
def test_a_refused_mail_is_sent_later_and_once(
    box: Sandbox, account: VendorAccount, people: Cast, office: PostOffice, answer: str
) -> None:
    in_doubt(box, people, 1)
    office.answer = answer
    remind()
    waiting = Mailing.objects.get()
    assert waiting.closed_at is None
    assert waiting.due_at > timezone.now() + timedelta(seconds=10)
    assert answer[:3] in waiting.problem
    office.answer = TAKEN
    remind()
    remind()
    assert len(office.mails) == 1


def test_a_recipient_nobody_knows_is_given_up_and_asked_again_at_the_next_step(
    box: Sandbox, account: VendorAccount, people: Cast, office: PostOffice
) -> None:
    message = in_doubt(box, people, 1)
    office.refused_recipients = {ALICE}
    for _ in range(mailing.MOST_REFUSALS + 2):
        remind()
    assert Mailing.objects.get().closed_at is not None
    office.refused_recipients = set()
    unknown_for(message, hours=1.1)
    remind()
    assert len(office.mails) == 1


def test_a_server_that_is_away_costs_nothing_but_time(
    box: Sandbox, account: VendorAccount, people: Cast, settings: Any
) -> None:
    use(settings, f"smtp://127.0.0.1:{closed_port()}")
    message = in_doubt(box, people, 1)
    for hours in (0.1, 1.1, 4.1):
        unknown_for(message, hours=hours)
        remind()
    assert Mailing.objects.filter(closed_at=None).count() == 1
    with open_post_office() as office:
        use(settings, office.url)
        remind()
        remind()
    assert len(office.mails) == 1, "what gathered meanwhile is one mail"
    assert Mailing.objects.get().tries == 4


def test_a_broken_line_may_cost_a_second_copy_and_no_third(
    box: Sandbox, account: VendorAccount, people: Cast, office: PostOffice
) -> None:
    in_doubt(box, people, 1)
    office.hang_up = True
    for _ in range(4):
        remind()
    first, second = office.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert Mailing.objects.get().sent_at is None


def test_two_workers_that_died_with_a_mail_in_hand_are_enough(
    box: Sandbox, account: VendorAccount, people: Cast, office: PostOffice
) -> None:
    in_doubt(box, people, 1)
    reminding.remind()
    past = timezone.now() - timedelta(minutes=1)
    for _ in range(2):
        Mailing.objects.update(due_at=past, lease_until=None)
        assert mailing._claim() is not None
        Mailing.objects.update(may_have_arrived=Mailing.objects.get().tries > 1, lease_until=past)
    remind()
    assert office.mails == []
    assert Mailing.objects.get().closed_at is not None


def test_without_a_mail_server_nothing_is_written_and_everything_works(
    box: Sandbox, account: VendorAccount, people: Cast, settings: Any
) -> None:
    settings.MAIL_FROM = ""
    in_doubt(box, people, 1)
    assert reminding.remind() == 0
    assert not Reminder.objects.exists()
    assert not Mailing.objects.exists()


ROUNDS = """
import django, sys
django.setup()
from tickets.models import Mailing
from tickets.services import reminding
print("ready", flush=True)
sys.stdin.readline()
for _ in range(5):
    reminding.raise_due()
    reminding.mailing.GATHERING = reminding.timedelta(0)
    reminding.mailing.send_due()
"""


@pytest.mark.django_db(transaction=True)
def test_workers_that_race_send_each_mail_once(box: Sandbox, office: PostOffice) -> None:
    people = make_people()
    sandbox_account(box)
    dispatches: list[Dispatch] = []
    for person, team in ((people.alice, people.east), (people.carol, people.west)):
        box.fail_next("lose_answer")
        dispatches.append(make_dispatch(person, team, 1))
        send(dispatches[-1])
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "EMAIL_URL": office.url,
        "MAIL_FROM": "Portal <portal@portal.example>",
    }
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", ROUNDS], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(3)
    ]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"ready\n"
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write(b"go\n")
            worker.stdin.flush()
        assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
    assert sorted(mail["To"] for mail in office.mails) == [ALICE, CAROL]
    assert Reminder.objects.filter(is_told=True).count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_celery_worker_mails_what_beat_asks_for(box: Sandbox, office: PostOffice) -> None:
    people = make_people()
    sandbox_account(box)
    in_doubt(box, people, 1)

    def ask() -> list[Any]:
        bell.send("tickets.tasks.remind")
        Mailing.objects.filter(closed_at=None).update(due_at=timezone.now() - timedelta(seconds=1))
        return office.mails

    assert "tickets.tasks.remind" in {entry["task"] for entry in ours.CELERY_BEAT_SCHEDULE.values()}
    environment = {"EMAIL_URL": office.url, "MAIL_FROM": "portal@portal.example"}
    with working(broker_url=ours.CELERY_BROKER_URL, **environment):
        wait_until(ask, what="a reminder by mail")
    assert len(office.mails) == 1
