"""Granite's sections of the trainer's page."""

from html import escape
from typing import Any

from portal.vendors.sandbox.granite.accounts import ACCOUNTS, SandboxAccount
from portal.vendors.sandbox.granite.tickets import CANCELLED, STATUSES, TECHNICIANS, TicketBook
from portal.vendors.sandbox.markup import button, table, text

SHOWN_TICKETS = 60


def sections(book: TicketBook) -> list[str]:
    tickets = sorted(book.snapshot().values(), key=lambda ticket: -ticket["id"])
    is_open = [ticket for ticket in tickets if not ticket["date_resolved"]]
    return [_tickets(is_open[:SHOWN_TICKETS]), _accounts()]


def _tickets(tickets: list[dict[str, Any]]) -> str:
    rows = "".join(_ticket_row(ticket) for ticket in tickets)
    body = (
        table("Open tickets", ("Ticket", "Location", "Status", "Technician", "Set"), rows)
        if rows
        else "<p>No ticket is open.</p>"
    )
    return f'<section id="tickets"><h2>Open tickets</h2>{body}</section>'


def _ticket_row(ticket: dict[str, Any]) -> str:
    number = ticket["id"]
    path = f"tickets/{number}"
    statuses = "".join(button(path, {"status_name": status}, status) for status in (*STATUSES, CANCELLED))
    technicians = "".join(
        f'<option value="{escape(name)}">{escape(name)}</option>' for _, name, _ in TECHNICIANS
    )
    held = (
        f"<br><small>held by hand</small> {button(path, {'let_go': '1'}, 'Let go')}"
        if ticket["is_by_hand"]
        else ""
    )
    return f"""<tr><th scope="row">{number}<br><small>{text(ticket["customer_ticket_number"])}</small></th>
<td>{text(ticket["location_name"])}<br><small>{text(ticket["city"])}, {text(ticket["state_identifier"])}</small></td>
<td>{text(ticket["status_name"])}{held}</td><td>{text(ticket["technician_name"])}</td>
<td><div class="row">{statuses}</div><form method="post" action="/_sandbox/{path}" class="row">
<select name="technician_name" aria-label="Technician of {number}">{technicians}</select><button>Send this one</button></form></td></tr>"""


def _accounts() -> str:
    rows = "".join(_account_row(account) for account in ACCOUNTS)
    found = table("Accounts", ("macnum", "id", "Store", "Address", "Contact"), rows)
    return f"""<section id="accounts"><h2>Accounts</h2>
<details><summary>{len(ACCOUNTS)} accounts to search and send to</summary>{found}</details></section>"""


def _account_row(account: SandboxAccount) -> str:
    note = "<br><small>The portal's own address differs.</small>" if account.differs else ""
    address = f"{account.address_line_1}, {account.city}, {account.state} {account.zip}"
    return f"""<tr><th scope="row">{escape(account.macnum)}</th><td>{account.id}</td><td>{escape(account.site_name)}</td>
<td>{escape(address)}{note}</td><td>{escape(account.contact)}, {escape(account.contact_phone)}</td></tr>"""
