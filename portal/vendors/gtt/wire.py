"""What goes over the wire to GTT and back, in GTT's own field names.

Here is what we send; `answers` has what we read, and everything is importable from here.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from portal.vendors.complaints import problems_from_body
from portal.vendors.gtt.answers import CASE_EVENT, CaseOnWire, WebhookOnWire, cases_in
from portal.vendors.gtt.comments import CommentOnWire
from portal.vendors.gtt.moments import MomentOnWire, read_moment
from portal.vendors.gtt.paths import CASE, CASE_VERSION, WEBHOOK, WEBHOOK_VERSIONS

__all__ = [
    "CASE_EVENT",
    "CaseOnWire",
    "CommentOnWire",
    "MomentOnWire",
    "NewCase",
    "NewWebhook",
    "WebhookOnWire",
    "as_bytes",
    "cases_in",
    "merged",
    "namespace_in",
    "problems_from_body",
    "read_moment",
    "with_version",
]

REQUIRED = {"short_description", "case_type", "priority", "category"}


@dataclass(frozen=True, kw_only=True)
class NewCase:
    """A case to be raised. GTT names it itself, so nothing here is a reference of ours but what the texts hold."""

    short_description: str
    description: str = ""
    case_type: str
    priority: str
    category: str
    subcategory: str = ""

    def to_body(self, namespace: str) -> dict[str, Any]:
        """The envelope, keys in the contract's order; optional ones that are blank are left out.

        Source: dx.dev.gtt.net/?p=329
        """
        spec = {name: text for name, text in asdict(self).items() if name in REQUIRED or text.strip()}
        return {"kind": CASE, "version": CASE_VERSION, "namespace": namespace, "spec": spec}


@dataclass(frozen=True, kw_only=True)
class NewWebhook:
    """A subscription to one `action` on things of `kind`. `name` is ours to choose and unique in the namespace."""

    name: str
    url: str
    action: str
    version: str = CASE_VERSION
    kind: str = CASE

    def to_body(self, namespace: str) -> dict[str, Any]:
        """Source: dx.stage.gtt.net/?p=345, which lost its indentation: that the last four stand in `spec` is our reading."""
        spec = {"url": self.url, "version": self.version, "kind": self.kind, "action": self.action}
        envelope = {
            "kind": WEBHOOK,
            "version": WEBHOOK_VERSIONS[0],
            "namespace": namespace,
            "name": self.name,
        }
        return {**envelope, "metadata": {}, "spec": spec}


def as_bytes(body: Mapping[str, Any]) -> bytes:
    """A body as it leaves. Made once and kept: the same bytes are sent however often it is tried."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def namespace_in(body: bytes) -> str:
    """The namespace a body was made for; "" where it names none. Raises ValueError for what is no body of ours."""
    value = _object_in(body).get("namespace")
    return value if isinstance(value, str) else ""


def with_version(body: bytes, version: str) -> bytes:
    """The same body for another version of the address; what it watches keeps its own."""
    return as_bytes({**_object_in(body), "version": version})


def merged(raw: Mapping[str, Any], changes: Mapping[str, Any], *, namespace: str = "") -> dict[str, Any]:
    """The whole case as just read, with `changes` in its `spec`: right whether GTT replaces a case or merges it.

    Comments are left out unless they are among the changes, or each of them would be said again.
    """
    body: dict[str, Any] = copy.deepcopy(dict(raw))
    given = body.get("spec")
    spec = {
        name: value
        for name, value in (given if isinstance(given, dict) else {}).items()
        if name != "comments"
    }
    body.pop("comments", None)
    defaults = {"kind": CASE, "version": CASE_VERSION, "namespace": namespace}
    for name, value in defaults.items():
        body[name] = body.get(name) or value
    return {**body, "spec": {**spec, **changes}}


def _object_in(body: bytes) -> dict[str, Any]:
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("The body is no JSON object.")
    return found
