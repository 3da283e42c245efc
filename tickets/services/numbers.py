"""The numbers of dispatches and cases, after the database was set back."""

import re

from django.db import connection

from portal.models import ForgottenSend

# The beginning of a reference, and the table whose keys are its numbers.
NUMBERED = {
    re.compile(r"DSP-(\d{1,15})-"): "tickets_draft",
    re.compile(r"CAS-(\d{1,15})(?:-|$)"): "tickets_case",
}


def skip_forgotten() -> None:
    """Nothing new takes a number under which something forgotten was sent: its reference is what we search for."""
    references = list(ForgottenSend.objects.values_list("reference", flat=True))
    for number, table in NUMBERED.items():
        highest = max((int(found[1]) for one in references if (found := number.match(one))), default=0)
        if highest:
            _begin_after(highest, table)


def _begin_after(highest: int, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(name, greatest(nextval(name), %s)) "
            "FROM (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS name) AS sequence",
            [highest, table],
        )
