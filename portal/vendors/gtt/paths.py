"""Where GTT keeps things: the one grammar of all its addresses.

Source: dx.dev.gtt.net/?p=329 (cases), dx.stage.gtt.net/?p=345 (webhooks). Only creating is shown there; that one
thing is found under its name by the same grammar is our reading.
"""

from __future__ import annotations

from urllib.parse import quote

CASE = "case"
WEBHOOK = "webhook"
CASE_VERSION = "v1alpha"
# The page on webhooks prints v1, all others v1alpha. The second is tried where the first is not known (404).
WEBHOOK_VERSIONS: tuple[str, ...] = ("v1", "v1alpha")


def path_of(kind: str, namespace: str, name: str = "", *, version: str) -> str:
    """`/apis/{version}/namespaces/{namespace}/{kind}[/{name}]`. Raises ValueError for a part that is none."""
    parts = ["apis", version, "namespaces", namespace, kind, *([name] if name else [])]
    if any(not part.strip() or set(part) == {"."} for part in parts):
        raise ValueError(f"GTT has no address for {kind} {name!r} of the namespace {namespace!r}.")
    return "/" + "/".join(quote(part, safe="") for part in parts)


def case_path(namespace: str, name: str = "") -> str:
    """All cases, or the one of this name."""
    return path_of(CASE, namespace, name, version=CASE_VERSION)


def webhook_path(namespace: str, version: str = WEBHOOK_VERSIONS[0]) -> str:
    return path_of(WEBHOOK, namespace, version=version)
