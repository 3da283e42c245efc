"""GTT's server: which path is which operation, who may, and what each operation answers."""

import copy
import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote
from zoneinfo import available_timezones

from portal.vendors.sandbox.clock import Clock
from portal.vendors.sandbox.gtt import envelope
from portal.vendors.sandbox.gtt.cases import Case, CaseBook
from portal.vendors.sandbox.gtt.envelope import Address, Reading
from portal.vendors.sandbox.gtt.errors import SHAPES, Problem, invalid, refused
from portal.vendors.sandbox.gtt.listing import STYLES, page_of
from portal.vendors.sandbox.gtt.tokens import KeycloakDesk
from portal.vendors.sandbox.gtt.webhooks import LOOPBACK, Webhook, WebhookBook, read_webhook
from portal.vendors.sandbox.message import Answer, Request
from portal.vendors.sandbox.tokens import Client, Token

TOKEN_PATH = "/realms/dx/protocol/openid-connect/token"  # noqa: S105 (a path)
RESOURCE = re.compile(r"/apis/([^/]+)/namespaces/([^/]+)/([^/]+)(?:/([^/]+))?")
NAMESPACE = "142033"
NUMBERS = ("page_size", "token_lifetime")  # settings
# Kind, whether a name follows, and the method.
OPERATIONS = {
    ("case", False, "POST"): "gtt.create",
    ("case", False, "GET"): "gtt.list",
    ("case", True, "GET"): "gtt.get",
    ("case", True, "PUT"): "gtt.update",
    ("case", True, "PATCH"): "gtt.update",
    ("webhook", False, "POST"): "gtt.webhook_create",
    ("webhook", False, "GET"): "gtt.webhook_list",
    ("webhook", True, "GET"): "gtt.webhook_get",
    ("webhook", True, "DELETE"): "gtt.webhook_delete",
}


