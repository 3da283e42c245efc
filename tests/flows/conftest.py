"""The scene of every crash."""

from collections.abc import Iterator

import pytest

from portal.vendors.sandbox import Sandbox
from tests.cast import make_people
from tests.dispatching import sandbox_account
from tests.flows.crash_scene import Scene


@pytest.fixture(scope="module")
def module_box() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


@pytest.fixture
def scene(transactional_db: None, module_box: Sandbox) -> Scene:
    module_box.reset()
    module_box.limit = 100_000
    return Scene(module_box, make_people(), sandbox_account(module_box))
