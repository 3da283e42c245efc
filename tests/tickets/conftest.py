"""A vendor sandbox for every test here that wants one, over a real socket."""

import pytest

from portal.models import VendorAccount
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast
from tests.dispatching import sandbox_account


@pytest.fixture
def account(box: Sandbox, people: Cast) -> VendorAccount:
    return sandbox_account(box)
