"""What vendors tell us unasked: kept first, understood later, by whoever knows what it means.

The receiving side parses nothing and needs nothing but the database; `heed_next` hands one delivery after the other
to the package above.
"""

import hashlib
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from portal import audit, bell
from portal.masking import SECRET_HEADERS
from portal.models import Delivery, User, VendorAccount, WebhookToken
from portal.problems import Problem

log = logging.getLogger(__name__)
LONGEST_BODY = 256 * 1024
# A delivery that the portal makes to itself, to see whether its address can be reached.
TEST_HEADER, TEST_KIND = "X-Portal-Test", "portal-test"
MOST_HEADERS, LONGEST_HEADER = 60, 500
LOOKED_AT_AGAIN = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)
SECRET_BYTES = 32


@dataclass(frozen=True)
class Heard:
    """What came of a delivery. A `wait` means: not yet, look again that much later."""

    state: str
    outcome: str
    object_key: str = ""
    wait: timedelta | None = None


def new_token(account: VendorAccount) -> tuple[WebhookToken, str]:
    """A new secret address and its secret, which nobody can read out of the row."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    return WebhookToken.objects.create(account=account, sha256=_hash(secret)), secret


def token_of(secret: str) -> WebhookToken | None:
    """The address this secret belongs to.

    Compared are hashes, by an index: how long that takes says nothing of how much of a guess was right.
    """
    return WebhookToken.valid().filter(sha256=_hash(secret)).first()


def keep(
    token: WebhookToken, *, method: str, content_type: str, headers: Mapping[str, str], body: bytes
) -> Delivery:
    """Write a delivery down for good. Once this has returned it may be acknowledged."""
    with transaction.atomic(durable=True):
        delivery = Delivery.objects.create(
            account_id=token.account_id,
            token=token,
            method=method[:10],
            content_type=_fit(content_type, 200),
            headers=_without_credentials(headers),
            body=body,
        )
        bell.ring_after_commit(settings.HEEDING_TASK)
    return delivery


def heed_next(judge: Callable[[Delivery], Heard]) -> bool:
    """Have the delivery judged that is due longest, in one transaction. False where none is due.

    One that makes the judge stumble is kept and tried again, less and less often: it may be our mistake.
    """
    with transaction.atomic(durable=True):
        due = Delivery.objects.filter(state=Delivery.State.WAITING, due_at__lte=Now())
        delivery = (
            due.select_for_update(skip_locked=True, of=("self",))
            .select_related("account")
            .order_by("due_at", "pk")
            .first()
        )
        if delivery is None:
            return False
        try:
            with transaction.atomic():
                heard = judge(delivery)
        except Exception as error:
            log.exception("Delivery %s could not be heeded", delivery.pk)
            wait = min(LOOKED_AT_AGAIN * 2 ** min(delivery.tries, 10), LONGEST_PAUSE)
            _write(delivery, Heard(Delivery.State.WAITING, "", "", wait), problem=repr(error))
        else:
            _write(delivery, heard)
    return True


def process_again(delivery: Delivery, *, by: User) -> None:
    """Heed a delivery once more, as if it had just come. That is harmless: it is a hint and no order."""
    with transaction.atomic():
        changed = (
            Delivery.objects.filter(pk=delivery.pk)
            .exclude(state=Delivery.State.WAITING)
            .update(state=Delivery.State.WAITING, due_at=Now(), tries=0, problem="")
        )
        if not changed:
            raise Problem("It waits already; a worker looks at it within seconds.")
        audit.record(by, "delivery.again", delivery)
        bell.ring_after_commit(settings.HEEDING_TASK)


def _write(delivery: Delivery, heard: Heard, problem: str = "") -> None:
    changes = {
        "state": heard.state,
        "outcome": _fit(heard.outcome, 1000),
        "object_key": _fit(heard.object_key, 200) or delivery.object_key,
        "tries": min(delivery.tries + 1, 30_000),
        "problem": _fit(problem, 500),
    }
    if heard.wait is not None:
        changes["due_at"] = Now() + heard.wait
    else:
        changes["processed_at"] = Now()
    Delivery.objects.filter(pk=delivery.pk).update(**changes)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _without_credentials(headers: Mapping[str, str]) -> dict[str, str]:
    shown = list(headers.items())[:MOST_HEADERS]
    return {
        _fit(name, 100): _fit(value, LONGEST_HEADER)
        for name, value in shown
        if name.lower() not in SECRET_HEADERS
    }


def _fit(text: str, longest: int) -> str:
    """As PostgreSQL takes it: no NUL, no halves of characters."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()[:longest]
