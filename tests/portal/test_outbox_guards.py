"""The database refuses what the law forbids, even to its owner with SQL in hand."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal import audit
from portal.models import Attempt, AuditEntry, Message, MessageTransition
from portal.models.messages import SETTLED, State
from portal.outbox import claims
from tests.cast import Cast
from tests.portal.outbox_parts import force, make_account, make_message, settle_constraints, sql

pytestmark = pytest.mark.django_db

BY_ANYBODY = {
    ("queued", "claimed"),
    ("queued", "held"),
    ("queued", "cancelled"),
    ("held", "queued"),
    ("held", "cancelled"),
    ("claimed", "queued"),
    ("claimed", "held"),
    ("claimed", "sending"),
}
BY_THE_HOLDER = BY_ANYBODY | {
    ("sending", "done"),
    ("sending", "rejected"),
    ("sending", "queued"),
    ("sending", "held"),
    ("sending", "unknown"),
    ("unknown", "done"),
    ("unknown", "rejected"),
}


def fields_for(state: str, lease: uuid.UUID) -> dict[str, object]:
    later = timezone.now() + timedelta(minutes=5)
    fields: dict[str, object] = {
        "settled_at": None,
        "lease_token": None,
        "lease_until": None,
        "held_reason": "",
    }
    if state in ("claimed", "sending", "unknown", "done", "rejected"):
        fields |= {"lease_token": lease, "lease_until": later, "send_deadline_at": later}
    if state in SETTLED:
        fields["settled_at"] = timezone.now()
    return fields


@pytest.mark.parametrize("after", State.values)
@pytest.mark.parametrize("before", State.values)
@pytest.mark.parametrize("is_holder", [False, True])
def test_every_change_of_state_is_allowed_or_refused_as_the_table_says(
    people: Cast, before: str, after: str, is_holder: bool
) -> None:
    if before == after:
        return
    lease = uuid.uuid4()
    message = make_message(make_account(), people.alice)
    force(message, before, **fields_for(before, lease))
    if is_holder:
        claims.act_as_holder(message)
    change = Message.objects.filter(pk=message.pk)
    allowed = (before, after) in (BY_THE_HOLDER if is_holder else BY_ANYBODY)
    if allowed:
        change.update(state=after, **fields_for(after, lease))
    else:
        with pytest.raises(IntegrityError, match="is not allowed"), transaction.atomic():
            change.update(state=after, **fields_for(after, lease))
    message.refresh_from_db()
    assert message.state == (after if allowed else before)


def test_a_send_may_be_given_up_only_after_its_deadline(people: Cast) -> None:
    message = make_message(make_account(), people.alice)
    force(message, "sending", **fields_for("sending", uuid.uuid4()))
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(state=State.UNKNOWN)
    Message.objects.filter(pk=message.pk).update(send_deadline_at=timezone.now() - timedelta(seconds=1))
    Message.objects.filter(pk=message.pk).update(state=State.UNKNOWN)


def test_sending_cannot_begin_after_the_lease(people: Cast) -> None:
    message = make_message(make_account(), people.alice)
    fields = fields_for("claimed", uuid.uuid4()) | {"lease_until": timezone.now() - timedelta(seconds=1)}
    force(message, "claimed", **fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(state=State.SENDING)
    assert claims.begin(message, "/x") is None


@pytest.mark.parametrize(
    "change",
    ["payload = '{}'", "payload_hash = 'x'", "reference = 'DSP-9'", "chunk = 'other'", "weight = 9"],
)
def test_a_promise_is_frozen(people: Cast, change: str) -> None:
    message = make_message(make_account(), people.alice)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        sql(f"UPDATE portal_message SET {change} WHERE id = %s", message.pk)


def test_two_live_messages_for_one_chunk_are_refused(people: Cast) -> None:
    account = make_account()
    first = make_message(account, people.alice, chunk="dispatch:7:1")
    with pytest.raises(IntegrityError, match="one_live_message_per_chunk"), transaction.atomic():
        make_message(account, people.alice, chunk="dispatch:7:1")
    force(first, "rejected", settled_at=timezone.now())
    make_message(account, people.alice, chunk="dispatch:7:1")


def test_a_message_cannot_begin_in_the_middle(people: Cast) -> None:
    message = make_message(make_account(), people.alice)
    with pytest.raises(IntegrityError, match="must begin"), transaction.atomic():
        Message.objects.create(
            kind="x", account=message.account, reference="R", chunk="c", payload={}, payload_hash="",
            created_by=people.alice, due_at=timezone.now(), state=State.UNKNOWN,
        )  # fmt: skip


def test_what_happened_stays(people: Cast) -> None:
    message = make_message(make_account(), people.alice)
    entry = audit.record(people.alice, "test.done", message)
    attempt = Attempt.objects.create(
        message=message,
        number=1,
        lease_token=uuid.uuid4(),
        started_at=timezone.now(),
        finished_at=timezone.now(),
    )
    for statement in (
        "DELETE FROM portal_attempt",
        "DELETE FROM portal_message",
        "UPDATE portal_messagetransition SET after = 'done'",
        f"UPDATE portal_attempt SET outcome = 'done' WHERE id = {attempt.pk}",
        f"UPDATE portal_auditentry SET by_name = 'nobody' WHERE id = {entry.pk}",
        f"DELETE FROM portal_auditentry WHERE id = {entry.pk}",
    ):
        with pytest.raises(IntegrityError, match="never changed or removed"), transaction.atomic():
            sql(statement)
    settle_constraints()
    for table, trigger in (
        ("portal_auditentry", "portal_audit_no_truncate"),
        ("portal_message", "portal_message_no_truncate"),
        ("portal_attempt", "portal_attempt_no_truncate"),
        ("portal_messagetransition", "portal_messagetransition_no_truncate"),
        ("portal_resolution", "portal_resolution_no_truncate"),
    ):
        sql(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")  # off in tests, for their own tidying up
        with pytest.raises(IntegrityError, match="never changed or removed"), transaction.atomic():
            sql(f"TRUNCATE {table} CASCADE")
    assert AuditEntry.objects.filter(pk=entry.pk).exists()


def test_the_database_logs_every_change(people: Cast) -> None:
    message = make_message(make_account(), people.alice)
    Message.objects.filter(pk=message.pk).update(state=State.CANCELLED, settled_at=timezone.now())
    steps = MessageTransition.objects.filter(message=message).values_list("before", "after")
    assert list(steps) == [("", "queued"), ("queued", "cancelled")]
