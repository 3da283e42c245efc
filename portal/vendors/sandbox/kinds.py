"""The faults that any vendor can show, whatever it sells: refusals, broken connections, odd bodies."""

import gzip
from collections.abc import Callable
from typing import Any

from portal.vendors.sandbox.bulk import bomb
from portal.vendors.sandbox.faults import Kind
from portal.vendors.sandbox.message import Answer, Request, html

MIB = 1024 * 1024
MAINTENANCE = (
    "<!doctype html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
)
SIGN_IN = (
    "<!doctype html><html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>"
)


def refusal(status: int, text: str) -> Callable[[Request, dict[str, Any]], Answer]:
    return lambda request, args: Answer(status, {"detail": text}, problem=text)


def too_many(request: Request, args: dict[str, Any]) -> Answer:
    wait = args.get("retry_after")
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return Answer(429, {"detail": "Rate limit exceeded."}, headers=headers, problem="Rate limit exceeded.")


def cut_refusal(request: Request, args: dict[str, Any]) -> Answer:
    return Answer(
        404, {"detail": "Not found."}, delivery="cut head", problem="A refusal that ends in its headers."
    )


def redirect(request: Request, args: dict[str, Any]) -> Answer:
    target = f"http://{request.headers.get('host', '127.0.0.1')}{request.path}"
    return Answer(307, None, headers={"Location": target}, problem="Redirected to itself.")


def unanswered(delivery: str, text: str) -> Callable[[Request, dict[str, Any]], Answer]:
    return lambda request, args: Answer(500, delivery=delivery, problem=text)


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


def as_error(status: int, text: str) -> Callable[[Answer, dict[str, Any]], Answer]:
    def spoil(answer: Answer, args: dict[str, Any]) -> Answer:
        answer.status, answer.data, answer.problem = (
            status,
            {"detail": text},
            f"{text} It was done all the same.",
        )
        return answer

    return spoil


def as_gateway_page(answer: Answer, args: dict[str, Any]) -> Answer:
    answer.status, answer.data, answer.content_type = 502, MAINTENANCE, "text/html; charset=utf-8"
    answer.problem = "Bad gateway. It was done all the same."
    return answer


def framed(framing: str, delivery: str = "whole") -> Callable[[Answer, dict[str, Any]], Answer]:
    def spoil(answer: Answer, args: dict[str, Any]) -> Answer:
        answer.framing, answer.delivery = framing, delivery
        return answer

    return spoil


def huge(answer: Answer, args: dict[str, Any]) -> Answer:
    answer.padding = int(args.get("megabytes", 50)) * MIB
    return answer


def zipped(answer: Answer, args: dict[str, Any]) -> Answer:
    answer.data = gzip.compress(answer.body)
    answer.headers["Content-Encoding"] = "gzip"
    return answer


