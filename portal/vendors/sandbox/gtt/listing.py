"""Lists in pages. GTT's own way is not documented, so the sandbox knows all those that are usual."""

import base64
import binascii
from typing import Any
from urllib.parse import quote

from portal.vendors.sandbox.gtt.errors import Problem
from portal.vendors.sandbox.message import Answer, Request

# How the answer names its rows, and where it says how to go on. "bare" is the list alone, with a Link header.
STYLES = ("continue", "token", "next", "bare", "one page")
QUESTIONS = ("continue", "pageToken", "page", "cursor")
LARGEST_PAGE = 500


def page_of(
    rows: list[tuple[str, dict[str, Any]]], request: Request, style: str, size: int
) -> Answer | Problem:
    """One page of the rows, each with the key by which they are sorted, downwards.

    A page begins after the last key of the one before, so that a new row moves nothing from page to page.
    """
    if (limit := request.query.get("limit", "")) and not (limit.isdecimal() and int(limit[:6])):
        return Problem("limit", "Must be a number above 0.")
    size = min(int(limit[:6]) if limit else size, LARGEST_PAGE)
    token = next((request.query[name] for name in QUESTIONS if request.query.get(name)), "")
    after = _key_in(token) if token else None
    if token and not after:
        return Problem("continue", "No such page.")
    left = [(key, row) for key, row in rows if after is None or key < after]
    shown = left if style == "one page" else left[:size]
    more = _token(shown[-1][0]) if len(left) > len(shown) else ""
    return _in_style(style, [row for _, row in shown], more, request)


def _in_style(style: str, rows: list[dict[str, Any]], more: str, request: Request) -> Answer:
    here = f"http://{request.headers.get('host', '127.0.0.1')}{quote(request.path)}"
    limit = f"&limit={quote(request.query['limit'])}" if request.query.get("limit") else ""
    following = f"{here}?page={more}{limit}" if more else None
    if style == "bare":
        headers = {"Link": f'<{following}>; rel="next"'} if following else {}
        return Answer(200, rows, headers=headers)
    if style == "token":
        return Answer(200, {"results": rows, **({"nextPageToken": more} if more else {})})
    if style == "next":
        return Answer(200, {"data": rows, "next": following})
    return Answer(200, {"items": rows, "metadata": {"continue": more} if more else {}})


def _token(key: str) -> str:
    return base64.urlsafe_b64encode(f"after:{key}".encode()).decode().rstrip("=")


def _key_in(token: str) -> str | None:
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return text.removeprefix("after:") if text.startswith("after:") else None
