"""One mail to one person. Whether it may be sent again depends on where it broke, and that is all this module decides."""

import smtplib
from email.errors import MessageError

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

PERMANENT = 500


class NotMailed(Exception):
    """It did not reach the mail server, or was refused there. It may be sent again, unless that is `final`."""

    def __init__(self, why: str, *, final: bool = False, server_away: bool = False) -> None:
        super().__init__(why)
        self.final, self.server_away = final, server_away


class MaybeMailed(Exception):
    """The connection broke with the mail under way. It may have arrived."""


def is_set_up() -> bool:
    return bool(settings.MAIL_FROM)


def one_line(text: str) -> str:
    """Fit for a header: no line breaks, nothing unprintable."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def send(address: str, *, subject: str, text: str, html: str, message_id: str) -> None:
    """Raises NotMailed or MaybeMailed. A second sending carries the same `message_id`, so that it can be told."""
    mail = EmailMultiAlternatives(
        subject=one_line(subject)[:200],
        body=text,
        from_email=settings.MAIL_FROM,
        to=[address],
        # Nobody's out-of-office answer is wanted.
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(html, "text/html")
    mail.connection = connection = get_connection()
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        raise NotMailed(_words(error), server_away=True) from error
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        code = max((code for code, _ in error.recipients.values()), default=0)
        raise NotMailed(f"The recipient was refused ({code}).", final=code >= PERMANENT) from error
    except smtplib.SMTPResponseException as error:
        raise NotMailed(_words(error), final=error.smtp_code >= PERMANENT) from error
    except (ValueError, MessageError) as error:  # an address no mail can go to
        raise NotMailed(_words(error), final=True) from error
    except (OSError, smtplib.SMTPException) as error:
        raise MaybeMailed(_words(error)) from error
    finally:
        _close(connection)


def _close(connection: object) -> None:
    """What was accepted stays accepted, whatever becomes of the goodbye."""
    try:
        connection.close()  # type: ignore[attr-defined]
    except (OSError, smtplib.SMTPException):
        return


def _words(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        return one_line(f"The mail server said {error.smtp_code} {words}")[:400]
    return one_line(f"{type(error).__name__}: {error}")[:400]
