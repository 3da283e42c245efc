"""Cases for tests, raised by the service the page calls and sent to the vendor sandbox over a real socket."""

import uuid
from typing import Any

from portal import encryption, outbox
from portal.models import Team, User, VendorAccount
from portal.models.accounts import Operation
from portal.vendors.sandbox import Sandbox
from tests.dispatching import refill
from tickets.models import Case
from tickets.services.cases import raising

SAID = {
    "case_type": "Incident",
    "priority": "3 - Moderate",
    "category": "Secure Network",
    "subcategory": "",
    "short_description": "Both tunnels are down",
    "description": "Since 09:10. Rebooted twice.",
}


def gtt_account(box: Sandbox | None = None, **fields: Any) -> VendorAccount:
    """An account at the sandbox, or at nobody's address, with every operation on."""
    url = box.url if box else "http://127.0.0.1:9"
    account = VendorAccount.objects.create(
        vendor="gtt",
        name=fields.pop("name", "gtt"),
        api_url=url,
        token_url=f"{url}/realms/dx/protocol/openid-connect/token",
        client_id="sandbox-client",
        encrypted_secret=encryption.encrypt("sandbox-secret"),
        namespace="142033",
        is_default=True,
        operations=fields.pop("operations", list(Operation.values)),
        **fields,
    )
    refill(account)
    return account


def make_case(by: User, team: Team, account: VendorAccount, **said: Any) -> Case:
    """A case as somebody raises it; nothing is sent yet."""
    given = {"key": uuid.uuid4(), "team": team, "account": account, "site": None, **SAID, **said}
    return raising.raise_case(given, by=by)


def send(account: VendorAccount) -> None:
    """Send everything that is due, whatever comes of it."""
    for _ in range(10):
        refill(account)
        if not outbox.deliver_due():
            break
