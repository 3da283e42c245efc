from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """The one clock decisions go by; those of machines differ."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
