"""The trainer's page: plain HTML, no script, so that every button works everywhere."""

from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from portal.vendors.sandbox.markup import button, table

if TYPE_CHECKING:
    from portal.vendors.sandbox.box import Sandbox
    from portal.vendors.sandbox.faults import Armed, Kind
    from portal.vendors.sandbox.truth import Record

RECENT = 15


def render(box: "Sandbox", query: dict[str, str]) -> str:
    """The whole page, as the sandbox is now."""
    with box.lock:
        sections = [
            _strip(box),
            _requests(box.truth[-RECENT:][::-1]),
            _faults(box),
            *(section for vendor in box.vendors for section in vendor.sections()),
        ]
    problem = query.get("problem", "")
    notice = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    watch = (
        '<a href="?">Stop watching</a>'
        if query.get("watch")
        else '<a href="?watch=1">Watch (reload every 3 s)</a>'
    )
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Vendor sandbox</title>
<link rel="stylesheet" href="/_sandbox/page.css"></head>
<body>
<header><h1>Vendor sandbox</h1><p>Granite and GTT, as the portal meets them here. Nothing on this page reaches a real vendor.</p>
<nav><a href="/_sandbox/">Refresh</a> {watch} <a href="/_sandbox/truth">Truth log (JSON)</a></nav></header>
<main>{notice}{"".join(sections)}</main>
</body></html>
"""


def _strip(box: "Sandbox") -> str:
    facts = [
        *(fact for vendor in box.vendors for fact in vendor.facts()),
        ("Most to Granite in any minute", str(box.most_requests_in_any_minute())),
        ("Faults waiting", str(sum(armed.left or 1 for armed in box.faults))),
        ("Seed of the chances", str(box.seed)),
        ("Connections", "closed unread" if box.down else "answered"),
    ]
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    buttons = (
        button(
            "down", {"down": str(not box.down).lower()}, "Bring it up again" if box.down else "Take it down"
        )
        + button("advance", {"seconds": "60"}, "Move everything on by 60 s")
        + button("advance", {"seconds": "300"}, "Move everything on by 5 min")
        + button("revoke", {}, "Revoke all tokens")
        + button("reset", {}, "Forget everything", kind="danger")
    )
    return f'<section id="now"><h2>Now</h2><dl>{cells}</dl><div class="row">{buttons}</div></section>'


def _faults(box: "Sandbox") -> str:
    waiting = "".join(f"<li>{_armed(armed)}</li>" for armed in box.faults)
    clear = button("faults/clear", {}, "Clear all") if waiting else ""
    shown = (
        f"<ul>{waiting}</ul>{clear}"
        if waiting
        else "<p>None is waiting: every call is answered properly.</p>"
    )
    cards = "".join(_fault_card(kind, box.operations) for kind in box.fault_kinds.values())
    return f"""<section id="faults"><h2>Faults for the next calls</h2>{shown}
<h3>Arm a fault</h3><ul class="cards">{cards}</ul></section>"""


def _armed(armed: "Armed") -> str:
    more = "".join(f", {escape(key)} {escape(str(value))}" for key, value in armed.args.items())
    chance = f", each with a chance of {armed.chance:g}" if armed.chance is not None else ""
    left = "until cleared" if armed.left is None else f"{armed.left} more"
    return f"<code>{escape(armed.name)}</code> on {escape(armed.on)}, {left}{chance}{more}"


def _fault_card(kind: "Kind", operations: list[str]) -> str:
    name = escape(kind.name)
    choices = "".join(
        f"<option{' selected' if one == 'create' else ''}>{escape(one)}</option>" for one in operations
    )
    inputs = "".join(
        f'<input name="{escape(arg)}" size="8" placeholder="{escape(arg)}" aria-label="{name}: {escape(arg)}">'
        for arg in kind.args
    )
    return f"""<li><p><code>{name}</code> {escape(kind.sentence)}</p>
<form method="post" action="/_sandbox/faults" class="row"><input type="hidden" name="name" value="{name}">
<select name="on" aria-label="{name}: call">{choices}<option>any</option></select>
<input name="times" type="number" min="1" max="999" placeholder="once" aria-label="{name}: times">
<input name="chance" type="number" min="0.01" max="1" step="0.01" placeholder="chance" aria-label="{name}: chance">{inputs}
<button aria-label="Arm {name}">Arm</button></form></li>"""


def _requests(records: list["Record"]) -> str:
    rows = "".join(_request_row(record) for record in records)
    heads = ("Time", "Call", "Outcome", "Really created or changed", "Said")
    body = table("Recent requests", heads, rows) if rows else "<p>Nobody has called yet.</p>"
    return f'<section id="requests"><h2>Recent requests</h2>{body}</section>'


def _request_row(record: "Record") -> str:
    moment = datetime.fromtimestamp(record.at).strftime("%H:%M:%S")
    is_good = record.status in (200, 201, 204)
    created = ", ".join(str(made) for made in (*record.ticket_ids, *record.case_names, *record.webhook_names))
    fault = f" <small>({escape(record.fault)})</small>" if record.fault else ""
    return f"""<tr><td>{moment}</td><td>{escape(record.operation)}<br><small>{escape(record.method)}
{escape(record.path)}</small></td><td class="{"good" if is_good else "bad"}">{escape(str(record.status))}{fault}</td>
<td>{created or "–"}</td><td>{escape(record.problem[:300])}</td></tr>"""
