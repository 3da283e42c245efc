import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

from portal.logs import HIDDEN, SECRET_ADDRESS

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

django_application = get_wsgi_application()


class WholeBody:
    """A request's body that ends before its time is an error, not a shorter form or half a file.

    Servers hand on what came before the line broke as if that were all; Django answers an OSError with a refusal.
    """

    def __init__(self, stream: Any, length: int) -> None:
        self.stream, self.missing = stream, length

    def read(self, size: int | None = None) -> bytes:
        wanted = self.missing if size is None or size < 0 else min(size, self.missing)
        return self._counted(self.stream.read(wanted), at_least=wanted)

    def readline(self, size: int | None = None) -> bytes:
        wanted = self.missing if size is None or size < 0 else min(size, self.missing)
        return self._counted(self.stream.readline(wanted), at_least=min(wanted, 1))

    def _counted(self, data: bytes, *, at_least: int) -> bytes:
        if len(data) < at_least:
            raise OSError(f"The request ended {self.missing} bytes too early.")
        self.missing -= len(data)
        return data


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    # What the server writes to its log of requests, after we have answered.
    if "RAW_URI" in environ:
        environ["RAW_URI"] = SECRET_ADDRESS.sub(HIDDEN, environ["RAW_URI"])
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdigit():
        environ["wsgi.input"] = WholeBody(environ["wsgi.input"], int(length))
    return django_application(environ, start_response)
