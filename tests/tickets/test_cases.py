"""Support cases: raised on a page, sent once, followed, found again after a lost answer."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from portal import outbox
from portal.models import AuditEntry, Message, Resolution, VendorAccount
from portal.models.messages import State
from portal.vendors.sandbox import Sandbox
from sites.models import Contact
from tests.casework import SAID, gtt_account, make_case, send
from tests.cast import Cast, client_of
from tests.dispatching import refill
from tests.page_forms import controls_of
from tests.tickets.doubting import WHERE, check, let_pass
from tests.tickets.scene import PDF, make_site
from tickets.models import Case, CaseChoice, CaseComment, CaseEdit
from tickets.services.cases import following, searching

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(box: Sandbox) -> VendorAccount:
    return gtt_account(box)


@pytest.fixture
def alice(people: Cast) -> Client:
    return client_of(people.alice)


def page(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def at_gtt(box: Sandbox) -> list[Any]:
    """The cases GTT holds, as it made them."""
    return list(box.gtt.book._cases.values())


def test_raised_on_one_page_and_shown_with_its_number(
    box: Sandbox, account: VendorAccount, people: Cast, alice: Client
) -> None:
    site = make_site(0)
    Contact.objects.create(site=site, name="Denise Callahan", phone="617-555-0101", extension="7")
    assert "Choose<span" in alice.post("/cases/new/", {"q": site.name, "search": "1"}).content.decode()
    form = controls_of(page(alice, f"/cases/new/?site={site.pk}"), "case")
    assert form["site"] == str(site.pk)
    answer = alice.post("/cases/new/", {**form, **SAID})
    case = Case.objects.get()
    assert answer.headers["Location"] == f"/cases/{case.pk}/"
    assert "It is sent in" in page(alice, f"/cases/{case.pk}/status/")
    send(account)
    (told,) = at_gtt(box)
    description = told.fields["description"]
    assert description.splitlines()[0] == SAID["description"]
    assert f"{site.name} ({site.number}), {site.address}" in description
    assert "Denise Callahan, 617-555-0101 ext. 7" in description
    assert description.splitlines()[-1] == f"Our reference: {case.reference}"
    case.refresh_from_db()
    assert (case.number, case.state) == (told.name, "Open")
    text = page(alice, f"/cases/{case.pk}/")
    assert case.number in text
    assert "from the answer to our request" in text
    assert case.number in page(alice, "/cases/?q=" + case.number.lower())
    assert AuditEntry.objects.filter(action="case.raised").count() == 1


def test_one_open_form_raises_one_case(account: VendorAccount, people: Cast, alice: Client) -> None:
    form = controls_of(page(alice, "/cases/new/"), "case")
    first = alice.post("/cases/new/", {**form, **SAID})
    again = alice.post("/cases/new/", {**form, **SAID, "short_description": "changed"})
    assert first.headers["Location"] == again.headers["Location"]
    assert Message.objects.count() == Case.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"short_description": ""}, "Say in one line what is wrong."),
        ({"short_description": "x" * 161}, "Use at most 160 characters; these are 161."),
        ({"short_description": "a\tb"}, "a character that is not text"),
        ({"priority": "9 - Whenever"}, "9 - Whenever is not one of the available choices"),
        ({"category": ""}, "This field is required."),
        ({"subcategory": "Elsewhere only"}, "does not belong to Secure Network"),
        ({"site": "99999"}, "This site is not known any more."),
        ({"site": "x" * 40}, "This site is not known any more."),
        ({"key": "nonsense"}, "Enter a valid UUID."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    account: VendorAccount, alice: Client, wrong: dict[str, str], sentence: str
) -> None:
    CaseChoice.objects.create(field="subcategory", value="Elsewhere only", category="Elsewhere")
    answer = alice.post("/cases/new/", {"key": uuid.uuid4(), **SAID, **wrong})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert sentence in text
    assert SAID["description"] in text
    assert not Case.objects.exists()


def test_without_an_account_it_says_so(people: Cast, alice: Client) -> None:
    answer = alice.post("/cases/new/", {"key": uuid.uuid4(), **SAID})
    assert "No GTT account is set up yet." in answer.content.decode()


def test_a_refused_case_says_what_gtt_said(
    box: Sandbox, account: VendorAccount, people: Cast, alice: Client
) -> None:
    box.fail_next("case_400", on="gtt.create")
    case = make_case(people.alice, people.east, account)
    send(account)
    assert Message.objects.get().state == State.REJECTED
    text = page(alice, f"/cases/{case.pk}/")
    assert "GTT refused this case; nothing was created." in text


def test_it_is_read_again_and_its_history_kept(
    box: Sandbox, account: VendorAccount, people: Cast, alice: Client
) -> None:
    case = make_case(people.alice, people.east, account)
    send(account)
    case.refresh_from_db()
    box.gtt.move(case.number, "In Progress")
    box.gtt.comment(case.number, "We look at it.")
    Case.objects.update(tried_at=timezone.now() - timedelta(minutes=1))
    assert alice.post(f"/cases/{case.pk}/refresh/").status_code == 302
    refill(account)
    assert following.follow_due() == 1
    text = page(alice, f"/cases/{case.pk}/")
    assert "We look at it." in text
    steps = list(case.changes.order_by("pk").values_list("before", "after", "source"))
    assert steps == [("", "Open", "answer"), ("Open", "In Progress", "poll")]
    Case.objects.update(next_read_at=timezone.now())
    refill(account)
    following.follow_due()
    assert case.comments.count() == 1


def test_where_reading_is_off_nothing_is_asked_and_the_page_says_so(
    box: Sandbox, people: Cast, alice: Client
) -> None:
    account = gtt_account(box, operations=[])
    case = make_case(people.alice, people.east, account)
    send(account)
    case.refresh_from_db()
    assert case.number
    assert case.next_read_at is None
    assert "GTT has not confirmed how a case is read" in page(alice, f"/cases/{case.pk}/")
    assert (
        "Reading cases is switched off"
        in alice.post(f"/cases/{case.pk}/refresh/", headers={"HX-Request": "true"}).content.decode()
    )


class TestALostAnswer:
    @pytest.fixture
    def case(self, box: Sandbox, account: VendorAccount, people: Cast) -> Case:
        box.fail_next("lose_answer", on="gtt.create")
        case = make_case(people.alice, people.east, account)
        send(account)
        case.refresh_from_db()
        assert case.message is not None
        assert case.message.state == State.UNKNOWN
        return case

    def test_is_never_sent_twice_and_stands_in_the_work_list(
        self, box: Sandbox, account: VendorAccount, people: Cast, alice: Client, case: Case
    ) -> None:
        send(account)
        assert len(at_gtt(box)) == 1
        text = page(alice, "/unknown/")
        assert "We do not know whether GTT created this case. Do not submit again." in text
        assert "1 case in doubt" in text
        assert "Our reference, in the last line of the description" in text
        assert case.reference in page(alice, "/")
        assert case.reference not in page(client_of(people.carol), "/unknown/")

    def test_is_found_by_machine_in_gtts_list(
        self, box: Sandbox, account: VendorAccount, people: Cast, alice: Client, case: Case
    ) -> None:
        refill(account)
        assert searching.look_for_lost() == 1
        check(account)
        case.refresh_from_db()
        assert case.number == at_gtt(box)[0].name
        assert Message.objects.get().state == State.DONE
        said = Resolution.objects.get()
        assert said.opened_by is None
        assert "Found by the portal and checked with the vendor." in page(
            alice, f"/unknown/{case.message_id}/"
        )
        assert searching.look_for_lost() == 0

    def test_a_longer_reference_is_not_ours(self, box: Sandbox, account: VendorAccount, case: Case) -> None:
        (told,) = at_gtt(box)
        told.fields["description"] = f"Our reference: {case.reference}7 and X{case.reference}-2"
        refill(account)
        assert searching.look_for_lost() == 0

    def test_is_found_by_a_person(
        self, box: Sandbox, account: VendorAccount, people: Cast, alice: Client, case: Case
    ) -> None:
        number = at_gtt(box)[0].name
        wrong = alice.post(f"/unknown/{case.message_id}/found/", {"ticket-0": "12 monkeys"})
        assert "A case number at GTT looks like" in wrong.content.decode()
        alice.post(f"/unknown/{case.message_id}/found/", {"ticket-0": number.lower()})
        check(account)
        case.refresh_from_db()
        assert case.number == number

    def test_a_case_of_somebody_else_is_named_and_not_taken(
        self, box: Sandbox, account: VendorAccount, people: Cast, alice: Client, case: Case
    ) -> None:
        other = make_case(people.alice, people.east, account)
        send(account)
        other.refresh_from_db()
        alice.post(f"/unknown/{case.message_id}/found/", {"ticket-0": other.number})
        check(account)
        case.refresh_from_db()
        assert case.number == ""
        assert f"does not carry {case.reference}" in page(alice, "/unknown/")

    def test_two_people_raise_it_again_under_the_next_reference(
        self, box: Sandbox, account: VendorAccount, people: Cast, alice: Client, case: Case
    ) -> None:
        first = Message.objects.get()
        let_pass(first)
        alice.post(f"/unknown/{first.pk}/not-there/", {"note": WHERE})
        said = Resolution.objects.get()
        client_of(people.mia).post(f"/unknown/{first.pk}/confirm/", {"resolution": said.pk})
        second = Message.objects.exclude(pk=first.pk).get()
        assert second.reference == f"{case.reference}-2"
        assert (
            f"Our reference: {second.reference}" in json.loads(second.payload["body"])["spec"]["description"]
        )
        send(account)
        case.refresh_from_db()
        assert case.message == second
        assert case.number
        assert case.number in page(alice, f"/cases/{case.pk}/")
        assert alice.get(f"/unknown/{first.pk}/").status_code == 200

    def test_is_written_off(self, people: Cast, account: VendorAccount, alice: Client, case: Case) -> None:
        alice.post(f"/unknown/{case.message_id}/write-off/", {"reason": "Solved by itself"})
        assert "Written off" in page(alice, f"/cases/{case.pk}/")
        assert outbox.deliver_due() == 0


class TestAnswering:
    @pytest.fixture
    def case(self, box: Sandbox, account: VendorAccount, people: Cast) -> Case:
        case = make_case(people.alice, people.east, account)
        send(account)
        case.refresh_from_db()
        return case

    def say(self, alice: Client, case: Case, text: str = "Any news?") -> CaseComment:
        assert alice.post(f"/cases/{case.pk}/comment/", {"text": text}).status_code == 302
        return CaseComment.objects.latest("pk")

    def change(self, alice: Client, case: Case, **wanted: str) -> str:
        form = controls_of(page(alice, f"/cases/{case.pk}/change/"), action="/change/")
        return alice.post(f"/cases/{case.pk}/change/", {**form, **wanted}).content.decode()

    def read(self, account: VendorAccount) -> None:
        Case.objects.update(next_read_at=timezone.now())
        refill(account)
        following.follow_due()

    def test_a_comment_is_told_once_and_shown_once(
        self, box: Sandbox, account: VendorAccount, alice: Client, case: Case
    ) -> None:
        self.say(alice, case)
        self.say(alice, case)  # pressed twice
        assert "Waiting" in page(alice, f"/cases/{case.pk}/")
        send(account)
        assert [comment["text"] for comment in at_gtt(box)[0].comments] == ["Any news?"]
        self.read(account)
        assert CaseComment.objects.get().fingerprint
        assert page(alice, f"/cases/{case.pk}/").count("<p>Any news?</p>") == 1

    @pytest.mark.parametrize(
        ("text", "sentence"), [("  ", "Write something first."), ("x" * 4001, "these are 4001")]
    )
    def test_what_cannot_be_said(self, alice: Client, case: Case, text: str, sentence: str) -> None:
        answer = alice.post(f"/cases/{case.pk}/comment/", {"text": text})
        assert answer.status_code == 422
        assert sentence in answer.content.decode()

    def test_where_it_is_switched_off_it_says_so(
        self, account: VendorAccount, alice: Client, case: Case
    ) -> None:
        VendorAccount.objects.update(operations=["get"])
        assert "Commenting is switched off" in page(alice, f"/cases/{case.pk}/")
        answer = alice.post(f"/cases/{case.pk}/comment/", {"text": "Hello"})
        assert "it is switched off for this account" in answer.content.decode()

    def test_a_comment_whose_answer_was_lost_is_found_by_machine(
        self, box: Sandbox, account: VendorAccount, alice: Client, case: Case
    ) -> None:
        box.fail_next("lose_answer", on="gtt.update")
        comment = self.say(alice, case)
        send(account)
        send(account)
        assert len(at_gtt(box)[0].comments) == 1
        text = page(alice, "/unknown/")
        assert "We do not know whether GTT took this comment or change. Do not send it again." in text
        refill(account)
        assert searching.look_for_lost() == 1
        check(account)
        comment.refresh_from_db()
        assert comment.message is not None
        assert comment.message.state == State.DONE
        assert comment.fingerprint

    def test_a_comment_that_never_arrived_stays_in_doubt(
        self, box: Sandbox, account: VendorAccount, alice: Client, case: Case
    ) -> None:
        box.fail_next("reset_before", on="gtt.update")
        comment = self.say(alice, case)
        send(account)
        refill(account)
        searching.look_for_lost()
        check(account)
        comment.refresh_from_db()
        assert comment.message is not None
        assert comment.message.state == State.UNKNOWN
        assert "does not show the comment" in page(alice, "/unknown/")

    def test_resolving_it(self, box: Sandbox, account: VendorAccount, alice: Client, case: Case) -> None:
        self.change(alice, case, state="Resolved")
        assert "This change is on its way." in page(alice, f"/cases/{case.pk}/")
        send(account)
        assert at_gtt(box)[0].state == "Resolved"
        case.refresh_from_db()
        assert case.state == "Resolved"

    def test_nothing_different_is_said(self, alice: Client, case: Case) -> None:
        assert "Nothing is different" in self.change(alice, case)

    @pytest.mark.parametrize("keep_mine", [True, False])
    def test_what_gtt_changed_meanwhile_is_settled_by_a_person(
        self, box: Sandbox, account: VendorAccount, alice: Client, case: Case, keep_mine: bool
    ) -> None:
        box.gtt.edit(case.number, priority="1 - Critical")
        self.change(alice, case, priority="4 - Low")
        send(account)
        assert at_gtt(box)[0].fields["priority"] == "1 - Critical"
        text = page(alice, f"/cases/{case.pk}/")
        assert "Nothing was changed: GTT changed the same meanwhile." in text
        edit = CaseEdit.objects.get()
        alice.post(f"/cases/{case.pk}/change/{edit.pk}/", {"mine" if keep_mine else "theirs": "1"})
        send(account)
        assert at_gtt(box)[0].fields["priority"] == ("4 - Low" if keep_mine else "1 - Critical")
        assert "GTT changed the same meanwhile" not in page(alice, f"/cases/{case.pk}/")

    def test_the_same_comment_on_many_with_a_result_each(
        self, box: Sandbox, account: VendorAccount, people: Cast, alice: Client, case: Case
    ) -> None:
        second = make_case(people.alice, people.east, account)  # has no number yet
        foreign = make_case(people.carol, people.west, account)
        keys = [str(one.pk) for one in (case, second, foreign)]
        asked = alice.post("/cases/comment/", {"case": keys}).content.decode()
        assert "Comment on 2 cases" in asked
        done = alice.post(
            "/cases/comment/", {"case": keys, "text": "Outage over", "send": "1"}
        ).content.decode()
        assert "On its way" in done
        assert "GTT has given this case no number yet." in done
        assert CaseComment.objects.count() == 1

    def test_files_are_kept_and_named_as_not_sent(self, people: Cast, alice: Client, case: Case) -> None:
        upload = SimpleUploadedFile("plan.pdf", PDF)
        alice.post(f"/cases/{case.pk}/files/", {"file": upload})
        text = page(alice, f"/cases/{case.pk}/")
        assert "plan.pdf" in text
        assert "not sent to GTT" in text
        url = f"/files/{case.files.get().key}/"
        assert (alice.get(url).status_code, client_of(people.carol).get(url).status_code) == (200, 404)
