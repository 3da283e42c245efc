"""The numbers of dispatches, after the database was set back."""

import re

from django.db import connection

from portal.models import ForgottenSend

NUMBER = re.compile(r"DSP-(\d{1,15})-")


def skip_forgotten() -> None:
    """No new dispatch takes a number under which a forgotten one was sent: its reference is what we search for."""
    references = ForgottenSend.objects.values_list("reference", flat=True)
    highest = max((int(found[1]) for one in references if (found := NUMBER.match(one))), default=0)
    if highest:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT setval(name, greatest(nextval(name), %s)) "
                "FROM (SELECT pg_get_serial_sequence('tickets_draft', 'id')::regclass AS name) AS sequence",
                [highest],
            )
