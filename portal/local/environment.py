"""The environment of every process: what is set stays as it is, what is missing is supplied."""

import base64
import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from portal.local.folder import Folder
from portal.local.problems import CannotStart

NO = {"0", "false", "no", "off"}
TOKEN_PATH = "/oauth2/default/v1/token"  # noqa: S105 (a path)
GTT_TOKEN_PATH = "/realms/dx/protocol/openid-connect/token"  # noqa: S105 (a path)
GTT_NAMESPACE = "142033"
# All that GTT has never confirmed is tried where it is only played.
GTT_OPERATIONS = "get,list,update,comment"
GTT_ADDRESSES = ("GTT_API_URL", "GTT_TOKEN_URL")
SANDBOX_CLIENT = ("sandbox-client", "sandbox-secret")


@dataclass(frozen=True)
class Wanted:
    """Which servers of ours the given environment leaves to us."""

    postgres: bool
    valkey: bool
    sandbox: bool
    demo: bool

    @classmethod
    def by(cls, given: Mapping[str, str]) -> "Wanted":
        return cls(
            postgres=not given.get("DATABASE_URL"),
            valkey=not given.get("CELERY_BROKER_URL"),
            sandbox=not given.get("GRANITE_API_URL"),
            demo=given.get("DEMO", "1").strip().lower() not in NO,
        )


def port_in(given: Mapping[str, str]) -> int:
    text = given.get("PORT") or "8000"
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise CannotStart(
            f"PORT is {text!r}. It should be a number from 1 to 65535, as in: make run PORT=8001"
        )
    return int(text)


def supply(
    given: Mapping[str, str],
    folder: Folder,
    *,
    port: int,
    sandbox_port: int = 0,
    database_url: str = "",
    broker_url: str = "",
) -> dict[str, str]:
    """The whole environment for our processes. An empty variable counts as missing."""
    supplied = {
        "DEMO": "1",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "PUBLIC_URL": f"http://localhost:{port}",
        "DATABASE_URL": database_url,
        "CELERY_BROKER_URL": broker_url,
        "MEDIA_ROOT": str(folder.path / "media"),
        "JOURNAL_ROOT": str(folder.path / "journal"),
        "STATIC_ROOT": str(folder.path / "static"),
        "EMAIL_URL": (folder.path.resolve() / "mail").as_uri(),
        "MAIL_FROM": "Portal <portal@portal.example>",
        "PYTHONUNBUFFERED": "1",
        "WORKER_CONCURRENCY": "2",
        **_keys(folder, given),
        **(_sandbox(sandbox_port, given) if Wanted.by(given).sandbox and sandbox_port else {}),
    }
    set_by_hand = {name: value for name, value in given.items() if value or name not in supplied}
    return supplied | set_by_hand


def _sandbox(port: int, given: Mapping[str, str]) -> dict[str, str]:
    address = f"http://127.0.0.1:{port}"
    client, secret = SANDBOX_CLIENT
    return {
        "SANDBOX_URL": f"{address}/_sandbox/",
        "GRANITE_API_URL": address,
        "GRANITE_TOKEN_URL": address + TOKEN_PATH,
        "GRANITE_CLIENT_ID": client,
        "GRANITE_CLIENT_SECRET": secret,
        # An account of somebody's own is not completed with the sandbox's credentials.
        **({} if any(given.get(name) for name in GTT_ADDRESSES) else _gtt(address)),
    }


def _gtt(address: str) -> dict[str, str]:
    client, secret = SANDBOX_CLIENT
    return {
        "GTT_API_URL": address,
        "GTT_TOKEN_URL": address + GTT_TOKEN_PATH,
        "GTT_CLIENT_ID": client,
        "GTT_CLIENT_SECRET": secret,
        "GTT_NAMESPACE": GTT_NAMESPACE,
        "GTT_OPERATIONS": GTT_OPERATIONS,
    }


def _keys(folder: Folder, given: Mapping[str, str]) -> dict[str, str]:
    """Keys of this folder's own, made once: sessions and encrypted secrets outlive a restart."""
    made = {
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FIELD_ENCRYPTION_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
    }
    if all(given.get(name) for name in made):
        return {}
    kept = _read_keys(folder)
    if made.keys() - kept.keys():
        kept = made | kept
        _write_keys(folder, kept)
    return kept


def _read_keys(folder: Folder) -> dict[str, str]:
    with contextlib.suppress(FileNotFoundError):
        lines = [line.partition("=") for line in folder.keys.read_text().splitlines()]
        return {name: value for name, _, value in lines if value}
    return {}


def _write_keys(folder: Folder, keys: Mapping[str, str]) -> None:
    half = folder.keys.with_suffix(".half-written")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in keys.items())
        file.flush()
        os.fsync(file.fileno())
    half.replace(folder.keys)
