"""The sandbox's own addresses under /_sandbox: for the trainer's browser and for other processes.

A form is answered with a redirect to the page, JSON with JSON. Whoever can reach the port may use it: the sandbox
listens on the loopback unless told otherwise, and holds nothing but inventions.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from portal.vendors.sandbox import page
from portal.vendors.sandbox.message import Answer, Request, html

if TYPE_CHECKING:
    from portal.vendors.sandbox.box import Sandbox

Action = Callable[[dict[str, Any]], None]
ROOT = "/_sandbox/"
SHEET = Path(__file__).with_name("page.css")
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
NUMBERS = {"index": int, "retry_after": int, "seconds": float, "megabytes": int, "levels": int}
NO_ARGS = ("name", "times", "on", "chance")


class Control:
    """Answers requests to /_sandbox."""

    def __init__(self, box: "Sandbox") -> None:
        self.box = box

    def answer(self, request: Request) -> Answer:
        if request.method == "GET":
            return self._show(request)
        if request.method != "POST":
            return Answer(405, {"detail": "Use GET or POST."})
        if not _is_same_origin(request):
            return Answer(403, {"detail": "Another site's page may not steer the sandbox."})
        action = self._action(request.path)
        if action is None:
            return Answer(404, {"detail": "The sandbox has no such address."})
        try:
            action(_fields(request))
        except (ValueError, TypeError, KeyError) as error:
            return _refused(request, str(error))
        return _done(request)

    def _show(self, request: Request) -> Answer:
        if request.path == ROOT.rstrip("/"):
            return Answer(307, None, headers={"Location": ROOT})
        if request.path == ROOT:
            answer = html(200, page.render(self.box, request.query))
            answer.headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
            if request.query.get("watch"):
                answer.headers["Refresh"] = "3"
            return answer
        if request.path == ROOT + "page.css":
            return Answer(200, SHEET.read_text(), content_type="text/css; charset=utf-8")
        if request.path == ROOT + "truth":
            return Answer(200, self._truth())
        return Answer(404, {"detail": "The sandbox has no such address."})

    def _truth(self) -> dict[str, Any]:
        with self.box.lock:
            things = {key: value for vendor in self.box.vendors for key, value in vendor.truth().items()}
        return {
            "requests": [record.as_json() for record in self.box.truth],
            **things,
            "faults": [vars(armed) for armed in self.box.faults],
            "seed": self.box.seed,
            "most_requests_in_any_minute": self.box.most_requests_in_any_minute(),
        }

    def _action(self, path: str) -> Action | None:
        actions: dict[str, Action] = {
            "faults": self._arm,
            "faults/clear": lambda fields: self.box.clear_faults(),
            "advance": lambda fields: self.box.advance(float(fields["seconds"])),
            "down": self._set_down,
            "seed": self._sow,
            "revoke": lambda fields: self.box.revoke_tokens(),
            "reset": lambda fields: self.box.reset(),
        }
        name = path.removeprefix(ROOT)
        return actions.get(name) or self._action_of_a_vendor(name)

    def _action_of_a_vendor(self, name: str) -> Action | None:
        action = next((found for vendor in self.box.vendors if (found := vendor.action(name))), None)
        if action is None:
            return None

        def locked(fields: dict[str, Any]) -> None:
            with self.box.lock:
                action(fields)

        return locked

    def _arm(self, fields: dict[str, Any]) -> None:
        args = {key: value for key, value in fields.items() if key not in NO_ARGS and value != ""}
        args = {key: NUMBERS[key](value) if key in NUMBERS else value for key, value in args.items()}
        times = int(fields["times"]) if fields.get("times") else None
        chance = float(fields["chance"]) if fields.get("chance") else None
        self.box.fail_next(fields["name"], times, fields.get("on") or "create", chance=chance, **args)

    def _sow(self, fields: dict[str, Any]) -> None:
        self.box.seed = int(fields["seed"])

    def _set_down(self, fields: dict[str, Any]) -> None:
        self.box.down = str(fields.get("down", "true")).lower() == "true"


def _is_same_origin(request: Request) -> bool:
    """Browsers name the page a form came from; programs do not."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _fields(request: Request) -> dict[str, Any]:
    if request.trouble:
        raise ValueError(request.trouble)
    if request.media_type == "application/json":
        if request.json is not None and not isinstance(request.json, dict):
            raise ValueError("Send a JSON object.")
        return request.json or {}
    return request.parts


def _is_form(request: Request) -> bool:
    return request.media_type == "application/x-www-form-urlencoded"


def _done(request: Request) -> Answer:
    if _is_form(request):
        return Answer(303, None, headers={"Location": ROOT})
    return Answer(200, {"ok": True})


def _refused(request: Request, text: str) -> Answer:
    if _is_form(request):
        return Answer(303, None, headers={"Location": f"{ROOT}?problem={quote(text)}"})
    return Answer(400, {"detail": text})
