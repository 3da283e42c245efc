"""Faults that any vendor can show, and the list of those armed for the next calls.

A fault either answers *instead* of the vendor (nothing is created) or spoils the answer *after* the vendor has done
everything. Which of the two it is decides whether technicians drive, so every fault says it in its sentence.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from portal.vendors.sandbox.message import Answer, Request, html

MAINTENANCE = (
    "<!doctype html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
)
SIGN_IN = (
    "<!doctype html><html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>"
)


@dataclass
class Armed:
    """A fault waiting for its call."""

    name: str
    on: str
    left: int
    args: dict[str, Any] = field(default_factory=dict)


@dataclass
class Kind:
    """What a fault is. Exactly one of `instead` and `after` is set."""

    name: str
    sentence: str
    instead: Callable[[Request, dict[str, Any]], Answer] | None = None
    after: Callable[[Answer, dict[str, Any]], Answer] | None = None
    args: tuple[str, ...] = ()


class FaultBoard:
    """The armed faults, first armed first served. The caller holds the sandbox's lock."""

    def __init__(self, kinds: list[Kind], operations: list[str]) -> None:
        self.kinds = {kind.name: kind for kind in kinds}
        self.operations = operations
        self.armed: list[Armed] = []

    def arm(self, name: str, times: int, on: str, args: dict[str, Any]) -> None:
        """Raises ValueError for a fault, operation or argument nobody knows."""
        kind = self.kinds.get(name)
        if kind is None:
            raise ValueError(f"There is no fault {name!r}. There are: {', '.join(self.kinds)}.")
        if on not in (*self.operations, "any"):
            raise ValueError(f"There is no operation {on!r}. There are: {', '.join(self.operations)}, any.")
        if unknown := set(args) - set(kind.args):
            raise ValueError(f"The fault {name!r} does not take {', '.join(sorted(unknown))}.")
        if times < 1:
            raise ValueError("A fault happens at least once.")
        self.armed.append(Armed(name, on, times, args))

    def take(self, operation: str) -> Armed | None:
        """The fault for this call, used up by it."""
        for armed in self.armed:
            if armed.on in (operation, "any"):
                armed.left -= 1
                if not armed.left:
                    self.armed.remove(armed)
                return armed
        return None

    def give_back(self, armed: Armed) -> None:
        """The call was refused before the fault could happen: it waits for the next one."""
        armed.left += 1
        if armed not in self.armed:
            self.armed.insert(0, armed)


def refusal(status: int, text: str) -> Callable[[Request, dict[str, Any]], Answer]:
    return lambda request, args: Answer(status, {"detail": text}, problem=text)


def too_many(request: Request, args: dict[str, Any]) -> Answer:
    wait = args.get("retry_after")
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return Answer(429, {"detail": "Rate limit exceeded."}, headers=headers, problem="Rate limit exceeded.")


def redirect(request: Request, args: dict[str, Any]) -> Answer:
    target = f"http://{request.headers.get('host', '127.0.0.1')}{request.path}"
    return Answer(307, None, headers={"Location": target}, problem="Redirected to itself.")


def reset_before(request: Request, args: dict[str, Any]) -> Answer:
    return Answer(500, delivery="reset", problem="Reset before anything was done.")


def delivered(delivery: str) -> Callable[[Answer, dict[str, Any]], Answer]:
    def spoil(answer: Answer, args: dict[str, Any]) -> Answer:
        answer.delivery = delivery
        answer.drip_seconds = float(args.get("seconds", answer.drip_seconds))
        return answer

    return spoil


def slow(answer: Answer, args: dict[str, Any]) -> Answer:
    answer.delay = float(args.get("seconds", 3.0))
    return answer


def emptied(answer: Answer, args: dict[str, Any]) -> Answer:
    answer.data = None
    return answer


def as_page(answer: Answer, args: dict[str, Any]) -> Answer:
    answer.data, answer.content_type = SIGN_IN, "text/html; charset=utf-8"
    return answer


REFUSALS = {
    "401": (401, "Authentication failed.", "The token is refused. Nothing is created."),
    "403": (403, "Permission denied.", "The scope is refused. Nothing is created."),
    "404": (404, "Not found.", "The path does not exist. Nothing is created."),
    "405": (405, "Method not allowed.", "The path takes no such method. Nothing is created."),
    "408": (
        408,
        "Request timeout.",
        "The server gave up waiting. Nothing is created, but a client cannot know.",
    ),
    "409": (409, "Conflict.", "The server reports a conflict. Nothing is created, but a client cannot know."),
    "413": (413, "Request entity too large.", "The body is called too large. Nothing is created."),
    "422": (422, "Unprocessable entity.", "The content is refused without a reason. Nothing is created."),
    "500": (
        500,
        "Internal server error.",
        "The server breaks. Nothing is created, but a client cannot know.",
    ),
    "503": (
        503,
        "Service unavailable.",
        "The server is down for maintenance. Nothing is created, but a client cannot know.",
    ),
}

COMMON = [
    Kind(
        "lose_answer",
        "Everything is created, then the connection breaks without a byte.",
        after=delivered("reset"),
    ),
    Kind(
        "reset_before",
        "The connection breaks after the body was read. Nothing is created.",
        instead=reset_before,
    ),
    Kind("slow", "Everything is created, the answer comes late.", after=slow, args=("seconds",)),
    Kind("hang", "Everything is created, the answer never comes.", after=delivered("hang")),
    Kind(
        "drip",
        "Everything is created, the answer comes byte by byte.",
        after=delivered("drip"),
        args=("seconds",),
    ),
    Kind("truncated", "Everything is created, half of the answer is missing.", after=delivered("truncated")),
    Kind("empty_200", "Everything is created, the answer is 200 and empty.", after=emptied),
    Kind("html_200", "Everything is created, the answer is 200 and a web page.", after=as_page),
    Kind("429", "Too many requests. Nothing is created.", instead=too_many, args=("retry_after",)),
    Kind(
        "502_html",
        "A gateway answers with a web page. Nothing is created, but a client cannot know.",
        instead=lambda request, args: html(502, MAINTENANCE),
    ),
    Kind("redirect", "307 to the same address. Nothing is created.", instead=redirect),
    *(
        Kind(name, sentence, instead=refusal(status, text))
        for name, (status, text, sentence) in REFUSALS.items()
    ),
]
