"""What a test notices besides what it looks for: complaints of the browser, and barriers for people."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Page

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OF_COLOUR = ["color-contrast", "link-in-text-block"]  # all that another theme can change
GRAVE = ("serious", "critical")
REPORT_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`))"""


class Watcher:
    """Collects errors of the console, of scripts and of the content policy."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.expected: list[str] = []

    def watch(self, context: BrowserContext) -> None:
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._read)
        context.on("weberror", lambda event: self._complain(f"script: {event.error}"))

    def expect(self, *patterns: str) -> None:
        """From now on these are no complaints: the test provokes them."""
        self.expected += patterns

    def _read(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._complain(f"{message.text} ({message.location.get('url', '')})")

    def _complain(self, text: str) -> None:
        if not any(re.search(pattern, text) for pattern in self.expected):
            self.complaints.append(text)


def barriers(page: Page, *, only_colours: bool = False) -> tuple[list[str], list[str]]:
    """What axe finds: the grave ones (serious, critical) and the rest, one sentence each.

    Evaluated through the debugger, which the page's content policy does not bind.
    """
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text())
    run_only = {"type": "rule", "values": OF_COLOUR} if only_colours else {"type": "tag", "values": RULES}
    found = page.evaluate(
        "(runOnly) => axe.run(document, {runOnly, resultTypes: ['violations'], preload: false})", run_only
    )
    grave, slight = [], []
    for violation in found["violations"]:
        (grave if violation["impact"] in GRAVE else slight).append(_sentence(violation))
    return grave, slight


def _sentence(violation: dict[str, Any]) -> str:
    nodes = violation["nodes"]
    where = "; ".join(f"{' '.join(map(str, node['target']))} [{_why(node)}]" for node in nodes[:4])
    return f"{violation['impact']} {violation['id']}: {violation['help']} ({len(nodes)}) at {where}"


def _why(node: dict[str, Any]) -> str:
    checks = [check["message"] for kind in ("any", "all", "none") for check in node[kind]]
    return (checks or [""])[0][:200]


def width_of(page: Page) -> tuple[int, int]:
    """How wide the document is, and how wide the window."""
    return tuple(page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]"))


def widest(page: Page) -> list[str]:
    """What sticks out on the right, for the message of a failed test."""
    return page.evaluate(
        """() => [...document.querySelectorAll("body *")]
          .filter((one) => one.getBoundingClientRect().right > window.innerWidth + 0.5)
          .slice(0, 8).map((one) => `${one.tagName.toLowerCase()}.${one.className}#${one.id}`)"""
    )


def is_focus_visible(page: Page) -> bool:
    """Whether one sees where the focus is: an outline, a shadow, or a frame that the unfocused element has not."""
    return page.evaluate(
        """() => {
          const one = document.activeElement;
          if (!one || one === document.body) return false;
          const box = one.getBoundingClientRect();
          const style = getComputedStyle(one);
          const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
          // The little calendar inside a date field has a ring of its own, which scripts cannot see.
          const isInside = one.type === "datetime-local" && !one.matches(":focus-visible");
          return box.width > 0 && box.height > 0 && (outlined || isInside || style.boxShadow !== "none");
        }"""
    )


def focused(page: Page) -> str:
    """What has the focus, for messages and for finding one's way."""
    return page.evaluate(
        """() => { const one = document.activeElement;
          return `${one.tagName.toLowerCase()}#${one.id}[name=${one.getAttribute("name")}] `
            + (one.innerText || "").trim().slice(0, 40); }"""
    )
