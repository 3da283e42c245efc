import json
import uuid
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL

from portal import logs

# Anybody may ask for these. The timeline is taken from the name of the present write-ahead segment, because the
# control file learns of a new one only at the checkpoint after the restore. A standby has none: nothing is sent there.
HERE = """
    SELECT jsonb_build_array(c.system_identifier, d.oid::bigint, d.datname, CASE WHEN pg_is_in_recovery() THEN NULL
        ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint END)
    FROM pg_control_system() c, pg_database d WHERE d.datname = current_database()
"""


# By request id, for pages alone; whoever sends asks afresh.
_said: ContextVar[tuple[str, str]] = ContextVar("why_nothing_is_sent", default=("", ""))


@dataclass(frozen=True)
class Place:
    """What tells this database, on this server, for this portal, from every copy of it."""

    system_identifier: int
    database_oid: int
    database_name: str
    timeline: int | None
    host: str


def this_place() -> Place:
    with connection.cursor() as cursor:
        cursor.execute(HERE)
        return _place(json.loads(cursor.fetchone()[0]))


def _place(found: Any) -> Place:
    system, oid, name, timeline = found
    return Place(system, oid, name, timeline, urlsplit(settings.PUBLIC_URL).hostname or "")


class Arming(models.Model):
    """Where sending was last allowed, by whom and why: one row, which every copy of the database carries along.

    It names the place it was armed in, so a copy elsewhere finds that it is not meant. Written by `portal.arming`
    alone.
    """

    ONLY = 1

    id = models.SmallIntegerField(primary_key=True, default=ONLY)
    lineage = models.UUIDField(default=uuid.uuid4, help_text="the same in every copy and every backup")
    key = models.UUIDField(null=True, blank=True, help_text="a new one each time somebody arms")
    armed_at = models.DateTimeField(null=True, blank=True, help_text="empty while nothing may be sent")
    system_identifier = models.BigIntegerField(null=True, blank=True)
    timeline = models.BigIntegerField(null=True, blank=True)
    database_oid = models.BigIntegerField(null=True, blank=True)
    database_name = models.CharField(max_length=63, blank=True)
    host = models.CharField(max_length=253, blank=True, help_text="of the address people use")
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    changed_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        default_permissions = ()
        permissions = [("rearm_outbound", "May stop all sending and allow it again")]
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_arming"),
            models.CheckConstraint(
                condition=Q(armed_at__isnull=True, key__isnull=True)
                | Q(
                    armed_at__isnull=False,
                    key__isnull=False,
                    system_identifier__isnull=False,
                    timeline__isnull=False,
                    database_oid__isnull=False,
                    changed_at__isnull=False,
                ),
                name="armed_names_its_place",
            ),
        ]

    def __str__(self) -> str:
        return "Sending"

    @property
    def place(self) -> Place | None:
        """Where it was armed last; None if it never was."""
        if self.system_identifier is None or self.database_oid is None:
            return None
        return Place(self.system_identifier, self.database_oid, self.database_name, self.timeline, self.host)

    @classmethod
    def why_not_on_page(cls) -> str:
        """As `why_not`, asked once for each request: the frame and every account on the page say the same."""
        request = logs.request_id.get()
        if not request:
            return cls.why_not()
        if _said.get()[0] != request:
            _said.set((request, cls.why_not()))
        return _said.get()[1]

    @classmethod
    def why_not(cls) -> str:
        """A sentence on why nothing is sent from here, whatever the account; "" while sending is allowed."""
        if not settings.OUTBOUND:
            return "Nothing is sent from here: sending is switched off for this portal."
        here = RawSQL(f"({HERE})", (), output_field=models.JSONField())  # noqa: S611  no value is in it
        arming: Any = cls.objects.select_related("changed_by").annotate(here=here).first()
        if arming is None or (arming.armed_at is None and arming.changed_at is None):
            return "Nothing is sent yet: an administrator has to allow it once."
        if arming.place != _place(arming.here):
            return "This is a copy. Nothing is sent from it."
        if arming.armed_at is None:
            by = f" by {arming.changed_by.name}" if arming.changed_by else ""
            return f"All sending was stopped{by}: {arming.reason.rstrip('.')}."
        return ""


class ForgottenSend(models.Model):
    """A request that a machine's log says it sent, and that this database does not know: it was set back since.

    The message, if the database has it, is not sent again until one person has looked at the vendor and another one
    has agreed. Written by `portal.outbox.forgotten` alone.
    """

    correlation_id = models.UUIDField(unique=True)
    reference = models.CharField(max_length=40)
    payload_hash = models.CharField(max_length=64, db_index=True, help_text="which message it was")
    account_name = models.CharField(max_length=120, blank=True)
    weight = models.PositiveSmallIntegerField(default=1)
    sent_at = models.DateTimeField()
    machine = models.CharField(max_length=100)
    outcome = models.CharField(max_length=20, blank=True, help_text="empty: no answer was noted")
    ids: Any = models.JSONField(default=list, blank=True, help_text="what the vendor called what it made")
    reported_at = models.DateTimeField(auto_now_add=True)
    looked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    looked_at = models.DateTimeField(null=True, blank=True)
    looked_note = models.CharField(max_length=300, blank=True, help_text="where, and what was there")
    cleared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    cleared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ["sent_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(looked_by__isnull=True, looked_at__isnull=True)
                | (Q(looked_by__isnull=False, looked_at__isnull=False) & ~Q(looked_note="")),
                name="who_looked_says_where",
            ),
            # Sending again what may have been sent takes two people.
            models.CheckConstraint(
                condition=Q(cleared_by__isnull=True, cleared_at__isnull=True)
                | (
                    Q(cleared_at__isnull=False, looked_by__isnull=False, cleared_by__isnull=False)
                    & ~Q(cleared_by=F("looked_by"))
                ),
                name="sent_again_by_two_people",
            ),
        ]

    def __str__(self) -> str:
        return self.reference
