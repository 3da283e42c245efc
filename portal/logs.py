"""One line per event, and the same request id on each line, audit entry and page of one request."""

import logging
import re
import time
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
# Where the present request comes from; None where no request is behind what happens.
client_address: ContextVar[str | None] = ContextVar("client_address", default=None)
# What ends a line somewhere, or tells a terminal what to do.
NOT_PRINTED = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

# The last part of such an address is a secret: whoever has it can tell us things in a vendor's name.
SECRET_ADDRESS = re.compile(r"(/hooks/\w+/)[^/\s\"'?]+")
HIDDEN = r"\1•••"


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get() or "-"
        return True


class BrokerAwayFilter(logging.Filter):
    """Celery beat says twice in pages, every two seconds, that the broker is away. One line says it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "celery.beat" and record.exc_info:
            record.msg, record.args = f"The broker was not reached: {record.exc_info[1]}", ()
            record.exc_info = None
        return True


class LineFormatter(logging.Formatter):
    """Line breaks inside a message would let a visitor write log lines of their own, escapes repaint a terminal."""

    # One clock for every machine's lines, whatever zone it shows to people.
    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(request_id)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return SECRET_ADDRESS.sub(HIDDEN, super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        return NOT_PRINTED.sub(lambda found: ascii(found[0])[1:-1], super().formatMessage(record))
