"""One event, one line, whoever writes it."""

import logging
import traceback

from portal.logs import BrokerAwayFilter, LineFormatter, RequestIdFilter


def line(name: str, text: str, *values: object, error: BaseException | None = None) -> str:
    found = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord(name, logging.ERROR, __file__, 1, text, values, found)
    for one in (RequestIdFilter(), BrokerAwayFilter()):
        assert one.filter(record)
    return LineFormatter().format(record)


def test_a_visitor_writes_no_lines_of_his_own() -> None:
    written = line("portal", "No such name: %s", "eve\n2026-01-01 INFO all is well\x1b[2J")
    assert len(written.splitlines()) == 1
    assert "\\n2026-01-01" in written
    assert "\x1b" not in written


def test_beat_says_in_one_line_that_the_broker_is_away() -> None:
    """As celery.beat writes it: the error, the whole stack as text, and the traceback once more."""
    try:
        raise ConnectionRefusedError("nobody listens")
    except ConnectionRefusedError as error:
        written = line("celery.beat", "Message Error: %s\n%s", error, traceback.format_stack(), error=error)
    assert written.endswith("celery.beat: The broker was not reached: nobody listens")


def test_our_own_errors_keep_their_traceback() -> None:
    try:
        raise ValueError("a bug")
    except ValueError as error:
        written = line("portal.outbox", "It broke", error=error)
    assert "Traceback" in written
