"""What a vendor answered, kept on this machine's disk until the database has it.

Between the answer and the commit lies a moment in which the database may go away. An answer lost there would leave
technicians in doubt for no reason. So it is written and synced first, forgotten after the commit, and whatever is
left is settled by the watchman of this machine.
"""

import base64
import contextlib
import json
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from portal.models import Attempt
from portal.vendors import errors
from portal.vendors.errors import Exchange, FieldProblem, VendorError

log = logging.getLogger(__name__)
# Younger ones are most likely just being settled by whoever wrote them.
OLD_ENOUGH_SECONDS = 5
BY_NAME = {kind.__name__: kind for kind in VendorError.__subclasses__()}
Entry = dict[str, Any]
_told: set[Path] = set()


def keep(
    reference: str, attempt: Attempt, *, exchange: Exchange | None, error: VendorError | None = None
) -> None:
    """Write down and sync how an attempt ended, asking the database nothing.

    A disk that refuses must not stop the settling itself.
    """
    entry = {
        "correlation_id": str(attempt.correlation_id),
        "reference": reference,
        "exchange": _exchange_to_json(exchange),
        "error": _error_to_json(error),
    }
    try:
        _write(_path(attempt), json.dumps(entry))
    except OSError:
        log.exception("%s: its answer could not be journalled", reference)


def forget(attempt: Attempt) -> None:
    """The database has it."""
    with contextlib.suppress(OSError):  # it was never written, or is cleared away when it is met again
        _path(attempt).unlink()


def left() -> Iterator[tuple[Attempt, Exchange | None, VendorError | None]]:
    """Ends of attempts that never reached the database, oldest first; those that did are cleared away."""
    for path in sorted(settings.JOURNAL_ROOT.glob("*.json")):
        if time.time() - path.stat().st_mtime < OLD_ENOUGH_SECONDS:
            continue
        entry = _read(path)
        if entry is None:
            continue
        found = Attempt.objects.filter(correlation_id=entry["correlation_id"])
        attempt = found.select_related("message__account").first()
        if attempt is None:
            # Of another database, or of one that was set back: kept for whoever compares the two.
            if path not in _told:
                log.error("The journal knows an attempt at %s that the database does not", entry["reference"])
                _told.add(path)
        elif attempt.finished_at is not None:
            path.unlink(missing_ok=True)
        else:
            yield attempt, _exchange_from_json(entry["exchange"]), _error_from_json(entry)


def _path(attempt: Attempt) -> Path:
    return Path(settings.JOURNAL_ROOT) / f"{attempt.started_at:%Y%m%dT%H%M%S}-{attempt.correlation_id}.json"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = path.with_suffix(".half-written")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> Entry | None:
    try:
        entry: Entry = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        log.exception("The journal's %s cannot be read", path.name)
        return None
    return entry


def _exchange_to_json(exchange: Exchange | None) -> Entry | None:
    if exchange is None:
        return None
    body = base64.b64encode(exchange.response_body).decode()
    return asdict(exchange) | {"response_body": body, "started_at": exchange.started_at.isoformat()}


def _exchange_from_json(entry: Entry | None) -> Exchange | None:
    if entry is None:
        return None
    body = base64.b64decode(entry["response_body"])
    return Exchange(
        **entry | {"response_body": body, "started_at": datetime.fromisoformat(entry["started_at"])}
    )


def _error_to_json(error: VendorError | None) -> Entry | None:
    if error is None:
        return None
    more = {
        name: value for name, value in vars(error).items() if name not in ("message", "exchange", "problems")
    }
    problems = [asdict(problem) for problem in getattr(error, "problems", [])]
    return {"kind": type(error).__name__, "message": error.message, "problems": problems, "more": more}


def _error_from_json(entry: Entry) -> VendorError | None:
    if (told := entry["error"]) is None:
        return None
    more = dict(told["more"])
    if told["problems"]:
        more["problems"] = [FieldProblem(**problem) for problem in told["problems"]]
    kind = BY_NAME.get(told["kind"], errors.OutcomeUnknown)
    return kind(told["message"], _exchange_from_json(entry["exchange"]), **more)
