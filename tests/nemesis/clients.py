"""Clients: they take dispatches from a list and submit each through the wizard's pages, once, whatever happens."""

import contextlib
import queue
import random
import re
import threading
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.nemesis.people import BrokenPage, Lost, OutOfPatience, Page, Person
from tests.nemesis.preparing import client_name
from tests.page_forms import controls_of

SERVICES = ("Smart Hands", "Site Audit")
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\nxref\n0 3\n"
    b"0000000000 65535 f \n0000000009 00000 n \n0000000052 00000 n \ntrailer<</Size 3/Root 1 0 R>>\nstartxref\n97\n%%EOF\n"
)
TRIES = 60  # of one step; each failed one waits for the page to come back


@dataclass(frozen=True)
class Order:
    """A dispatch somebody means to submit."""

    mark: str
    places: list[int]  # positions in the list of sites
    start: date
    has_file: bool


@dataclass
class Submitted:
    """What a client saw of it. `hashes` are those of the messages on the review page."""

    order: Order
    dispatch: int = 0
    hashes: list[str] = field(default_factory=list)


def make_orders(count: int, seed: int, name: str = "run") -> list[Order]:
    """Mostly one to four locations, some with a file, one in twenty of more locations than one message takes."""
    chance = random.Random(f"{seed} {name}")
    orders = []
    for number in range(count):
        many = chance.random() < 0.05
        places = chance.sample(range(20), chance.randint(12, 14) if many else chance.randint(1, 4))
        start = date.today() + timedelta(days=chance.randint(2, 60))
        orders.append(Order(f"{name} {seed}-{number:05d}", places, start, chance.random() < 0.15))
    return orders


class Client(Person):
    """One person at one browser."""

    def __init__(self, url: str, number: int, broken: list[BrokenPage]) -> None:
        super().__init__(url, client_name(number), broken)
        self.sites: list[str] = []

    def submit(self, order: Order) -> Submitted:
        """Until the portal shows the dispatch. Raises OutOfPatience."""
        done = Submitted(order)
        draft = self._begin()
        self._fill_what(draft, order)
        self._add_places(draft, order)
        self._pass(draft, "where", [])
        window = [
            ("same_for_all", "on"),
            ("all-start_date", f"{order.start}T09:00"),
            ("all-end_date", f"{order.start}T12:00"),
        ]
        self._pass(draft, "when", window)
        self._add_file(draft, order)
        self._press_submit(draft, done)
        return done

    def _begin(self) -> int:
        for _ in range(TRIES):
            self.open("/drafts/")
            try:
                page = self.send("/drafts/new/", [])
            except Lost:
                continue  # a draft that was begun and not touched is taken up again
            if found := re.fullmatch(r"/drafts/(\d+)/what/", page.path):
                return int(found[1])
        raise OutOfPatience("no draft could be begun")

    def _fill_what(self, draft: int, order: Order) -> None:
        typed = [
            ("service_type", SERVICES[len(order.places) % 2]),
            ("initial_description", f"{order.mark}: swap the router."),
        ]
        self._pass(draft, "what", typed)

    def _pass(self, draft: int, step: str, typed: list[tuple[str, str]]) -> None:
        """Fill a step in and press Next until the page after it is there."""
        here = f"/drafts/{draft}/{step}/"
        for _ in range(TRIES):
            page = self._at(here)
            try:
                page = self.send(here, [*_form(page, dict(typed)), ("go", "next")])
            except Lost:
                continue
            if page.path != here:
                return
        raise OutOfPatience(f"{here} cannot be left: {_words(self.page)}")

    def _add_places(self, draft: int, order: Order) -> None:
        here = f"/drafts/{draft}/where/"
        sites = self._known_sites(draft)
        picks = [("pick", f"site:{sites[place]}") for place in order.places]
        for _ in range(TRIES):
            page = self._at(here)
            if f'name="locations-{len(picks) - 1}-row"' in page.text:
                return  # added, be it that the answer was lost
            try:
                self.send(f"{here}add/", [*_form(page, {}), *picks])
            except Lost:
                continue
        raise OutOfPatience(f"no places could be added: {_words(self.page)}")

    def _known_sites(self, draft: int) -> list[str]:
        if not self.sites:
            page = self.open(f"/drafts/{draft}/where/search/?q=Northgate")
            self.sites = re.findall(r'name="pick" value="site:(\d+)"', page.text)
            assert len(self.sites) >= 20, "the search shows too few sites"
        return self.sites

    def _add_file(self, draft: int, order: Order) -> None:
        here = f"/drafts/{draft}/files/"
        for _ in range(TRIES if order.has_file else 0):
            page = self._at(here)
            if "plan-of-site" in page.text:
                return
            content = PDF + f"% {order.mark}\n".encode()
            files = {"file": ("plan-of-site.pdf", content, "application/pdf")}
            try:
                page = self.send(f"{here}add/", _form(page, {}, "upload"), files=files)
            except Lost:
                continue
            if "plan-of-site" in page.text:
                return
        assert not order.has_file, f"no file could be added: {_words(self.page)}"

    def _press_submit(self, draft: int, done: Submitted) -> None:
        here = f"/drafts/{draft}/review/"
        for _ in range(TRIES):
            page = self.open(here)  # of a draft that was submitted this leads to the dispatch
            if page.path == here and self._asks(draft, page):
                continue
            if page.path == here:
                done.hashes = re.findall(r'· hash <span class="mono">([0-9a-f]{64})<', page.text)
                try:
                    page = self.send(f"/drafts/{draft}/submit/", _form(page, {}, action="/submit/"))
                except Lost:
                    continue
            if found := re.fullmatch(r"/dispatches/(\d+)/", page.path):
                done.dispatch = int(found[1])
                return
        raise OutOfPatience(f"{here} cannot be submitted: {_words(self.page)}")

    def _asks(self, draft: int, page: Page) -> bool:
        """Somebody else goes to one of the places that day: say that it is meant, then look once more."""
        asked = controls_of(page.text, action="/repeats/")
        if not asked or controls_of(page.text, action="/submit/"):
            return False
        which = "all_of" if "all_of" in asked else "only"
        with contextlib.suppress(Lost):
            said = [(which, asked[which]), ("reason", "More work there."), ("choice", "send")]
            self.send(f"/drafts/{draft}/repeats/", said)
        return True

    def _at(self, path: str) -> Page:
        """The page in hand, if it is this one as it is now; else loaded anew."""
        page = self.page
        self.page = Page("", "", 0)  # used up: what was sent from it once may have changed it
        return page if page.path == path and page.status == 200 else self.open(path)


