"""Subscriptions: who wants to hear of what, and at which address.

Source: dx.stage.gtt.net/?p=345. Its actions, its error bodies and everything about reading and ending are ours.
"""

from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from portal.vendors.sandbox.gtt.envelope import Address, Reading, read_envelope
from portal.vendors.sandbox.message import Request

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
METHODS = ("POST", "PUT")
REQUIRED = ("url", "version", "kind", "action")
LONGEST_NAME = 100


@dataclass
class Webhook:
    """`spec` holds url, version, kind and action; `created` is in seconds since the epoch."""

    name: str
    version: str
    namespace: str
    metadata: dict[str, Any]
    spec: dict[str, Any]
    created: float

    @property
    def method(self) -> str:
        """POST, unless the registration asks for PUT: one page says the first, another both."""
        wanted = self.spec.get("method") or self.metadata.get("method")
        return wanted if wanted in METHODS else METHODS[0]

    def to_wire(self) -> dict[str, Any]:
        head = {"kind": "webhook", "version": self.version, "namespace": self.namespace, "name": self.name}
        return {**head, "metadata": self.metadata, "spec": self.spec}


class WebhookBook:
    """All subscriptions, in the order of their making. The caller holds the sandbox's lock."""

    def __init__(self) -> None:
        self._webhooks: dict[tuple[str, str], Webhook] = {}

    def add(self, webhook: Webhook) -> bool:
        """False if the namespace has one of that name."""
        key = (webhook.namespace, webhook.name)
        if key in self._webhooks:
            return False
        self._webhooks[key] = webhook
        return True

    def find(self, namespace: str, name: str) -> Webhook | None:
        return self._webhooks.get((namespace, name))

    def drop(self, webhook: Webhook) -> None:
        self._webhooks.pop((webhook.namespace, webhook.name), None)

    def all(self, namespace: str | None = None) -> list[Webhook]:
        return [one for one in self._webhooks.values() if namespace in (None, one.namespace)]

    def wanting(self, namespace: str, kind: str, action: str) -> list[Webhook]:
        return [
            one for one in self.all(namespace) if (one.spec["kind"], one.spec["action"]) == (kind, action)
        ]

    def dump(self) -> list[dict[str, Any]]:
        return [asdict(webhook) for webhook in self.all()]

    def restore(self, rows: list[dict[str, Any]]) -> None:
        """Instead of those there are."""
        webhooks = [Webhook(**row) for row in rows]
        self._webhooks = {(one.namespace, one.name): one for one in webhooks}

    def clear(self) -> None:
        self._webhooks.clear()


def read_webhook(request: Request, address: Address, actions: set[str], hosts: set[str] | None) -> Reading:
    """`hosts`: where the sandbox may deliver to; None is everywhere."""
    reading = read_envelope(request, address)
    name = reading.top.get("name")
    if reading.top and not (isinstance(name, str) and 0 < len(name.strip()) <= LONGEST_NAME):
        reading.refuse("name", f"Give a name of at most {LONGEST_NAME} characters.")
    for key in REQUIRED if reading.spec else ():
        if not isinstance(value := reading.spec.get(key), str) or not value:
            reading.refuse(f"spec.{key}", "This field is required." if value is None else "Must be a string.")
    if reading.problems:
        return reading
    if reading.spec["kind"] != "case" or reading.spec["version"] != "v1alpha":
        reading.refuse("spec.kind", "There are no events of this kind and version.")
    if reading.spec["action"] not in actions:
        reading.refuse("spec.action", f"Must be one of: {', '.join(sorted(actions))}.")
    if problem := url_problem(reading.spec["url"], hosts):
        reading.refuse("spec.url", problem)
    reading.ignored += [f"spec.{key}" for key in reading.spec if key not in (*REQUIRED, "method")]
    return reading


def url_problem(url: str, hosts: set[str] | None) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "Must be an address."
    if parts.scheme not in ("http", "https") or not host or not url.isascii() or not url.isprintable():
        return "Must be an address that begins with http:// or https://."
    if hosts is not None and host not in hosts:
        return f"This sandbox delivers only to {', '.join(sorted(hosts))}."
    return ""
