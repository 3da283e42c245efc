"""GTT's sections of the trainer's page."""

from datetime import datetime
from html import escape

from portal.vendors.sandbox.faults import Armed, Kind
from portal.vendors.sandbox.gtt.cases import Case, CaseBook
from portal.vendors.sandbox.gtt.deliveries import HELD, UNSETTLED, Delivery
from portal.vendors.sandbox.gtt.notices import Notices
from portal.vendors.sandbox.gtt.story import STATES
from portal.vendors.sandbox.markup import button, table, text

SHOWN_CASES, SHOWN_DELIVERIES = 40, 20


def sections(book: CaseBook, notices: Notices) -> list[str]:
    cases = [case for case in reversed(book.all()) if not case.is_closed]
    return [_cases(cases[:SHOWN_CASES]), _webhooks(notices), _misfortunes(notices)]


def _cases(cases: list[Case]) -> str:
    rows = "".join(_case_row(case) for case in cases)
    heads = ("Case", "About", "State", "Last comment", "Set")
    shown = table("Open cases", heads, rows) if rows else "<p>No case is open.</p>"
    more = button("gtt/cases", {}, "Open a case that nobody asked for")
    return f'<section id="cases"><h2>Open cases at GTT</h2>{shown}<div class="row">{more}</div></section>'


def _case_row(case: Case) -> str:
    path, name = f"gtt/cases/{case.name}", escape(case.name)
    states = "".join(button(path, {"state": state}, state) for state in STATES)
    held = (
        f"<br><small>held by hand</small> {button(path, {'let_go': '1'}, 'Let go')}"
        if case.is_by_hand
        else ""
    )
    last = case.comments[-1] if case.comments else None
    said = f"{escape(last['text'][:200])}<br><small>{escape(last['author'])}</small>" if last else "–"
    more = button(path, {"deliver": "update"}, "Deliver") + button(path, {"forge": "1"}, "Deliver a lie")
    return f"""<tr><th scope="row">{name}<br><small>{text(case.fields.get("priority"))}</small></th>
<td>{text(case.fields.get("short_description"))}</td><td>{escape(case.state)}{held}</td><td>{said}</td>
<td><div class="row">{states}</div><form method="post" action="/_sandbox/{path}" class="row">
<input name="comment" maxlength="4000" aria-label="Comment on {name}"><button>Comment</button></form>
<div class="row">{more}</div></td></tr>"""


def _webhooks(notices: Notices) -> str:
    subscriptions = "".join(
        f"<li><code>{escape(one.name)}</code> {escape(one.spec['action'])} of {escape(one.spec['kind'])}, "
        f"by {one.method} to {escape(_masked(one.spec['url']))}</li>"
        for one in notices.webhooks.all()
    )
    shown = f"<ul>{subscriptions}</ul>" if subscriptions else "<p>Nobody has subscribed to anything.</p>"
    rows = "".join(_delivery_row(one) for one in list(notices.postman.log)[: -SHOWN_DELIVERIES - 1 : -1])
    heads = ("Time", "Of", "To", "Answer", "Again")
    log = table("Deliveries", heads, rows) if rows else "<p>Nothing was delivered yet.</p>"
    held = any(one.status == HELD for one in notices.postman.log)
    release = button("gtt/release", {}, "Send what is held back") if held else ""
    return (
        f'<section id="webhooks"><h2>Webhooks of GTT</h2>{shown}<h3>Deliveries</h3>{log}{release}</section>'
    )


def _delivery_row(delivery: Delivery) -> str:
    moment = datetime.fromtimestamp(delivery.at).strftime("%H:%M:%S") if delivery.at else "–"
    is_good = isinstance(delivery.status, int) and delivery.status < 300
    mark = "" if delivery.status in UNSETTLED else f' class="{"good" if is_good else "bad"}"'
    is_told = delivery.misfortune in ("", delivery.status)
    what = "" if is_told else f" <small>({escape(delivery.misfortune)})</small>"
    again = button(f"gtt/deliveries/{delivery.id}/again", {}, "Send again")
    return f"""<tr><td>{moment}</td><td>{escape(delivery.case)} {escape(delivery.action)}</td>
<td>{escape(delivery.webhook)}</td><td{mark}>{escape(str(delivery.status))}{what}</td><td>{again}</td></tr>"""


def _misfortunes(notices: Notices) -> str:
    armed = "".join(f"<li>{_armed(one)}</li>" for one in notices.board.armed)
    clear = button("gtt/misfortunes/clear", {}, "Clear all") if armed else ""
    waiting = f"<ul>{armed}</ul>{clear}" if armed else "<p>None is waiting: every delivery arrives once.</p>"
    cards = "".join(_card(kind) for kind in notices.board.kinds.values())
    return f"""<section id="misfortunes"><h2>Misfortunes of the next deliveries</h2>{waiting}
<details><summary>Choose one</summary><ul class="cards">{cards}</ul></details></section>"""


def _armed(armed: Armed) -> str:
    chance = f", each with a chance of {armed.chance:g}" if armed.chance is not None else ""
    left = "until cleared" if armed.left is None else f"{armed.left} more"
    return f"<code>{escape(armed.name)}</code> on {escape(armed.on)}, {left}{chance}"


def _card(kind: Kind) -> str:
    name = escape(kind.name)
    inputs = "".join(
        f'<input name="{escape(arg)}" size="8" placeholder="{escape(arg)}" aria-label="{name}: {escape(arg)}">'
        for arg in kind.args
    )
    return f"""<li><p><code>{name}</code> {escape(kind.sentence)}</p>
<form method="post" action="/_sandbox/gtt/misfortunes" class="row"><input type="hidden" name="name" value="{name}">
<input name="times" type="number" min="1" max="999" placeholder="once" aria-label="{name}: times">{inputs}
<button aria-label="Arm {name}">Arm</button></form></li>"""


def _masked(url: str) -> str:
    """Whoever knows the end of the address can tell the portal lies."""
    return url[:-16] + "…" if len(url) > 60 else url
