"""Where a list goes on. No page of GTT speaks of it, so the usual ways are understood, and none leads elsewhere."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from portal.vendors.errors import Exchange

_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_REL_NEXT = re.compile(r';\s*rel\s*=\s*"?\s*next\s*"?', re.IGNORECASE)


def following(
    data: Any, exchange: Exchange, *, base_url: str, first: str, asked: str
) -> tuple[str | None, bool]:
    """The path and query of the next page, and whether nothing is left out: (None, True) at the end.

    A link to another host or to anything but this list is not followed, for our token goes with it.
    """
    wanted = _wanted(data, exchange)
    if wanted is None:
        return None, True
    kind, value = wanted
    link = value if kind == "link" else f"{base_url}{first}?{urlencode({kind: value})}"
    found = _within(link, base_url, first, asked)
    if found is None or found == asked:
        return None, False
    return found, True


def _wanted(data: Any, exchange: Exchange) -> tuple[str, str] | None:
    """A link, or a query parameter and its value."""
    body = _object(data)
    links = _object(body.get("links")) or _object(body.get("_links"))
    for value in (body.get("next"), links.get("next")):
        value = _object(value).get("href", value)
        if _is_said(value):
            text = str(value)
            is_link = re.match(r"https?://|[/?]", text)
            return ("link" if is_link else "page" if text.isdigit() else "next"), text
    for name, parameter in (("nextPageToken", "pageToken"), ("next_page_token", "page_token")):
        if _is_said(body.get(name)):
            return parameter, str(body[name])
    token = _object(body.get("metadata")).get("continue")
    if _is_said(token):
        return "continue", str(token)
    return _in_header(exchange)


def _in_header(exchange: Exchange) -> tuple[str, str] | None:
    header = next((value for name, value in exchange.response_headers.items() if name.lower() == "link"), "")
    for link, parameters in _LINK.findall(header):
        if _REL_NEXT.search(parameters):
            return "link", link
    return None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_said(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and bool(str(value).strip())


def _within(link: str, base_url: str, first: str, asked: str) -> str | None:
    """What follows our base address in a link to the same list; None for any other link."""
    try:
        there, here = urlsplit(urljoin(base_url + asked, link)), urlsplit(base_url)
        is_here = (there.scheme, there.netloc.lower()) == (here.scheme, here.netloc.lower())
    except ValueError:
        return None
    if not is_here or there.path.rstrip("/") != here.path.rstrip("/") + first:
        return None
    return f"{first}?{there.query}" if there.query else first
