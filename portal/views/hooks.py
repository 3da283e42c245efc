"""Where vendors tell us things: kept and acknowledged, nothing else."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from portal import inbox

PIECE = 64 * 1024
# Read and thrown away, so that whoever sends too much gets to hear so before the line breaks.
MOST_THROWN_AWAY = 2 * 1024 * 1024
RETRY_SECONDS = "10"


@csrf_exempt
@login_not_required
@require_http_methods(["POST", "PUT"])
def gtt(request: HttpRequest, token: str) -> HttpResponse:
    """202 once the delivery is written down; 404 for an address that is none, and nothing is kept of it."""
    try:
        known = inbox.token_of(token)
        if known is None:
            return _say("There is nothing here.", 404)
        body = _body(request)
        if body is None:
            return _say(f"A delivery has at most {inbox.LONGEST_BODY // 1024} KiB.", 413)
        inbox.keep(
            known,
            method=request.method or "",
            content_type=request.META.get("CONTENT_TYPE", ""),
            headers=request.headers,
            body=body,
        )
    except OSError:
        return _say("The delivery broke off.", 400)
    except DatabaseError:
        answer = _say("The delivery cannot be kept at the moment. Send it again.", 503)
        answer.headers["Retry-After"] = RETRY_SECONDS
        return answer
    return _say("Accepted.", 202)


def _body(request: HttpRequest) -> bytes | None:
    """The body as it came, also one of no announced length; None where it is too long. Raises OSError."""
    stream: Any = request
    if not request.META.get("CONTENT_LENGTH") and request.META.get("wsgi.input_terminated"):
        stream = Chunked(request.META["wsgi.input"])  # Django takes that for empty
    pieces, length = [], 0
    while piece := stream.read(PIECE):
        length += len(piece)
        if length <= inbox.LONGEST_BODY:
            pieces.append(piece)
        elif length > MOST_THROWN_AWAY:
            break
    return b"".join(pieces) if length <= inbox.LONGEST_BODY else None


class Chunked:
    """A body of no announced length, put together by the server, whose errors are of its own kinds."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def read(self, size: int) -> bytes:
        try:
            data: bytes = self.stream.read(size)
        except Exception as error:
            raise OSError("The chunks of the body cannot be read.") from error
        return data


def _say(words: str, status: int) -> HttpResponse:
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain")
