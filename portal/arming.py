"""Whether anything may leave this machine for a vendor: asked by all who would send, poll, probe or fetch a token.

Sending is armed by a person, or once by `bootstrap` in a fresh database, and holds for one place: this server, this
database, this timeline, this portal's address. A copy or a restored backup finds itself elsewhere and sends nothing.
One that was set back in place finds that this machine's log of what it sent is ahead of it.
"""

import logging
import uuid
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.db.models.functions import Now

from portal import audit, sentlog
from portal.models import Arming, Attempt, Message, User, VendorAccount
from portal.models.arming import this_place
from portal.problems import Problem

log = logging.getLogger(__name__)
SET_BACK = (
    "This database was set back to an earlier state. Nothing is sent until an administrator has looked."
)
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def why_not() -> str:
    """A sentence on why nothing may leave; "" if it may. Always fresh: one or two small queries."""
    return Arming.why_not() or (SET_BACK if _is_set_back() else "")


def sends() -> bool:
    return not why_not()


def row() -> Arming | None:
    return Arming.objects.select_related("changed_by").first()


def armed() -> Arming | None:
    """The row that allows sending, if it does."""
    return None if why_not() else Arming.objects.first()


def may_be_allowed() -> bool:
    """Whether a person could allow sending here: not where the machine itself forbids it."""
    return bool(settings.OUTBOUND)


def hold_still() -> bool:
    """As `sends`, and until the caller's transaction ends nobody stops sending: whoever stops it waits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM portal_arming FOR SHARE")
    return sends()


def is_at_home() -> bool:
    """Whether this database is the one that was armed, be sending on or off."""
    row = Arming.objects.first()
    return row is not None and row.place == this_place()


def _is_set_back() -> bool:
    # The log first: what it names was committed before it was logged, so the database must know it by now.
    row = Arming.objects.exclude(armed_at=None).first()
    if row is None or row.armed_at is None:
        return False
    told, lineage = sentlog.look(), str(row.lineage)
    if lineage in told.last_armed and told.last_armed[lineage] > row.armed_at:
        return True
    logged = told.last_attempt.get((lineage, str(row.key)), 0)
    return logged > (Attempt.objects.aggregate(last=Max("pk"))["last"] or 0)


@transaction.atomic
def arm(*, by: User, reason: str) -> None:
    """Allow sending from here, whatever was before. What a log says was sent stays held all the same."""
    if not settings.OUTBOUND:
        raise Problem("This portal is set up never to send (OUTBOUND=off). Whoever runs it can change that.")
    _arm(by, _reason(reason, "Say why sending may begin."))


@transaction.atomic
def disarm(*, by: User | None, reason: str) -> None:
    """Stop everything: once this returns, no request that has not begun will."""
    reason = _reason(reason, "Say why, so that the others know.")
    row = _locked()
    row.key = row.armed_at = None
    row.changed_by, row.changed_at, row.reason = by, _now(), reason
    row.save()
    audit.record(by, "sending.stopped", row, reason=reason)


@transaction.atomic
def arm_if_fresh() -> bool:
    """Arm a database from which nothing can have been sent yet: never armed, and nothing promised.

    The demo's is armed once with promises in it, too, as long as every vendor is on this machine.
    """
    row = _locked()
    is_fresh = not Message.objects.exists() or (settings.DEMO and _all_vendors_are_here())
    if row.changed_at is not None or not is_fresh:
        return False
    _arm(None, "set up")
    return True


def notice_setback() -> None:
    """Tell all machines what this one's log knows: stop sending in the database itself."""
    if not Arming.why_not() and _is_set_back():
        machine = sentlog.machine_name()
        disarm(
            by=None,
            reason=f"this database was set back to an earlier state; {machine} sent more than it knows",
        )
        log.error("%s", SET_BACK)


def _arm(by: User | None, reason: str) -> None:
    here = this_place()
    if here.timeline is None:
        raise Problem("This database only follows another one (a standby), so nothing can be sent from it.")
    row = _locked()
    before = row.place
    row.system_identifier, row.timeline = here.system_identifier, here.timeline
    row.database_oid, row.database_name, row.host = here.database_oid, here.database_name, here.host
    row.key, row.armed_at = uuid.uuid4(), _now()
    row.changed_by, row.changed_at, row.reason = by, row.armed_at, reason
    row.save()
    audit.record(by, "sending.allowed", row, reason=reason, here=vars(here), before=before and vars(before))


def _locked() -> Arming:
    Arming.objects.get_or_create(pk=Arming.ONLY)
    return Arming.objects.select_for_update().get(pk=Arming.ONLY)


def _now() -> datetime:
    found: datetime = Arming.objects.values_list(Now(), flat=True)[0]
    return found


def _reason(reason: str, missing: str) -> str:
    if not reason.strip():
        raise Problem(missing)
    return reason.strip()[:300]


def _all_vendors_are_here() -> bool:
    urls = VendorAccount.objects.values_list("api_url", "token_url")
    return all(urlsplit(url).hostname in LOOPBACK for pair in urls for url in pair)
