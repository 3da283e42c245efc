"""Granite's rule that a visit starts and ends on one calendar day, at the site's own clock."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial")]
    operations = [
        migrations.RunSQL(
            """ALTER TABLE tickets_location ADD CONSTRAINT location_starts_and_ends_the_same_day CHECK (
                (starts_at AT TIME ZONE time_zone)::date = (ends_at AT TIME ZONE time_zone)::date)""",
            "ALTER TABLE tickets_location DROP CONSTRAINT location_starts_and_ends_the_same_day",
        )
    ]
