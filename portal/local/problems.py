"""What stops a local start, in words for the person at the terminal."""

from pathlib import Path

TAIL_LINES = 20


class CannotStart(Exception):
    """Shown as it is, without a traceback."""


class AskedToStop(Exception):
    """Ctrl-C or a termination signal arrived while something was still being started."""


def tail(log: Path, lines: int = TAIL_LINES) -> str:
    """The last lines of a log, indented, under its name."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 32_000))
            text = file.read().decode(errors="replace").splitlines()[-lines:]
    except OSError:
        text = []
    return "\n".join([f"The last lines of {log}:", *(f"    {line}" for line in text or ["(empty)"])])
