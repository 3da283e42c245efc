"""How long it takes to recover: measured on the quiet, after the checks, and asserted nowhere."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.nemesis.run import Run


def measure(run: "Run") -> None:
    pass
