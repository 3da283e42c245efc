"""`make stop` and `make clean`: end the portal of this folder from another terminal, and forget its data."""

import contextlib
import os
import shutil
import signal
import time

from portal.local.folder import Folder
from portal.local.lock import find_running, hold
from portal.local.postgres_binaries import ROOTS_FOLDER
from portal.local.problems import CannotStart
from portal.local.processes import end_orphans
from portal.local.start import STOP_GRACE


def stop(folder: Folder, patience: float = STOP_GRACE + 60) -> bool:
    """Whether something was running. Raises CannotStart when it does not end."""
    give_up_at = time.monotonic() + patience
    was_running = False
    while running := find_running(folder):
        if not was_running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(running.pid, signal.SIGTERM)
        was_running = True
        if time.monotonic() > give_up_at:
            raise CannotStart(f"Process {running.pid} does not stop.")
        time.sleep(0.2)
    return was_running


def clean(folder: Folder) -> None:
    """Delete the data of a portal that does not run. Raises AlreadyRunning if it does."""
    with hold(folder):
        end_orphans(folder)
        shutil.rmtree(ROOTS_FOLDER / f"data-{folder.key}", ignore_errors=True)
        shutil.rmtree(folder.path)
