"""What was promised, tried and said cannot be emptied in one stroke either."""

from django.db import migrations

TABLES = ("portal_message", "portal_attempt", "portal_messagetransition", "portal_resolution")
GUARD = """
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION portal_refuse();
"""
UNDO = "DROP TRIGGER {table}_no_truncate ON {table};"


class Migration(migrations.Migration):
    dependencies = [("portal", "0005_resolutions")]
    operations = [
        migrations.RunSQL(
            "".join(GUARD.format(table=table) for table in TABLES),
            "".join(UNDO.format(table=table) for table in TABLES),
        )
    ]
