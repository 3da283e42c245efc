"""Beat twice, many workers at once, and one that dies in the middle: each occurrence is made exactly once."""

import os
import signal
import subprocess
import sys

import pytest

from portal.models import Message
from portal.vendors.sandbox import Sandbox
from tests.cast import make_people
from tests.dispatching import make_draft, sandbox_account, typed_row
from tests.flows.workers import database_url
from tests.portal.test_accounts import in_threads
from tests.tickets.repeating import at, make_recurrence
from tickets.models import Dispatch, Draft, Occurrence, Recurrence
from tickets.services.recurring import make_due

pytestmark = pytest.mark.django_db(transaction=True)
DIES = """
import sys, django
django.setup()
from datetime import datetime
from tests.flows import crashing
from tickets.services import occurrences
crashing.arm(sys.argv[1])
occurrences.make_due(datetime.fromisoformat(sys.argv[2]))
"""


@pytest.fixture
def recurrence(box: Sandbox) -> Recurrence:
    people = make_people()
    sandbox_account(box)
    draft = make_draft(people.alice, people.east, [typed_row(0, time_zone="America/New_York")])
    return make_recurrence(people.alice, draft, weekdays=[0, 1, 2, 3, 4], mode="submit", lead_days=5)


def test_eight_workers_at_once_make_each_occurrence_once(recurrence: Recurrence) -> None:
    made = in_threads(8, lambda: make_due(at(2)))
    make_due(at(2))  # what a worker left because another one was at it
    days = list(recurrence.occurrences.order_by("day").values_list("day", flat=True))
    assert [day.day for day in days] == [4, 5, 6, 7]
    assert sum(int(str(count)) for count in made) <= 4
    assert Dispatch.objects.count() == Message.objects.count() == 4
    assert Draft.objects.filter(occurrence=None).count() == 1  # the one it was set up from
    starts = {dispatch.locations.get().local_start.day for dispatch in Dispatch.objects.all()}
    assert starts == {4, 5, 6, 7}


@pytest.mark.parametrize(
    "point",
    [
        "after tickets.services.occurrences.begin",
        "after tickets.services.submitting.submit_draft",
        "commit tickets.services.occurrences._make_next",
    ],
)
def test_a_worker_that_dies_on_the_way_leaves_nothing_behind(recurrence: Recurrence, point: str) -> None:
    died = subprocess.run(
        [sys.executable, "-c", DIES, point, at(2).isoformat()],
        env=os.environ | {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "portal.settings"},
        timeout=120,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    assert (Occurrence.objects.count(), Dispatch.objects.count(), Message.objects.count()) == (0, 0, 0)
    assert make_due(at(2)) == 4
    assert Dispatch.objects.count() == Message.objects.count() == 4
