"""The trainer's page: plain HTML, no script, so that every button works everywhere."""

from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

from portal.vendors.sandbox.granite.accounts import ACCOUNTS, SandboxAccount
from portal.vendors.sandbox.granite.tickets import CANCELLED, STATUSES, TECHNICIANS

if TYPE_CHECKING:
    from portal.vendors.sandbox.box import Sandbox
    from portal.vendors.sandbox.faults import Armed, Kind
    from portal.vendors.sandbox.truth import Record

RECENT = 15
SHOWN_TICKETS = 60


def render(box: "Sandbox", query: dict[str, str]) -> str:
    """The whole page, as the sandbox is now."""
    with box.lock:
        tickets = sorted(box.tickets.values(), key=lambda ticket: -ticket["id"])
        sections = [
            _strip(box, tickets),
            _requests(box.truth[-RECENT:][::-1]),
            _faults(box),
            _tickets([ticket for ticket in tickets if not ticket["date_resolved"]][:SHOWN_TICKETS]),
            _accounts(),
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
<header><h1>Vendor sandbox</h1><p>Granite, as the portal meets it here. Nothing on this page reaches a real vendor.</p>
<nav><a href="/_sandbox/">Refresh</a> {watch} <a href="/_sandbox/truth">Truth log (JSON)</a></nav></header>
<main>{notice}{"".join(sections)}</main>
</body></html>
"""


def _strip(box: "Sandbox", tickets: list[dict[str, Any]]) -> str:
    used = max(box.granite.minute.used().values(), default=0)
    open_count = sum(1 for ticket in tickets if not ticket["date_resolved"])
    facts = [
        ("Requests in the last minute", f"{used} of {box.limit}"),
        ("Most in any minute", str(box.most_requests_in_any_minute())),
        ("Tickets open / all", f"{open_count} / {len(tickets)}"),
        ("Faults waiting", str(sum(armed.left or 1 for armed in box.faults))),
        ("Seed of the chances", str(box.seed)),
        ("Connections", "closed unread" if box.down else "answered"),
    ]
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    buttons = (
        _button(
            "down", {"down": str(not box.down).lower()}, "Bring it up again" if box.down else "Take it down"
        )
        + _button("advance", {"seconds": "60"}, "Move tickets on by 60 s")
        + _button("advance", {"seconds": "300"}, "Move tickets on by 5 min")
        + _button("revoke", {}, "Revoke all tokens")
        + _button("reset", {}, "Forget everything", kind="danger")
    )
    return f'<section id="now"><h2>Now</h2><dl>{cells}</dl><div class="row">{buttons}</div></section>'


def _faults(box: "Sandbox") -> str:
    waiting = "".join(f"<li>{_armed(armed)}</li>" for armed in box.faults)
    clear = _button("faults/clear", {}, "Clear all") if waiting else ""
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


def _tickets(tickets: list[dict[str, Any]]) -> str:
    rows = "".join(_ticket_row(ticket) for ticket in tickets)
    body = (
        _table("Open tickets", ("Ticket", "Location", "Status", "Technician", "Set"), rows)
        if rows
        else "<p>No ticket is open.</p>"
    )
    return f'<section id="tickets"><h2>Open tickets</h2>{body}</section>'


def _ticket_row(ticket: dict[str, Any]) -> str:
    number = ticket["id"]
    path = f"tickets/{number}"
    statuses = "".join(_button(path, {"status_name": status}, status) for status in (*STATUSES, CANCELLED))
    technicians = "".join(
        f'<option value="{escape(name)}">{escape(name)}</option>' for _, name, _ in TECHNICIANS
    )
    held = (
        f"<br><small>held by hand</small> {_button(path, {'let_go': '1'}, 'Let go')}"
        if ticket["is_by_hand"]
        else ""
    )
    return f"""<tr><th scope="row">{number}<br><small>{_text(ticket["customer_ticket_number"])}</small></th>
<td>{_text(ticket["location_name"])}<br><small>{_text(ticket["city"])}, {_text(ticket["state_identifier"])}</small></td>
<td>{_text(ticket["status_name"])}{held}</td><td>{_text(ticket["technician_name"])}</td>
<td><div class="row">{statuses}</div><form method="post" action="/_sandbox/{path}" class="row">
<select name="technician_name" aria-label="Technician of {number}">{technicians}</select><button>Send this one</button></form></td></tr>"""


def _requests(records: list["Record"]) -> str:
    rows = "".join(_request_row(record) for record in records)
    heads = ("Time", "Call", "Outcome", "Really created", "Said")
    body = _table("Recent requests", heads, rows) if rows else "<p>Nobody has called yet.</p>"
    return f'<section id="requests"><h2>Recent requests</h2>{body}</section>'


def _request_row(record: "Record") -> str:
    moment = datetime.fromtimestamp(record.at).strftime("%H:%M:%S")
    is_good = record.status == 200
    created = ", ".join(str(ticket_id) for ticket_id in record.ticket_ids)
    fault = f" <small>({escape(record.fault)})</small>" if record.fault else ""
    return f"""<tr><td>{moment}</td><td>{escape(record.operation)}<br><small>{escape(record.method)}
{escape(record.path)}</small></td><td class="{"good" if is_good else "bad"}">{escape(str(record.status))}{fault}</td>
<td>{created or "–"}</td><td>{escape(record.problem[:300])}</td></tr>"""


def _accounts() -> str:
    rows = "".join(_account_row(account) for account in ACCOUNTS)
    table = _table("Accounts", ("macnum", "id", "Store", "Address", "Contact"), rows)
    return f"""<section id="accounts"><h2>Accounts</h2>
<details><summary>{len(ACCOUNTS)} accounts to search and send to</summary>{table}</details></section>"""


def _account_row(account: SandboxAccount) -> str:
    note = "<br><small>The portal's own address differs.</small>" if account.differs else ""
    address = f"{account.address_line_1}, {account.city}, {account.state} {account.zip}"
    return f"""<tr><th scope="row">{escape(account.macnum)}</th><td>{account.id}</td><td>{escape(account.site_name)}</td>
<td>{escape(address)}{note}</td><td>{escape(account.contact)}, {escape(account.contact_phone)}</td></tr>"""


def _table(label: str, heads: tuple[str, ...], rows: str) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _button(path: str, fields: dict[str, str], text: str, kind: str = "") -> str:
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    style = f' class="{escape(kind)}"' if kind else ""
    return f'<form method="post" action="/_sandbox/{escape(path)}">{hidden}<button{style}>{escape(text)}</button></form>'


def _text(value: object) -> str:
    return "–" if value is None else escape(str(value))
