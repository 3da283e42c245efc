import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0009_held_for_a_conflict"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha256", models.CharField(max_length=64, unique=True)),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                ("valid_until", models.DateTimeField(blank=True, help_text="empty: for good", null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="webhook_tokens",
                        to="portal.vendoraccount",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("action", models.CharField(help_text="GTT's word: create, update", max_length=40)),
                (
                    "name",
                    models.CharField(help_text="unique at GTT, e.g. case-v1alpha-create", max_length=100),
                ),
                (
                    "was_in_doubt",
                    models.BooleanField(
                        default=False,
                        help_text="asked for before without an answer: that its name is taken proves it stands",
                    ),
                ),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                ("test_wanted_at", models.DateTimeField(blank=True, null=True)),
                ("test_result", models.CharField(blank=True, max_length=300)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscriptions",
                        to="portal.vendoraccount",
                    ),
                ),
                (
                    "message",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscription",
                        to="portal.message",
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="successor",
                        to="portal.subscription",
                    ),
                ),
                (
                    "token",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscription",
                        to="portal.webhooktoken",
                    ),
                ),
            ],
            options={
                "ordering": ["account", "action", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "name"), name="one_subscription_per_name")
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("method", models.CharField(max_length=10)),
                ("content_type", models.CharField(blank=True, max_length=200)),
                ("headers", models.JSONField(default=dict, help_text="without credentials")),
                ("body", models.BinaryField(help_text="as it came")),
                ("received_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("processed", "Heeded"),
                            ("unreadable", "Unreadable"),
                            ("ignored", "Nothing to do"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                (
                    "due_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        help_text="when it is looked at next, while it waits",
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                (
                    "problem",
                    models.CharField(blank=True, help_text="why it could not be heeded yet", max_length=500),
                ),
                ("processed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(blank=True, help_text="a sentence on what came of it", max_length=1000),
                ),
                (
                    "object_key",
                    models.CharField(blank=True, help_text="what it tells of: CS0074187", max_length=200),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="portal.vendoraccount",
                    ),
                ),
                (
                    "token",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="portal.webhooktoken",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["due_at", "id"],
                        name="deliveries_to_heed",
                    ),
                    models.Index(fields=["account", "-id"], name="deliveries_of_account"),
                    models.Index(fields=["token", "-id"], name="deliveries_at_address"),
                    models.Index(fields=["object_key"], name="deliveries_by_object"),
                ],
            },
        ),
    ]
