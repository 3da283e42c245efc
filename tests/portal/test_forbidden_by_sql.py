"""What the law forbids is refused by the database: in plain SQL, as the application's role and as the owner, in every way we know.

Which change of state is allowed to whom stands in `test_outbox_guards`; here everything else is tried.
"""

import os
import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from portal import outbox
from portal.models import Attempt, Message
from portal.models.messages import State
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast
from tests.dispatching import make_dispatch, refill, sandbox_account
from tests.portal.outbox_parts import force, make_account, make_message, settle_constraints, sql
from tests.portal.test_outbox_guards import BY_ANYBODY, BY_THE_HOLDER, fields_for

pytestmark = pytest.mark.django_db
APPLICATION = f"portal_application_{os.getpid()}"
ROLES = ["application", "owner"]


@pytest.fixture(params=ROLES)
def role(request: pytest.FixtureRequest, people: Cast) -> str:
    """Who tries: a role that may only read and write rows, or the one all tables belong to, a superuser at that."""
    sql(f"CREATE ROLE {APPLICATION} NOLOGIN")
    sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APPLICATION}")
    sql(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APPLICATION}")
    return str(request.param)


def become(role: str) -> None:
    settle_constraints()
    sql(f"SET LOCAL ROLE {APPLICATION}" if role == "application" else "RESET ROLE")


def attempt_sql(statement: str, *values: object) -> str:
    """Why the database refuses a statement; "" if it does not. Nothing of it stays."""
    try:
        with transaction.atomic():
            sql(statement, *values)
            settle_constraints()
            transaction.set_rollback(True)
    except DatabaseError as error:
        return str(error).splitlines()[0]
    return ""


def forced(state: str, people: Cast, **fields: object) -> tuple[Message, uuid.UUID]:
    lease = uuid.uuid4()
    message = make_message(make_account(), people.alice)
    force(message, state, **fields_for(state, lease) | fields)
    return message, lease


@pytest.mark.parametrize("before", State.values)
@pytest.mark.parametrize("speaks", ["nobody", "the holder", "a stranger"])
def test_no_change_of_state_beside_the_table(people: Cast, role: str, before: str, speaks: str) -> None:
    message, lease = forced(before, people)
    allowed = BY_THE_HOLDER if speaks == "the holder" else BY_ANYBODY
    become(role)
    voice = {"nobody": "", "the holder": str(lease), "a stranger": str(uuid.uuid4())}[speaks]
    sql("SELECT set_config('portal.lease', %s, true)", voice)
    for after in State.values:
        if after == before:
            continue
        fields = fields_for(after, lease) | {"state": after}
        names = ", ".join(f"{name} = %s" for name in fields)
        refused = attempt_sql(
            f"UPDATE portal_message SET {names} WHERE id = %s", *fields.values(), message.pk
        )
        expected = "" if (before, after) in allowed else f"{before} -> {after} is not allowed"
        assert refused.endswith(expected) if expected else refused == "", (before, after, refused)


BACK_INTO_THE_QUEUE = {
    "all at once": "UPDATE portal_message SET state = 'queued'",
    "with a new lease": "UPDATE portal_message SET state = 'queued', lease_token = gen_random_uuid()",
    "without a lease": "UPDATE portal_message SET state = 'queued', lease_token = NULL, lease_until = NULL",
    "in a query": "WITH m AS (UPDATE portal_message SET state = 'queued' RETURNING id) SELECT count(*) FROM m",
    "from another table": "UPDATE portal_message m SET state = 'queued' FROM portal_vendoraccount a WHERE a.id = m.account_id",
    "as a merge": """MERGE INTO portal_message m USING portal_vendoraccount a ON a.id = m.account_id
        WHEN MATCHED THEN UPDATE SET state = 'queued'""",
    "as an upsert": """INSERT INTO portal_message SELECT * FROM portal_message
        ON CONFLICT (id) DO UPDATE SET state = 'queued'""",
    "by a detour": "UPDATE portal_message SET state = 'held', held_reason = 'file'",
}


@pytest.mark.parametrize("state", ["sending", "unknown", "done", "rejected", "cancelled"])
def test_what_may_have_been_sent_never_goes_back_into_the_queue(people: Cast, role: str, state: str) -> None:
    forced(state, people)
    become(role)
    for way, statement in BACK_INTO_THE_QUEUE.items():
        refused = attempt_sql(statement)
        assert "is not allowed" in refused or "must begin" in refused, (way, refused)


COLUMNS = """kind, reference, chunk, payload, payload_hash, weight, created_at, priority, state, due_at, held_reason, detail,
    failures, account_id, created_by_id"""


@pytest.mark.parametrize("state", ["queued", "held", "claimed", "sending", "unknown", "done"])
def test_no_second_live_message_for_one_chunk(people: Cast, role: str, state: str) -> None:
    message, _ = forced(state, people, **({"held_reason": "file"} if state == "held" else {}))
    other = make_message(message.account, people.alice)
    become(role)
    copy = (
        COLUMNS.replace("reference", "'COPY-1'", 1).replace("state", "'queued'").replace("held_reason", "''")
    )
    again = f"INSERT INTO portal_message ({COLUMNS}) SELECT {copy} FROM portal_message WHERE id = %s"
    assert "one_live_message_per_chunk" in attempt_sql(again, message.pk)
    taken_over = attempt_sql("UPDATE portal_message SET chunk = %s WHERE id = %s", message.chunk, other.pk)
    assert "is frozen" in taken_over