def zipped_in_part(answer: Answer, args: dict[str, Any]) -> Answer:
    answer = zipped(answer, args)
    answer.data = answer.data[: len(answer.data) // 2]
    return answer


def gzip_bomb(answer: Answer, args: dict[str, Any]) -> Answer:
    answer.data = bomb(answer.body, int(args.get("megabytes", 256)) * MIB)
    answer.headers["Content-Encoding"] = "gzip"
    return answer


def deep(answer: Answer, args: dict[str, Any]) -> Answer:
    levels = int(args.get("levels", 10_000))
    answer.data = b"[" * levels + answer.body + b"]" * levels
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
    "414": (414, "Request-URI too long.", "The address is called too long. Nothing is created."),
    "415": (415, "Unsupported media type.", "The kind of body is refused. Nothing is created."),
    "422": (422, "Unprocessable entity.", "The content is refused without a reason. Nothing is created."),
    "425": (
        425,
        "Too early.",
        "The server asks to come later. Nothing is created, but a client cannot know.",
    ),
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

NOTHING = "Nothing is created."
CANNOT_KNOW = f"{NOTHING[:-1]}, but a client cannot know."

BEFORE = [
    Kind(
        "reset_in_upload",
        f"The connection breaks while the request is being read. {NOTHING}",
        instead=unanswered("reset", "Reset in the middle of the request."),
        stops_reading=True,
    ),
    Kind(
        "reset_before",
        f"The connection breaks after the body was read. {NOTHING}",
        instead=unanswered("reset", "Reset before anything was done."),
    ),
    Kind(
        "close_before",
        f"The connection ends without a byte after the body was read. {NOTHING}",
        instead=unanswered("close", "Closed before anything was done."),
    ),
    Kind(
        "hang_before",
        f"The answer never comes. {NOTHING}",
        instead=unanswered("hang", "Hung before anything was done."),
    ),
    Kind("429", f"Too many requests. {NOTHING}", instead=too_many, args=("retry_after",)),
    Kind(
        "502_html",
        f"A gateway answers with a web page. {CANNOT_KNOW}",
        instead=lambda request, args: html(502, MAINTENANCE),
    ),
    Kind("cut_refusal", f"A 404 ends within its headers. {CANNOT_KNOW}", instead=cut_refusal),
    Kind("redirect", f"307 to the same address. {NOTHING}", instead=redirect),
    *(
        Kind(name, sentence, instead=refusal(status, text))
        for name, (status, text, sentence) in REFUSALS.items()
    ),
]

BROKEN_OFF = [
    Kind(
        "lose_answer",
        "Everything is created, then the connection breaks without a byte.",
        after=delivered("reset"),
    ),
    Kind(
        "close_after",
        "Everything is created, then the connection ends in good order without a byte.",
        after=delivered("close"),
    ),
    Kind("hang", "Everything is created, the answer never comes.", after=delivered("hang")),
    Kind("slow", "Everything is created, the answer comes late.", after=slow, args=("seconds",)),
    Kind(
        "drip",
        "Everything is created, the answer comes byte by byte.",
        after=delivered("drip"),
        args=("seconds",),
    ),
    Kind(
        "cut_status_line", "Everything is created, the answer is `HTTP/1.1 2`.", after=delivered("cut status")
    ),
    Kind(
        "cut_headers",
        "Everything is created, the answer ends within its headers.",
        after=delivered("cut head"),
    ),
    Kind(
        "reset_in_answer",
        "Everything is created, the connection breaks in the middle of the answer.",
        after=delivered("half and reset"),
    ),
    Kind("truncated", "Everything is created, half of the answer is missing.", after=delivered("truncated")),
    Kind(
        "truncated_chunked",
        "Everything is created, half of the chunks are missing, each of the others is whole.",
        after=framed("chunked", "truncated"),
    ),
    Kind(
        "truncated_no_length",
        "Everything is created, half of the answer is missing and nothing says how long it was.",
        after=framed("none", "truncated"),
    ),
]

ODD_ANSWERS = [
    Kind(
        "500_after",
        "Everything is created, then the server breaks: 500.",
        after=as_error(500, "Server error."),
    ),
    Kind(
        "502_after",
        "Everything is created, then a gateway answers with a web page: 502.",
        after=as_gateway_page,
    ),
    Kind(
        "503_after",
        "Everything is created, then the server says it is down: 503.",
        after=as_error(503, "Down."),
    ),
    Kind("empty_200", "Everything is created, the answer is 200 and empty.", after=emptied),
    Kind("html_200", "Everything is created, the answer is 200 and a web page.", after=as_page),
    Kind("chunked", "Everything is created, the answer comes whole, in chunks.", after=framed("chunked")),
    Kind(
        "no_length", "Everything is created, the answer comes whole, without a length.", after=framed("none")
    ),
    Kind("gzip", "Everything is created, the answer comes whole and compressed, unasked.", after=zipped),
    Kind(
        "truncated_gzip",
        "Everything is created, the compressed answer is cut, and its length agrees.",
        after=zipped_in_part,
    ),
    Kind("huge", "Everything is created, the answer is 50 MB of JSON.", after=huge, args=("megabytes",)),
    Kind(
        "gzip_bomb",
        "Everything is created, the answer unpacks, unasked, to 256 MB of JSON.",
        after=gzip_bomb,
        args=("megabytes",),
    ),
    Kind(
        "deep", "Everything is created, the answer is nested ten thousand deep.", after=deep, args=("levels",)
    ),
]

COMMON = [*BROKEN_OFF, *BEFORE, *ODD_ANSWERS]
