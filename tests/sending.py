"""Whether the test's own database may send: it may, unless a test is about that."""

import uuid

from django.db import connection
from django.utils import timezone

from portal.models import Arming
from portal.models.arming import this_place


def allow_sending() -> Arming:
    """As if somebody had armed this database a moment ago; a lineage of its own, for the disk is everybody's."""
    here = this_place()
    now = timezone.now()
    fields = vars(here) | {"key": uuid.uuid4(), "armed_at": now, "changed_at": now, "reason": "a test"}
    return Arming.objects.update_or_create(pk=Arming.ONLY, defaults=fields | {"lineage": uuid.uuid4()})[0]


def forget_sending() -> None:
    """As a fresh database is: never armed."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what waits for the commit forbids the rest
        cursor.execute("TRUNCATE portal_arming")
