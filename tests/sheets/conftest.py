"""A vendor account without a vendor: beginning a dispatch speaks to nobody."""

import pytest

from portal.models import VendorAccount
from tests.cast import Cast
from tests.portal.outbox_parts import make_account


@pytest.fixture
def plain_account(people: Cast) -> VendorAccount:
    return make_account()
