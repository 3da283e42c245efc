"""The outbox played at random: people, workers, deaths, late answers and the clock, in any order.

Hypothesis chooses the steps; after each of them the laws of `machine/laws.py` are held against the vendor's own log.
Here it plays a fixed few; `make machine` plays other ones, for as long as it is told to.
"""

import os
from typing import Any

import hypothesis
import pytest
from hypothesis.stateful import run_state_machine_as_test

from portal.models import VendorAccount
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast
from tests.dispatching import sandbox_account
from tests.flows.machine.persons import Persons
from tests.flows.machine.work import Work
from tests.flows.machine.worker import stops
from tests.flows.machine.world import PER_MINUTE, World

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "0"))  # 0: the fixed few
STEPS = int(os.environ.get("MACHINE_STEPS", "30"))


class Outbox(Work, Persons):
    """Everything that can happen to it."""


@pytest.fixture
def account(box: Sandbox, people: Cast, settings: Any) -> VendorAccount:
    settings.CLAIM_LEASE_SECONDS = 3600
    return sandbox_account(box, locations_per_message=2, requests_per_minute=PER_MINUTE)


def profile() -> hypothesis.settings:
    return hypothesis.settings(
        max_examples=EXAMPLES or 20,
        stateful_step_count=STEPS,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )


@pytest.mark.django_db
def test_nothing_that_can_happen_breaks_a_law(box: Sandbox, account: VendorAccount, people: Cast) -> None:
    with stops() as settled:
        run_state_machine_as_test(lambda: Outbox(World(box, account, people, settled)), settings=profile())
