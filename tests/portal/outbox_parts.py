"""Accounts and messages for tests of the outbox alone, which knows nothing of dispatches."""

import itertools
from typing import Any

from django.db import connection

from portal import encryption, outbox
from portal.models import Message, User, VendorAccount

numbers = itertools.count(1)


def make_account(url: str = "http://127.0.0.1:9", token_url: str = "", **fields: Any) -> VendorAccount:
    return VendorAccount.objects.create(
        vendor="granite",
        name=fields.pop("name", "test"),
        api_url=url,
        token_url=token_url or f"{url}/oauth2/default/v1/token",
        client_id=fields.pop("client_id", "sandbox-client"),
        encrypted_secret=encryption.encrypt("sandbox-secret"),
        scope="urn:grt:techexpress",
        is_default=fields.pop("is_default", True),
        **fields,
    )


def make_message(account: VendorAccount, by: User, **fields: Any) -> Message:
    number = next(numbers)
    return outbox.add(
        "granite.create_tickets",
        account,
        reference=fields.pop("reference", f"TST-{number:06d}-1"),
        chunk=fields.pop("chunk", f"test:{number}"),
        payload={"fields": [], "files": [], "boundary": f"b{number}"},
        weight=1,
        files=[],
        by=by,
        interactive=fields.pop("interactive", False),
    )


def sql(statement: str, *values: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def force(message: Message, state: str, **fields: Any) -> None:
    """Put a message into any state, as if the guards did not exist."""
    settle_constraints()
    sql("ALTER TABLE portal_message DISABLE TRIGGER portal_guard_message")
    Message.objects.filter(pk=message.pk).update(state=state, **fields)
    settle_constraints()
    sql("ALTER TABLE portal_message ENABLE TRIGGER portal_guard_message")
    message.refresh_from_db()


def settle_constraints() -> None:
    """PostgreSQL alters no table with checks still pending in the transaction."""
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET CONSTRAINTS ALL DEFERRED")
