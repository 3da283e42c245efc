"""A mail server of the test's own, on a real socket. It keeps what it takes, and refuses as it is told to."""

import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

TAKEN = "250 Taken"


class FreePort(Controller):
    """Port 0 asks the system for a free one; the controller then calls itself and must know which."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = int(self.server.sockets[0].getsockname()[1])
        super()._trigger_server()


class PostOffice:
    """`answer` is what the next mails are told; `hang_up` breaks the line once a mail was taken in."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.answer = TAKEN
        self.refused_recipients: set[str] = set()
        self.hang_up = False
        self.controller = FreePort(self, hostname="127.0.0.1", port=0, ready_timeout=30)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if address in self.refused_recipients:
            return "550 Nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answer != TAKEN:
            return self.answer
        content = envelope.content
        assert isinstance(content, bytes)
        mail = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.envelopes.append(envelope)
        if self.hang_up:
            server.transport.abort()
        return self.answer

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.controller.port}"

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == address]


@contextmanager
def open_post_office() -> Iterator[PostOffice]:
    office = PostOffice()
    office.controller.start()
    try:
        yield office
    finally:
        office.controller.stop()


def use(settings: Any, url: str) -> None:
    """Mail goes there from now on, as if the environment had said so."""
    parts = urlsplit(url)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = parts.hostname, parts.port
    settings.EMAIL_TIMEOUT = 5
    settings.MAIL_FROM = "Portal <portal@portal.example>"


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())
