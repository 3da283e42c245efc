"""A vendor sandbox for every test here that wants one, over a real socket."""

from collections.abc import Iterator

import pytest

from portal.models import VendorAccount
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast
from tests.dispatching import sandbox_account


@pytest.fixture(scope="session")
def running_box() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


@pytest.fixture
def box(running_box: Sandbox) -> Sandbox:
    running_box.reset()
    running_box.limit = 100_000
    return running_box


@pytest.fixture
def account(box: Sandbox, people: Cast) -> VendorAccount:
    return sandbox_account(box)
