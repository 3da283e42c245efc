"""The only writer of `Account`, our copy of Granite's accounts."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from portal.models import VendorAccount
from portal.vendors.granite.wire import AccountOnWire
from sites.models import Account

TEXTS = (
    "name",
    "company_name",
    "address_line_1",
    "address_line_2",
    "city",
    "state",
    "zip",
    "local_contact_name",
    "local_contact_phone",
    "location_contact_email",
)


def save_account(vendor_account: VendorAccount, seen: AccountOnWire) -> Account:
    """Keep what Granite just said of one account. An id once known stays known."""
    values: dict[str, object] = {name: _fitting(name, getattr(seen, name)) for name in TEXTS}
    values["seen_at"] = timezone.now()
    if seen.id is not None:
        values["account_id"] = seen.id
    account, _ = Account.objects.update_or_create(
        vendor_account=vendor_account, macnum=_fitting("macnum", seen.macnum), defaults=values
    )
    return account


@transaction.atomic
def save_accounts(vendor_account: VendorAccount, seen: Iterable[AccountOnWire]) -> list[Account]:
    """Those without a macnum, or with one longer than any, cannot be dispatched to and are left out."""
    return [
        save_account(vendor_account, account)
        for account in seen
        if 0 < len(account.macnum) <= _room("macnum")
    ]


def _fitting(name: str, text: str) -> str:
    """Granite sets no lengths; a longer text is cut rather than refused. PostgreSQL takes no NUL."""
    return text.replace("\x00", "")[: _room(name)]


def _room(name: str) -> int:
    return getattr(Account._meta.get_field(name), "max_length", None) or 0