class GttApi:
    """What GTT's server answers. Whoever calls it holds the sandbox's lock."""

    name = "gtt"
    token_path = TOKEN_PATH
    operations: tuple[str, ...] = ("gtt.token", *dict.fromkeys(OPERATIONS.values()))

    def __init__(self, clock: Clock, speed: float, lock: threading.RLock) -> None:
        self.lock = lock
        self.book = CaseBook(clock, speed, self._tell)
        self.webhooks = WebhookBook()
        self.desk = KeycloakDesk([], {})
        # Where webhooks may be delivered to; None is everywhere. A sandbox must not call strangers by mistake.
        self.webhook_hosts: set[str] | None = set(LOOPBACK)
        self._set_defaults()

    def _set_defaults(self) -> None:
        client = Client("sandbox-client", "sandbox-secret", frozenset())
        self.desk.clients = {client.client_id: client}
        self.desk.namespaces = {client.client_id: {NAMESPACE}}
        self.desk.lifetime = 300
        self.versions = {"case": {"v1alpha"}, "webhook": {"v1"}}
        self.webhook_actions = {"create", "update"}
        self.choices = copy.deepcopy(envelope.CHOICES)
        self.update_methods = {"PUT", "PATCH"}
        self.refuses_stale_updates = True
        self.page_size, self.list_style = 50, STYLES[0]
        self.error_shape = SHAPES[0]
        self.book.zone, self.book.shows_update_time = "UTC", True

    def set_up(self, **settings: Any) -> None:
        """Several settings by their names. Raises ValueError for one that there is not, or a value it cannot have."""
        places = {"token_lifetime": (self.desk, "lifetime"), "zone": (self.book, "zone")}
        choices = {"list_style": STYLES, "error_shape": SHAPES, "zone": available_timezones()}
        for name, value in settings.items():
            if name not in (*places, *choices, "page_size"):
                raise ValueError(f"There is no setting {name!r}.")
            if value not in choices.get(name, (value,)) or (name in NUMBERS and value < 1):
                raise ValueError(f"The setting {name} cannot be {value!r}.")
            place, attribute = places.get(name, (self, name))
            setattr(place, attribute, value)

    def _tell(self, case: Case, action: str) -> None:
        """A case was made or changed."""

    # Who may do what

    def owns(self, path: str) -> bool:
        return path == TOKEN_PATH or path.startswith("/apis/")

    def operation(self, request: Request) -> str:
        if request.path == TOKEN_PATH:
            return "gtt.token"
        address = read_address(request.path)
        key = (address.kind, bool(address.name), request.method) if address else None
        return OPERATIONS.get(key, "unknown") if key else "unknown"

    def client(self, request: Request) -> str:
        """Whose request it is, even if its token is no longer good."""
        if request.path == TOKEN_PATH:
            caller = self.desk.caller(request)
            return caller.client_id if caller else ""
        token = self.desk.known(request)
        return token.client_id if token else ""

    def gate(self, request: Request, operation: str) -> Answer | None:
        """What is refused before anybody looks at the content."""
        if operation == "gtt.token":
            return None if request.method == "POST" else self._wrong_method({"POST"})
        token = self.desk.known(request)
        if token is None or not token.is_good:
            return self._refused(401, "Missing or expired Bearer token.", {"WWW-Authenticate": "Bearer"})
        address = read_address(request.path)
        if address is None or address.version not in self.versions.get(address.kind, ()):
            return self._refused(404, "Not found.")
        return self._gate_of(address, request, token)

    def _gate_of(self, address: Address, request: Request, token: Token) -> Answer | None:
        if address.namespace not in self.desk.namespaces.get(token.client_id, ()):
            text = f"Token does not have permission for the specified namespace {address.namespace}."
            return self._refused(403, text)
        allowed = {
            method
            for kind, named, method in OPERATIONS
            if (kind, named) == (address.kind, bool(address.name))
        }
        if address.kind == "case" and address.name:
            allowed = {"GET", *self.update_methods}
        if request.method not in allowed:
            return self._wrong_method(allowed)
        if request.method in ("POST", "PUT", "PATCH") and request.media_type != "application/json":
            return self._refused(415, "Content-Type must be application/json.")
        return None

    # Answers

    def handle(self, operation: str, request: Request) -> Answer:
        if operation == "gtt.token":
            return self.desk.issue(request)
        address = read_address(request.path)
        if address is None:  # the gate has seen to it
            return self._refused(404, "Not found.")
        return self._actions()[operation](request, address)

    def _actions(self) -> dict[str, Callable[[Request, Address], Answer]]:
        return {
            "gtt.create": self._create,
            "gtt.list": self._list,
            "gtt.get": self._get,
            "gtt.update": self._update,
            "gtt.webhook_create": self._subscribe,
            "gtt.webhook_list": self._subscriptions,
            "gtt.webhook_get": self._subscription,
            "gtt.webhook_delete": self._subscription,
        }

    def _create(self, request: Request, address: Address) -> Answer:
        reading = envelope.read_new_case(request, address, self.choices)
        if reading.problems:
            return self._invalid(reading)
        fields = {key: reading.spec[key] for key in envelope.FIELDS if key in reading.spec}
        case = self.book.add(address.namespace, self.client(request), fields)
        return self._told(case, address, 201, reading)

    def _list(self, request: Request, address: Address) -> Answer:
        cases = [case for case in reversed(self.book.all()) if case.namespace == address.namespace]
        rows = [(case.name, self.book.to_wire(case, address.version)) for case in cases]
        page = page_of(rows, request, self.list_style, self.page_size)
        return invalid([page], self.error_shape) if isinstance(page, Problem) else page

    def _get(self, request: Request, address: Address) -> Answer:
        case = self.book.find(address.namespace, address.name)
        if case is None:
            return self._refused(404, f"There is no case {address.name}.")
        return Answer(200, self.book.to_wire(case, address.version))

    def _update(self, request: Request, address: Address) -> Answer:
        case = self.book.find(address.namespace, address.name)
        if case is None:
            return self._refused(404, f"There is no case {address.name}.")
        is_whole, shown = request.method == "PUT", self.book.to_wire(case, address.version)
        reading = envelope.read_update(request, address, self.choices, shown, is_whole=is_whole)
        if reading.problems:
            return self._invalid(reading)
        if case.is_closed:
            return self._refused(409, f"{case.name} is closed and cannot be changed any more.")
        if self.refuses_stale_updates and _is_stale(reading, shown):
            return self._refused(409, f"{case.name} was changed by somebody else meanwhile. Read it again.")
        changes = envelope.changes_in(reading, is_whole=is_whole)
        self.book.change(case, changes, envelope.new_comments(reading), self.client(request))
        return self._told(case, address, 200, reading)

    def _subscribe(self, request: Request, address: Address) -> Answer:
        reading = read_webhook(request, address, self.webhook_actions, self.webhook_hosts)
        if reading.problems:
            return self._invalid(reading)
        webhook = Webhook(
            reading.top["name"],
            address.version,
            address.namespace,
            reading.top.get("metadata", {}),
            reading.spec,
            self.book.clock.now(),
        )
        if not self.webhooks.add(webhook):
            return self._refused(409, f"There is a webhook {webhook.name} already.")
        return Answer(201, webhook.to_wire(), webhook_names=[webhook.name], ignored=reading.ignored)

    def _subscriptions(self, request: Request, address: Address) -> Answer:
        webhooks = sorted(self.webhooks.all(address.namespace), key=lambda webhook: webhook.name)
        rows = [(webhook.name, webhook.to_wire()) for webhook in reversed(webhooks)]
        page = page_of(rows, request, self.list_style, self.page_size)
        return invalid([page], self.error_shape) if isinstance(page, Problem) else page

    def _subscription(self, request: Request, address: Address) -> Answer:
        webhook = self.webhooks.find(address.namespace, address.name)
        if webhook is None:
            return self._refused(404, f"There is no webhook {address.name}.")
        if request.method != "DELETE":
            return Answer(200, webhook.to_wire())
        self.webhooks.drop(webhook)
        return Answer(204, webhook_names=[webhook.name])

    def _told(self, case: Case, address: Address, status: int, reading: Reading) -> Answer:
        data = self.book.to_wire(case, address.version)
        return Answer(status, data, case_names=[case.name], ignored=reading.ignored)

    def _invalid(self, reading: Reading) -> Answer:
        return invalid(reading.problems, self.error_shape, reading.ignored)

    def _refused(self, status: int, text: str, headers: dict[str, str] | None = None) -> Answer:
        return refused(status, text, self.error_shape, headers)

    def _wrong_method(self, allowed: set[str]) -> Answer:
        return self._refused(405, "Method not allowed.", {"Allow": ", ".join(sorted(allowed))})


def read_address(path: str) -> Address | None:
    match = RESOURCE.fullmatch(path)
    if match is None:
        return None
    version, namespace, kind, name = (unquote(part or "") for part in match.groups())
    return Address(version, namespace, kind, name)


def _is_stale(reading: Reading, shown: dict[str, Any]) -> bool:
    """Whether an update that says on which state of the case it was built names an older one."""
    now = shown["spec"].get("updated_at")
    return now is not None and reading.spec.get("updated_at", now) != now
