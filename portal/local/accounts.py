"""The system account that PostgreSQL runs under: it refuses to run as root."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from portal.local.problems import CannotStart

OWN_NAME = "portalpg"
KNOWN_NAMES = ("postgres", OWN_NAME)


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int

    def popen_arguments(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def is_root() -> bool:
    return os.geteuid() == 0


def account_for_postgres() -> Account | None:
    """None when we are an ordinary user and simply run it ourselves."""
    if not is_root():
        return None
    return _find() or _create()


def _find() -> Account | None:
    for name in KNOWN_NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    return None


def _create() -> Account:
    useradd = shutil.which("useradd")
    if useradd is None:
        raise CannotStart(
            "PostgreSQL does not run as root, and there is no `useradd` to make an account for it. Run this as an "
            f"ordinary user, make an account named {OWN_NAME}, or set DATABASE_URL to a server of your own."
        )
    subprocess.run([useradd, "--system", "--no-create-home", OWN_NAME], check=False)  # noqa: S603
    if account := _find():  # two starts at once may both have tried
        return account
    raise CannotStart(f"PostgreSQL does not run as root, and making the account {OWN_NAME} for it failed.")
