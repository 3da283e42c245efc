"""Reads settings from the environment and refuses nonsense by name.

All problems are gathered, so that whoever sets a machine up reads the whole list once and not one item per start.
"""

import os
from collections.abc import Callable
from email.errors import HeaderParseError
from email.headerregistry import Address, HeaderRegistry
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

T = TypeVar("T")
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
TRUE, FALSE = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


class Env:
    def __init__(self, values: "os._Environ[str] | dict[str, str]" = os.environ) -> None:
        self.values = values
        self.problems: list[str] = []

    def read(
        self, name: str, parse: Callable[[str], T], *, default: str | None, looks_like: str, instead: T
    ) -> T:
        """Parse one variable; on trouble note it and go on with `instead`, so that `finish` can tell everything."""
        given = self.values.get(name, "").strip() or default
        if given is None:
            self.problems.append(f"{name} is not set. It should be {looks_like}.")
            return instead
        try:
            return parse(given)
        except ValueError:
            self.problems.append(f"{name} is not usable. It should be {looks_like}.")
            return instead

    def text(self, name: str, *, default: str | None = None, looks_like: str = "some text") -> str:
        return self.read(name, str, default=default, looks_like=looks_like, instead="")

    def secret(self, name: str, *, at_least: int) -> str:
        def parse(given: str) -> str:
            if len(given) < at_least or len(set(given)) < 8:
                raise ValueError
            return given

        return self.read(
            name,
            parse,
            default=None,
            looks_like=f"a random text of {at_least} characters or more",
            instead="",
        )

    def yes(self, name: str, *, default: bool = False) -> bool:
        def parse(given: str) -> bool:
            if given.lower() not in TRUE | FALSE:
                raise ValueError
            return given.lower() in TRUE

        return self.read(name, parse, default="1" if default else "0", looks_like="1 or 0", instead=default)

    def number(self, name: str, *, default: int, low: int, high: int) -> int:
        def parse(given: str) -> int:
            if not low <= (value := int(given)) <= high:
                raise ValueError
            return value

        return self.read(
            name,
            parse,
            default=str(default),
            looks_like=f"a whole number from {low} to {high}",
            instead=default,
        )

    def items(self, name: str, *, default: str | None = None, looks_like: str) -> list[str]:
        """Comma-separated text."""

        def parse(given: str) -> list[str]:
            if not (found := [item.strip() for item in given.split(",") if item.strip()]):
                raise ValueError
            return found

        return self.read(name, parse, default=default, looks_like=looks_like, instead=[])

    def url(self, name: str, *, schemes: tuple[str, ...], default: str | None = None, example: str) -> str:
        def parse(given: str) -> str:
            parts = urlsplit(given)
            if parts.scheme not in schemes or not (parts.netloc or parts.path):
                raise ValueError
            return given.rstrip("/")

        return self.read(name, parse, default=default, looks_like=f"an address such as {example}", instead="")

    def folder(self, name: str, *, default: Path) -> Path:
        return self.read(name, Path, default=str(default), looks_like="a folder", instead=default)

    def fernet_keys(self, name: str) -> list[str]:
        """One or more keys, newest first: the first encrypts, all decrypt, which is how a key is rotated."""

        def parse(given: str) -> list[str]:
            keys = [key.strip() for key in given.split(",")]
            for key in keys:
                Fernet(key)
            return keys

        looks_like = (
            "one or more comma-separated keys, newest first, each made by: "
            'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
        )
        return self.read(name, parse, default=None, looks_like=looks_like, instead=[])

    def database(self, name: str) -> dict[str, object]:
        """Django's DATABASES entry from a libpq address; what Django has no key for goes to OPTIONS."""

        def parse(given: str) -> dict[str, object]:
            if not given.startswith(("postgres://", "postgresql://")):
                raise ValueError
            try:
                parts = dict(conninfo_to_dict(given))
            except ProgrammingError as error:
                raise ValueError from error
            django = {
                "NAME": "dbname",
                "USER": "user",
                "PASSWORD": "password",
                "HOST": "host",
                "PORT": "port",
            }
            entry: dict[str, object] = {key: str(parts.pop(libpq, "") or "") for key, libpq in django.items()}
            if not entry["NAME"] or not str(entry["PORT"] or "5432").isdigit():
                raise ValueError
            return {"ENGINE": "django.db.backends.postgresql", "OPTIONS": parts, **entry}

        return self.read(
            name, parse, default=None, looks_like="postgresql://user:password@host:5432/portal", instead={}
        )

    def mail_server(self, name: str) -> dict[str, Any]:
        """Django's EMAIL_… settings from an address; nothing where none is set, and then no mail is sent."""
        if not self.values.get(name, "").strip():
            return {}
        return self.read(
            name,
            mail_settings,
            default=None,
            looks_like="smtp://user:password@mail.example.com:587?tls=starttls, smtps://… or file:///folder; a password "
            "travels encrypted or stays on this machine",
            instead={},
        )

    def mailbox(self, name: str, *, default: str | None = None) -> str:
        """Who mails come from."""

        def parse(given: str) -> str:
            try:
                header: Any = HeaderRegistry()("From", given)
                (found,) = header.addresses
            except (HeaderParseError, IndexError) as error:
                raise ValueError from error
            if header.defects or not isinstance(found, Address) or not found.username or not found.domain:
                raise ValueError
            return given

        return self.read(name, parse, default=default, looks_like="Portal <portal@example.com>", instead="")

    def refuse(self, name: str, looks_like: str) -> None:
        """For what is wrong only together with other variables."""
        self.problems.append(f"{name} is not usable. It should be {looks_like}.")

    def finish(self) -> None:
        if self.problems:
            raise ImproperlyConfigured("The portal cannot start:\n  - " + "\n  - ".join(self.problems))


def mail_settings(given: str) -> dict[str, Any]:
    """Raises ValueError where the address says nothing usable, or would send a password in the clear."""
    parts = urlsplit(given)
    if parts.scheme == "file" and not parts.netloc and parts.path.strip("/"):
        backend = "django.core.mail.backends.filebased.EmailBackend"
        return {"EMAIL_BACKEND": backend, "EMAIL_FILE_PATH": unquote(parts.path)}
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/") or parts.fragment:
        raise ValueError
    is_tls, is_starttls = parts.scheme == "smtps", _asks_for_starttls(parts)
    if (is_tls and is_starttls) or bool(parts.username) != bool(parts.password):
        raise ValueError
    if parts.password and not (is_tls or is_starttls) and parts.hostname not in LOOPBACK:
        raise ValueError
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if is_tls else 587 if is_starttls else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": is_tls,
        "EMAIL_USE_TLS": is_starttls,
    }


def _asks_for_starttls(parts: SplitResult) -> bool:
    wishes = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    if wishes not in ({}, {"tls": "starttls"}, {"tls": "none"}):
        raise ValueError
    return wishes.get("tls") == "starttls"