@pytest.mark.parametrize("state", [state for state in State.values if state not in ("queued", "held")])
def test_no_message_begins_in_the_middle(people: Cast, role: str, state: str) -> None:
    message, _ = forced("cancelled", people)
    become(role)
    values = COLUMNS.replace("reference", "'COPY-2'", 1).replace("state", "%s")
    statement = f"INSERT INTO portal_message ({COLUMNS}) SELECT {values} FROM portal_message WHERE id = %s"
    assert "must begin queued or held" in attempt_sql(statement, state, message.pk)


OUT_OF_ITS_HANDS = [
    "lease_token = gen_random_uuid()",
    "lease_token = NULL",
    "state = 'unknown'",
    "payload = payload || '{\"more\": 1}'",
    "reference = 'DSP-999999-1'",
    "account_id = account_id + 1",
    "created_by_id = created_by_id + 1",
    "created_at = created_at - interval '1 day'",
]


def test_nobody_takes_a_send_out_of_a_workers_hands(people: Cast, role: str) -> None:
    forced("sending", people)
    become(role)
    for change in OUT_OF_ITS_HANDS:
        assert attempt_sql(f"UPDATE portal_message SET {change}") != "", change


def test_a_claim_whose_lease_is_over_is_never_sent(people: Cast, role: str) -> None:
    forced("claimed", people, lease_until=timezone.now() - timedelta(seconds=1))
    become(role)
    refused = attempt_sql(
        "UPDATE portal_message SET state = 'sending', send_deadline_at = now() + interval '2 min'"
    )
    assert "claimed -> sending is not allowed" in refused


def test_one_vendor_id_is_one_ticket(people: Cast, role: str, box: Sandbox) -> None:
    account = sandbox_account(box)
    for purpose in ("first", "second"):
        make_dispatch(people.alice, people.east, rows=2, po_number=purpose)
        refill(account)
        outbox.deliver_due()
    become(role)
    names = _columns_of("tickets_ticket")
    copy = ", ".join("NULL" if name == "location_id" else name for name in names)
    again = f"INSERT INTO tickets_ticket ({', '.join(names)}) SELECT {copy} FROM tickets_ticket LIMIT 1"
    assert "one_ticket_per_vendor_id" in attempt_sql(again)
    assert "one_ticket_per_vendor_id" in attempt_sql(
        "UPDATE tickets_ticket SET ticket_id = (SELECT min(ticket_id) FROM tickets_ticket)"
    )
    two = "UPDATE tickets_ticket SET location_id = (SELECT min(location_id) FROM tickets_ticket)"
    assert "location_id" in attempt_sql(two), "two tickets for one location"


def _columns_of(table: str) -> list[str]:
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, table)
    return [column.name for column in described if column.name != "id"]


HISTORY_REWRITTEN = [
    "DELETE FROM portal_message",
    "DELETE FROM portal_attempt",
    "DELETE FROM portal_messagetransition",
    "UPDATE portal_messagetransition SET after = 'done'",
    "UPDATE portal_messagetransition SET at = at - interval '1 day'",
    "UPDATE portal_attempt SET outcome = 'done'",
    "UPDATE portal_attempt SET finished_at = NULL",
    "UPDATE portal_attempt SET response_body = ''",
    "DELETE FROM portal_auditentry",
    "UPDATE portal_auditentry SET by_name = 'nobody'",
]


def test_what_happened_stays_as_it_happened(people: Cast, role: str) -> None:
    message, lease = forced("unknown", people)
    now = timezone.now()
    Attempt.objects.create(message=message, number=1, lease_token=lease, started_at=now, finished_at=now)
    outbox.cancel(make_message(message.account, people.alice), by=people.alice)
    become(role)
    for statement in HISTORY_REWRITTEN:
        assert "never changed or removed" in attempt_sql(statement), statement


GUARDS_PUT_ASIDE = [
    "ALTER TABLE portal_message DISABLE TRIGGER portal_guard_message",
    "ALTER TABLE portal_message DISABLE TRIGGER ALL",
    "DROP TRIGGER portal_guard_message ON portal_message",
    "ALTER TABLE portal_message DROP CONSTRAINT message_state_known",
    "DROP INDEX one_live_message_per_chunk",
    "SET session_replication_role = replica",
    "TRUNCATE portal_message CASCADE",
    "CREATE OR REPLACE FUNCTION portal_guard_message() RETURNS trigger LANGUAGE sql AS 'SELECT NULL'",
]


@pytest.mark.parametrize("role", ["application"], indirect=True)
def test_a_role_that_owns_nothing_cannot_put_the_guards_aside(people: Cast, role: str) -> None:
    """The owner can, and whoever does it knows that it is no mishap: see docs/outbox.md."""
    forced("unknown", people)
    become(role)
    for statement in GUARDS_PUT_ASIDE:
        refused = attempt_sql(statement)
        assert "must be owner" in refused or "permission denied" in refused, (statement, refused)
