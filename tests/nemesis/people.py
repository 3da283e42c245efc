"""People at the portal's pages, over HTTP and without scripts; what they do when no answer comes is what people do."""

import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

from tests.nemesis.preparing import PASSWORD

PATIENCE = 180.0  # seconds for one thing, then the run is broken
ANSWER_WITHIN = 40.0


class Lost(Exception):
    """No answer, or a page that says that something is broken. What was asked for may have been done."""


class OutOfPatience(Exception):
    """The portal did not come back."""


@dataclass(frozen=True)
class BrokenPage:
    """A page with a status of 5xx, and when it was asked for and came."""

    asked_at: float
    came_at: float
    status: int
    path: str


@dataclass
class Page:
    path: str
    text: str
    status: int


class Person:
    """One browser, signed in as one person."""

    def __init__(self, url: str, username: str, broken: list[BrokenPage]) -> None:
        self.url, self.username, self.broken = url, username, broken
        self.session = requests.Session()
        self.is_over = threading.Event()
        self.page = Page("", "", 0)
        self.took: list[float] = []  # seconds, of each page

    def open(self, path: str) -> Page:
        """Load a page, again and again until it comes. Raises OutOfPatience."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends and not self.is_over.is_set():
            try:
                page = self._ask("GET", path)
            except Lost:
                time.sleep(0.5)
                continue
            if not page.path.startswith("/login/") or path.startswith("/login/"):
                return page
            self._sign_in()
        raise OutOfPatience(f"{self.username} waited {PATIENCE:g} s in vain for {path}")

    def send(self, path: str, data: list[tuple[str, str]], **more: object) -> Page:
        """Send a form once. Raises Lost when no answer or no sensible one came."""
        data = [(name, value) for name, value in data if name != "csrfmiddlewaretoken"]
        data.append(("csrfmiddlewaretoken", self.session.cookies.get("csrftoken", "")))
        page = self._ask("POST", path, data=data, **more)
        if page.path.startswith("/login/") or page.status in (401, 403):
            self._sign_in()
            raise Lost
        return page

    def _ask(self, method: str, path: str, **more: object) -> Page:
        asked_at = time.time()
        try:
            answer = self.session.request(method, self.url + path, timeout=ANSWER_WITHIN, **more)  # type: ignore[arg-type]
        except requests.RequestException as error:
            raise Lost from error
        if answer.status_code >= 500:
            self.broken.append(BrokenPage(asked_at, time.time(), answer.status_code, f"{method} {path}"))
            raise Lost
        self.took.append(time.time() - asked_at)
        self.page = Page(urlsplit(answer.url).path, answer.text, answer.status_code)
        return self.page

    def _sign_in(self) -> None:
        page = self.open("/login/")
        if not page.path.startswith("/login/"):
            return
        typed = {"username": self.username, "password": PASSWORD, "next": "/"}
        typed["csrfmiddlewaretoken"] = self.session.cookies.get("csrftoken", "")
        try:
            self._ask("POST", "/login/", data=typed)
        except Lost:
            time.sleep(0.5)
