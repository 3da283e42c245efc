"""A worker that dies at one named point: `python -m tests.flows.crashing "after portal.outbox.claims.claim"`.

It does what the watchman of every worker does, once, with the production's own code; only the named function is
wrapped, from outside, and at the point the process kills itself as a power cut would. Points are written

    before NAME    when it is called          after NAME    when it has returned
    commit NAME    when the first transaction begun in it is about to be committed
    second NAME    when it is called for the second time

and may end with `in NAME`: then only the first call of that other function counts, not whatever came before it. It ends with 0 if the point was never reached.
"""

import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import django

PIECE = 64


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def find(name: str) -> tuple[Any, str]:
    """The module or class that holds a function, and what it is called there."""
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            owner: Any = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:-1]:
            owner = getattr(owner, part)
        getattr(owner, parts[-1])
        return owner, parts[-1]
    raise LookupError(name)


def arm(point: str) -> None:
    point, _, outer = point.partition(" in ")
    if outer:
        owner, attribute = find(outer)
        setattr(owner, attribute, armed_inside(getattr(owner, attribute), point))
        return
    when, name = point.split(" ", 1)
    owner, attribute = find(name)
    setattr(owner, attribute, WRAPPERS[when](getattr(owner, attribute)))


def armed_inside(function: Callable[..., Any], point: str) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        arm(point)
        return function(*args, **kwargs)

    return wrapped


def before(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: die()


def after(function: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        function(*args, **kwargs)
        die()

    return wrapped


def second(function: Callable[..., Any]) -> Callable[..., Any]:
    calls = 0

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        return die() if calls == 2 else function(*args, **kwargs)

    return wrapped


def commit(function: Callable[..., Any]) -> Callable[..., Any]:
    from django.db.backends.base.base import BaseDatabaseWrapper

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        BaseDatabaseWrapper.commit = lambda self: die()  # type: ignore[method-assign]
        return function(*args, **kwargs)

    return wrapped


WRAPPERS = {"before": before, "after": after, "second": second, "commit": commit}


def send_in_pieces() -> None:
    """A body of any size leaves in several writes, so that there is a middle to die in."""
    from portal.vendors.multipart import MultipartBody

    whole = MultipartBody.read
    MultipartBody.read = lambda self, size=-1: whole(self, PIECE)  # type: ignore[method-assign]


if __name__ == "__main__":
    django.setup()
    from portal import watchman

    send_in_pieces()
    arm(sys.argv[1])
    watchman.look_once()