def _form(
    page: Page, typed: dict[str, str], form_id: str = "step", action: str = ""
) -> list[tuple[str, str]]:
    found = controls_of(page.text, "" if action else form_id, action=action) | typed
    return [(name, value) for name, value in found.items() if name not in ("pick", "file", "q")]


def _words(page: Page) -> str:
    """What the page complains of, for the report."""
    found = re.findall(
        r'class="(?:field-errors|alert alert-danger)[^>]*>(.*?)</(?:p|div)>', page.text, re.DOTALL
    )
    return f"{page.path} {page.status} " + " ".join(re.sub(r"<[^>]+>|\s+", " ", text) for text in found)[:500]


class Crowd:
    """So many clients at once, each in a thread, until the list is empty."""

    def __init__(self, clients: list[Client], orders: list[Order]) -> None:
        self.waiting: queue.SimpleQueue[Order] = queue.SimpleQueue()
        for order in orders:
            self.waiting.put(order)
        self.submitted: list[Submitted] = []
        self.problems: list[str] = []
        self.clients = clients
        self.threads = [threading.Thread(target=self._work, args=(one,), daemon=True) for one in clients]

    def start(self) -> "Crowd":
        for thread in self.threads:
            thread.start()
        return self

    @property
    def is_done(self) -> bool:
        return not any(thread.is_alive() for thread in self.threads)

    def send_home(self) -> None:
        for client in self.clients:
            client.is_over.set()

    def _work(self, client: Client) -> None:
        while not client.is_over.is_set():
            try:
                order = self.waiting.get_nowait()
            except queue.Empty:
                return
            try:
                self.submitted.append(client.submit(order))
            except Exception as error:
                self.problems.append(f"{order.mark}: {type(error).__name__}: {error}")
