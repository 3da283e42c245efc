"""The worker most people would write: take what is due, send it, and on any error send it again.

It leases a message by moving its due time, retries three times at once and again when the lease is over, and writes
the tickets down when an answer comes. The same harness must find what is wrong with that.
"""

import logging
import os
import time
import uuid
from typing import Any

import django
import requests

LEASE_SECONDS = 30
RETRIES = 3
ANSWER_WITHIN = 10
GIVE_UP_AFTER = 12  # tries of one message


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    while True:
        try:
            if not send_one():
                time.sleep(0.3)
        except Exception:
            logging.exception("goes on")
            _forget_connection()
            time.sleep(1)


def send_one() -> bool:
    """Whether there was one."""
    from portal.models import Message

    message = _lease()
    if message is None:
        return False
    for _ in range(RETRIES):
        try:
            answer = _post(message)
            answer.raise_for_status()
            tickets = answer.json()
        except (requests.RequestException, ValueError):
            continue
        _record(message, tickets)
        return True
    if message.failures + RETRIES > GIVE_UP_AFTER:
        _move(message, Message, "rejected")
    return True


def _lease() -> Any:
    from datetime import timedelta

    from django.db import transaction
    from django.db.models import F
    from django.db.models.functions import Now

    from portal.models import Message

    with transaction.atomic():
        due = Message.objects.filter(state="queued", due_at__lte=Now()).order_by("due_at", "id")
        message = due.select_for_update(skip_locked=True, of=("self",)).first()
        if message is not None:
            Message.objects.filter(pk=message.pk).update(
                due_at=Now() + timedelta(seconds=LEASE_SECONDS), failures=F("failures") + RETRIES
            )
    return message


def _post(message: Any) -> requests.Response:
    from tickets.services.delivery import as_request

    account, request = message.account, as_request(message)
    token = requests.post(
        account.token_url,
        data={"grant_type": "client_credentials", "scope": account.scope},
        auth=(account.client_id, account.secret),
        timeout=ANSWER_WITHIN,
    )
    headers = {
        "Authorization": f"Bearer {token.json()['access_token']}",
        "Content-Type": request.content_type,
    }
    with request.open() as body:
        return requests.post(
            account.api_url + account.create_path,
            data=body,
            headers=headers,
            timeout=ANSWER_WITHIN,  # type: ignore[arg-type]
        )


def _record(message: Any, tickets: Any) -> None:
    from django.db import transaction

    from portal.models import Message
    from portal.vendors.granite.wire import tickets_from_answer
    from tickets import mirror
    from tickets.models import Ticket

    places = {
        (one.location_name, one.location_number): one for one in message.locations.select_related("dispatch")
    }
    with transaction.atomic():
        for ticket in tickets_from_answer(tickets):
            location = places.pop((ticket.location_name, ticket.location_number), None)
            if ticket.id and location and not Ticket.objects.filter(location=location).exists():
                mirror.save_created(message, location, ticket)
        _move(message, Message, "done")


def _move(message: Any, model: Any, state: str) -> None:
    """Through the states the database insists on, in one go."""
    from datetime import timedelta

    from django.db import connection, transaction
    from django.db.models.functions import Now

    token = uuid.uuid4()
    found = model.objects.filter(pk=message.pk)
    with transaction.atomic():
        lease = {"lease_token": token, "lease_until": Now() + timedelta(seconds=LEASE_SECONDS)}
        if found.filter(state="queued").update(state="claimed", **lease):
            found.update(state="sending", send_deadline_at=Now() + timedelta(seconds=60))
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('portal.lease', %s, true)", [str(token)])
            found.update(state=state, settled_at=Now())


def _forget_connection() -> None:
    from django.db import connection

    connection.close()


if __name__ == "__main__":
    main()
