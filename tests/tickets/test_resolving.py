"""Unknown outcomes settled by people: what they found, what two of them did not find, what is written off."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal import outbox
from portal.models import Message, Resolution, VendorAccount
from portal.models.messages import State
from portal.outbox import resolving
from portal.problems import Problem
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast
from tests.portal.outbox_parts import sql
from tests.tickets.doubting import WHERE, answered_late, check, ids_at_granite, in_doubt, let_pass
from tests.tickets.scene import read_again, send, sent_dispatch
from tickets.models import PossibleDuplicate
from tickets.services import correcting, strays, submitting

pytestmark = pytest.mark.django_db


class TestFound:
    def test_ids_that_carry_our_reference_settle_it(
        self, box: Sandbox, account: VendorAccount, people: Cast
    ) -> None:
        dispatch, message = in_doubt(box, people, 3)
        ids = ids_at_granite(box, message)
        resolving.say_found(message, {vendor_id: 2 - n for n, vendor_id in enumerate(ids)}, by=people.alice)
        assert len(box.calls("details")) == 0, "no view asks Granite"
        check(account)
        message.refresh_from_db()
        assert message.state == State.DONE
        for location in dispatch.locations.all():
            assert box.tickets[location.ticket.ticket_id]["location_number"] == location.location_number
        said = message.resolutions.get()
        assert said.state == "settled"
        assert "entered at another location" in said.findings[0]["sentence"]

    def test_wrong_and_foreign_ids_are_named(
        self, box: Sandbox, account: VendorAccount, people: Cast
    ) -> None:
        other = sent_dispatch(people, 1)
        held = other.tickets.get()
        dispatch, message = in_doubt(box, people, 1)
        resolving.say_found(message, {"999999": 0, str(held.ticket_id): 0}, by=people.alice)
        check(account)
        message.refresh_from_db()
        assert message.state == State.UNKNOWN
        said = message.resolutions.get()
        assert said.state == "closed"
        first, second = (finding["sentence"] for finding in said.findings)
        assert first == "Granite has no ticket 999999."
        assert held.message.reference in second
        assert "not of this request" in second
        assert dispatch.tickets.count() == 0

    def test_some_found_and_the_rest_stays_in_doubt(
        self, box: Sandbox, account: VendorAccount, people: Cast
    ) -> None:
        dispatch, message = in_doubt(box, people, 3)
        resolving.say_found(message, {ids_at_granite(box, message)[0]: 0}, by=people.alice)
        check(account)
        message.refresh_from_db()
        assert message.state == State.UNKNOWN
        assert dispatch.locations.filter(ticket=None).count() == 2

    def test_granite_away_is_told_and_asked_again(
        self, box: Sandbox, account: VendorAccount, people: Cast
    ) -> None:
        _, message = in_doubt(box, people, 1)
        said = resolving.say_found(message, {ids_at_granite(box, message)[0]: 0}, by=people.alice)
        box.fail_next("500", on="details", times=3)
        check(account)
        said.refresh_from_db()
        assert said.is_open
        assert said.problem
        box.clear_faults()
        Resolution.objects.filter(pk=said.pk).update(due_at=timezone.now())
        check(account)
        message.refresh_from_db()
        assert message.state == State.DONE


class TestNotThere:
    def test_two_people_and_a_second_message(
        self, box: Sandbox, account: VendorAccount, people: Cast
    ) -> None:
        dispatch, message = in_doubt(box, people, 2, "reset_before")
        assert not box.tickets
        let_pass(message)
        said = resolving.say_not_there(message, note=WHERE, by=people.alice)
        assert message.renewals.count() == 0, "one person sends nothing"
        successor = resolving.confirm(said, by=people.mia)
        assert successor is not None
        assert successor.reference == f"{message.reference}-2"
        send(dispatch)
        message.refresh_from_db()
        successor.refresh_from_db()
        assert (message.state, successor.state) == (State.NOT_CREATED, State.DONE)
        assert list(successor.repeats.all()) == [message]
        assert dispatch.tickets.count() == 2
        assert {ticket["customer_ticket_number"] for ticket in box.tickets.values()} == {successor.reference}

    def test_not_before_a_quarter_of_an_hour(
        self, box: Sandbox, account: VendorAccount, people: Cast
    ) -> None:
        _, message = in_doubt(box, people, 1)
        let_pass(message, 14)
        with pytest.raises(Problem, match="too early"):
            resolving.say_not_there(message, note=WHERE, by=people.alice)

    def test_not_without_saying_where_one_looked(
        self, box: Sandbox, account: VendorAccount, people: Cast
    ) -> None:
        _, message = in_doubt(box, people, 1)
        let_pass(message)
        with pytest.raises(Problem, match="where you looked"):
            resolving.say_not_there(message, note="  \n ", by=people.alice)

    def test_not_by_one_person_alone(self, box: Sandbox, account: VendorAccount, people: Cast) -> None:
        _, message = in_doubt(box, people, 1)
        let_pass(message)
        said = resolving.say_not_there(message, note=WHERE, by=people.alice)
        with pytest.raises(Problem, match="You looked first"):
            resolving.confirm(said, by=people.alice)
        assert Message.objects.count() == 1

    def test_disagreeing_sends_nothing(self, box: Sandbox, account: VendorAccount, people: Cast) -> None:
        _, message = in_doubt(box, people, 1)
        let_pass(message)
        said = resolving.say_not_there(message, note=WHERE, by=people.alice)
        resolving.disagree(said, note="I see ticket 5 there", by=people.mia)
        with pytest.raises(Problem):
            resolving.confirm(said, by=people.root)
        message.refresh_from_db()
        assert (message.state, Message.objects.count()) == (State.UNKNOWN, 1)

    def test_only_what_is_still_in_doubt_goes_again(
        self, box: Sandbox, account: VendorAccount, people: Cast
    ) -> None:
        dispatch, message = in_doubt(box, people, 3, "fewer")
        let_pass(message)
        said = resolving.say_not_there(message, note=WHERE, by=people.alice)
        successor = resolving.confirm(said, by=people.mia)
        message.refresh_from_db()
        assert (message.state, successor.weight) == (State.DONE, 1)
        send(dispatch)
        assert dispatch.locations.filter(ticket=None).count() == 0

    def test_what_was_found_meanwhile_asks_two_people_anew(
        self, box: Sandbox, account: VendorAccount, people: Cast
    ) -> None:
        _, message = in_doubt(box, people, 2)
        let_pass(message)
        said = resolving.say_not_there(message, note=WHERE, by=people.alice)
        resolving.say_found(message, {ids_at_granite(box, message)[0]: 0}, by=people.mia)
        check(account)
        with pytest.raises(Problem):
            resolving.confirm(said, by=people.mia)
        assert Message.objects.count() == 1

    def test_a_visit_that_should_have_begun_is_corrected_first(
        self, box: Sandbox, account: VendorAccount, people: Cast
    ) -> None:
        dispatch, message = in_doubt(box, people, 1, "reset_before")
        let_pass(message)
        past = timezone.now() - timedelta(hours=1)
        dispatch.locations.update(starts_at=past, ends_at=past + timedelta(minutes=30))
        said = resolving.say_not_there(message, note=WHERE, by=people.alice)
        assert resolving.confirm(said, by=people.mia) is None
        message.refresh_from_db()
        assert (message.state, Message.objects.count()) == (State.NOT_CREATED, 1)
        assert dispatch.locations.failed().count() == 1


class TestWriteOff:
    def test_a_reason_ends_it_and_nothing_is_sent(
        self, box: Sandbox, account: VendorAccount, people: Cast
    ) -> None:
        dispatch, message = in_doubt(box, people, 1)
        resolving.write_off(message, reason="The shop burnt down.", by=people.alice)
        message.refresh_from_db()
        assert message.state == State.ABANDONED
        send(dispatch)
        assert len(box.calls("create")) == 1
        with pytest.raises(Problem):
            resolving.write_off(message, reason="again", by=people.alice)


class TestTheDatabaseRefuses:
    def test_not_created_without_two_people(self, box: Sandbox, account: VendorAccount, people: Cast) -> None:
        _, message = in_doubt(box, people, 1)
        let_pass(message)
        resolving.say_not_there(message, note=WHERE, by=people.alice)
        sql("SELECT set_config('portal.lease', '', true)")  # the worker's transaction is long over
        for state in ("not_created", "abandoned", "done", "queued"):
            with pytest.raises(IntegrityError, match="not allowed"), transaction.atomic():
                sql(
                    "UPDATE portal_message SET state = %s, settled_at = now() WHERE id = %s",
                    state,
                    message.pk,
                )

    def test_the_same_person_twice(self, box: Sandbox, account: VendorAccount, people: Cast) -> None:
        _, message = in_doubt(box, people, 1)
        let_pass(message)
        said = resolving.say_not_there(message, note=WHERE, by=people.alice)
        with pytest.raises(IntegrityError, match="not_there_takes_two_people"), transaction.atomic():
            sql(
                "UPDATE portal_resolution SET state = 'settled', decided_at = now(), decided_by_id = opened_by_id "
                "WHERE id = %s",
                said.pk,
            )

    def test_a_shorter_wait(self, box: Sandbox, account: VendorAccount, people: Cast) -> None:
        _, message = in_doubt(box, people, 1)
        with pytest.raises(IntegrityError, match="cannot be shortened"), transaction.atomic():
            sql("UPDATE portal_message SET send_deadline_at = '2020-01-01' WHERE id = %s", message.pk)
        with pytest.raises(IntegrityError, match="15 minutes"), transaction.atomic():
            Resolution.objects.create(
                message=message,
                kind="not_there",
                note=WHERE,
                opened_by=people.alice,
                opened_at=timezone.now(),
            )

    def test_a_second_sending_of_a_second_sending(
        self, box: Sandbox, account: VendorAccount, people: Cast
    ) -> None:
        """Whoever inserts a message that renews another needs two people for exactly that one."""
        _, message = in_doubt(box, people, 1)
        let_pass(message)
        resolving.confirm(resolving.say_not_there(message, note=WHERE, by=people.alice), by=people.mia)
        with pytest.raises(IntegrityError, match="two people have to look"), transaction.atomic():
            outbox.add(
                message.kind,
                account,
                reference="DSP-900000-1",
                chunk="other",
                payload=message.payload,
                weight=1,
                files=[],
                by=people.alice,
                interactive=True,
                renews=message,
            )


class TestAnswersThatComeLate:
    """The worker was only slow: what it brings closes the item, or shows what people could not know."""

    def test_it_closes_the_item_and_says_so(self, box: Sandbox, account: VendorAccount, people: Cast) -> None:
        dispatch, message, answer = answered_late(people)
        said = resolving.say_not_there(message, note=WHERE, by=people.alice)
        answer()
        message.refresh_from_db()
        said.refresh_from_db()
        assert (message.state, said.state) == (State.DONE, "closed")
        assert "came late" in message.detail
        assert "came late" in said.result
        assert dispatch.tickets.count() == 2
        with pytest.raises(Problem):
            resolving.confirm(said, by=people.mia)

    def test_what_it_leaves_open_is_said_and_needs_two_people_anew(
        self, box: Sandbox, account: VendorAccount, people: Cast
    ) -> None:
        box.fail_next("fewer")
        dispatch, message, answer = answered_late(people, 3)
        said = resolving.say_not_there(message, note=WHERE, by=people.alice)
        answer()
        message.refresh_from_db()
        said.refresh_from_db()
        assert (message.state, said.state) == (State.UNKNOWN, "closed")
        assert message.detail.startswith(
            "The answer came late. Granite answered with 2 tickets for 3 locations."
        )
        assert dispatch.locations.filter(ticket=None).count() == 1

    def test_what_was_not_yet_sent_again_is_not_sent_again(
        self, box: Sandbox, account: VendorAccount, people: Cast
    ) -> None:
        dispatch, message, answer = answered_late(people)
        successor = resolving.confirm(
            resolving.say_not_there(message, note=WHERE, by=people.alice), by=people.mia
        )
        answer()
        successor.refresh_from_db()
        assert successor.state == State.CANCELLED
        assert dispatch.locations.filter(message=message, ticket__isnull=False).count() == 2
        assert PossibleDuplicate.objects.count() == 0
        send(dispatch)
        assert len(box.calls("create")) == 1

    def test_what_was_sent_again_is_a_possible_duplicate(
        self, box: Sandbox, account: VendorAccount, people: Cast
    ) -> None:
        dispatch, message, answer = answered_late(people)
        resolving.confirm(resolving.say_not_there(message, note=WHERE, by=people.alice), by=people.mia)
        send(dispatch)
        answer()
        message.refresh_from_db()
        assert message.state == State.NOT_CREATED
        assert "after all" in message.detail
        raised = PossibleDuplicate.objects.filter(message=message)
        assert raised.count() == 2
        assert all("sent again as" in one.why for one in raised)
        assert dispatch.locations.filter(ticket=None).count() == 0
        assert dispatch.tickets.count() == 4

    def test_what_was_written_off_has_its_tickets_all_the_same(
        self, box: Sandbox, account: VendorAccount, people: Cast
    ) -> None:
        dispatch, message, answer = answered_late(people)
        resolving.write_off(message, reason="Nobody can tell.", by=people.alice)
        answer()
        assert dispatch.locations.filter(ticket=None).count() == 0


class TestTicketsOfNobody:
    def test_one_too_many_is_raised_and_nothing_is_in_doubt(
        self, box: Sandbox, account: VendorAccount, people: Cast
    ) -> None:
        box.fail_next("more")
        dispatch = sent_dispatch(people, 2)
        message = dispatch.locations.first().message
        assert message.state == State.DONE
        (raised,) = PossibleDuplicate.objects.all()
        assert raised.message == message
        with pytest.raises(Problem, match="what was done"):
            strays.close(raised, note=" ", by=people.alice)
        strays.close(raised, note="Cancelled by phone, Joan at Granite", by=people.alice)
        with pytest.raises(Problem, match="already"):
            strays.close(raised, note="once more", by=people.alice)

    def test_a_followed_ticket_that_now_carries_another_reference(
        self, box: Sandbox, account: VendorAccount, people: Cast
    ) -> None:
        _, lost = in_doubt(box, people, 1)
        ticket = sent_dispatch(people, 1).tickets.get()
        box.set_ticket(ticket.ticket_id, customer_ticket_number=lost.reference)
        read_again(ticket)
        (raised,) = PossibleDuplicate.objects.all()
        assert (raised.message, raised.ticket) == (lost, ticket)


def test_rows_nobody_found_are_corrected_and_the_new_message_says_what_it_may_repeat(
    box: Sandbox, account: VendorAccount, people: Cast
) -> None:
    dispatch, message = in_doubt(box, people, 1, "reset_before")
    let_pass(message)
    past = timezone.now() - timedelta(hours=1)
    dispatch.locations.update(starts_at=past, ends_at=past + timedelta(minutes=30))
    resolving.confirm(resolving.say_not_there(message, note=WHERE, by=people.alice), by=people.mia)
    draft = correcting.draft_from_failed(dispatch, by=people.alice)
    tomorrow = (timezone.now() + timedelta(days=1)).date().isoformat()
    draft.locations[0] |= {"start_date": f"{tomorrow}T09:00", "end_date": f"{tomorrow}T12:00"}
    draft.save()
    planned = submitting.plan(draft, by=people.alice)
    again = submitting.submit_draft(draft, by=people.alice, plan_hash=planned.hash)
    assert list(again.locations.get().message.repeats.all()) == [message]
