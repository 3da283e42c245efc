"""What is switched on for a GTT account, and in which zone GTT's zoneless times are read."""

from django.db import migrations, models

import portal.models.accounts


class Migration(migrations.Migration):
    dependencies = [("portal", "0006_no_truncate")]
    operations = [
        migrations.AddField(
            model_name="vendoraccount",
            name="operations",
            field=models.JSONField(
                blank=True,
                db_default=[],
                default=list,
                help_text="GTT only. GTT names these but has not confirmed how they work.",
                verbose_name="switched on",
            ),
        ),
        migrations.AddField(
            model_name="vendoraccount",
            name="assumed_zone",
            field=models.CharField(
                db_default="UTC",
                default="UTC",
                help_text="GTT only: the time zone of times that GTT gives without one.",
                max_length=60,
                validators=[portal.models.accounts.check_zone],
            ),
        ),
    ]
