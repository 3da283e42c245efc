"""A short run of the nemesis, with our workers and with naive ones. `make nemesis` makes long ones."""

import os
import subprocess
import sys

from portal.local.folder import PROJECT
from tests.services import STARTED

# Few strokes, and a deadline as short as it may be: an outcome is unknown 30 s beyond it.
SHORT = {
    "DISPATCHES": "20",
    "CLIENTS": "2",
    "FRESH": "4",
    "DEADLINE": "10",
    "PACE": "2",
    "STROKES": "6",
    "MEASURE": "0",
    "MINUTES": "5",
}


def nemesis(**options: str) -> "subprocess.CompletedProcess[str]":
    """A run in a process of its own, which brings its own servers and knows nothing of this suite's."""
    passed_on = ("PATH", "HOME", "LANG", "TMPDIR")
    env = {name: os.environ[name] for name in passed_on if name in os.environ} | SHORT | options
    assert STARTED not in env
    command = [sys.executable, "-m", "tests.nemesis"]
    return subprocess.run(command, env=env, cwd=PROJECT, capture_output=True, text=True, timeout=600)


def test_nothing_is_sent_twice_or_lost_while_everything_is_killed():
    run = nemesis()
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Nothing was found." in run.stdout
