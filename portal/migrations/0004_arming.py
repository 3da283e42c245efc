"""Where sending was allowed, and what was sent that the database forgot; neither is ever deleted."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


GUARDS = """
CREATE TRIGGER portal_arming_stays BEFORE DELETE ON portal_arming
    FOR EACH ROW EXECUTE FUNCTION portal_refuse();
CREATE TRIGGER portal_forgotten_sends_stay BEFORE DELETE ON portal_forgottensend
    FOR EACH ROW EXECUTE FUNCTION portal_refuse();
"""
UNDO = """
DROP TRIGGER portal_arming_stays ON portal_arming;
DROP TRIGGER portal_forgotten_sends_stay ON portal_forgottensend;
"""


def begin_a_lineage(apps, schema_editor):
    """Unarmed: `bootstrap` arms where nothing was promised yet, everywhere else a person does, once."""
    apps.get_model("portal", "Arming").objects.create(id=1)


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0003_breaker"),
    ]

    operations = [
        migrations.AlterField(
            model_name="message",
            name="held_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("credential", "the vendor refuses our credentials"),
                    ("permission", "the vendor says this account may not do that"),
                    ("path", "the vendor does not know the address we call"),
                    ("redirect", "the vendor redirects the call, which we never follow"),
                    ("file", "a file is missing or was changed"),
                    ("payload", "the frozen message was changed"),
                    ("secret", "the stored secret cannot be read"),
                    ("sent before", "a machine's log says that it was sent before"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="Arming",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                (
                    "lineage",
                    models.UUIDField(default=uuid.uuid4, help_text="the same in every copy and every backup"),
                ),
                (
                    "key",
                    models.UUIDField(blank=True, help_text="a new one each time somebody arms", null=True),
                ),
                (
                    "armed_at",
                    models.DateTimeField(blank=True, help_text="empty while nothing may be sent", null=True),
                ),
                ("system_identifier", models.BigIntegerField(blank=True, null=True)),
                ("timeline", models.BigIntegerField(blank=True, null=True)),
                ("database_oid", models.BigIntegerField(blank=True, null=True)),
                ("database_name", models.CharField(blank=True, max_length=63)),
                ("host", models.CharField(blank=True, help_text="of the address people use", max_length=253)),
                ("changed_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                (
                    "changed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "permissions": [("rearm_outbound", "May stop all sending and allow it again")],
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="one_arming"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("armed_at__isnull", True), ("key__isnull", True)),
                            models.Q(
                                ("armed_at__isnull", False),
                                ("changed_at__isnull", False),
                                ("database_oid__isnull", False),
                                ("key__isnull", False),
                                ("system_identifier__isnull", False),
                                ("timeline__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="armed_names_its_place",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ForgottenSend",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("correlation_id", models.UUIDField(unique=True)),
                ("reference", models.CharField(max_length=40)),
                (
                    "payload_hash",
                    models.CharField(db_index=True, help_text="which message it was", max_length=64),
                ),
                ("account_name", models.CharField(blank=True, max_length=120)),
                ("weight", models.PositiveSmallIntegerField(default=1)),
                ("sent_at", models.DateTimeField()),
                ("machine", models.CharField(max_length=100)),
                (
                    "outcome",
                    models.CharField(blank=True, help_text="empty: no answer was noted", max_length=20),
                ),
                (
                    "ids",
                    models.JSONField(
                        blank=True, default=list, help_text="what the vendor called what it made"
                    ),
                ),
                ("reported_at", models.DateTimeField(auto_now_add=True)),
                ("looked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "looked_note",
                    models.CharField(blank=True, help_text="where, and what was there", max_length=300),
                ),
                ("cleared_at", models.DateTimeField(blank=True, null=True)),
                (
                    "cleared_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "looked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["sent_at", "id"],
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("looked_at__isnull", True), ("looked_by__isnull", True)),
                            models.Q(
                                ("looked_at__isnull", False),
                                ("looked_by__isnull", False),
                                models.Q(("looked_note", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="who_looked_says_where",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cleared_at__isnull", True), ("cleared_by__isnull", True)),
                            models.Q(
                                ("cleared_at__isnull", False),
                                ("cleared_by__isnull", False),
                                ("looked_by__isnull", False),
                                models.Q(("cleared_by", models.F("looked_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="sent_again_by_two_people",
                    ),
                ],
            },
        ),
        migrations.RunPython(begin_a_lineage, migrations.RunPython.noop),
        migrations.RunSQL(GUARDS, UNDO),
    ]
