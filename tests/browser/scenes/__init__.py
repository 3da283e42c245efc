"""How each page of the portal comes about: who looks at it, at which address, and what happened before."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from portal.models import User, VendorAccount
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast


@dataclass(frozen=True)
class World:
    people: Cast
    box: Sandbox
    account: VendorAccount


@dataclass(frozen=True)
class Visit:
    """A page to look at. `act` is what the visitor does there first."""

    path: str
    by: User | None
    act: Callable[[Page], None] | None = None
    status: int = 200


Scene = Callable[[World], Visit]


class Scenes(dict[str, Scene]):
    """Scenes by name. Decorates the function that builds one."""

    def __call__(self, build: Scene) -> Scene:
        self[build.__name__.replace("_", "-")] = build
        return build
