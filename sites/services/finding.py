"""Finding places: among our own sites at once, at Granite through a look-up."""

from typing import Any

from django.db.models import F

from portal import accounts, drift
from portal.models import VendorAccount
from sites import mirror
from sites.models import Account, Site

MOST_HITS = 25


def sites_for_wizard(text: str, limit: int = MOST_HITS) -> list[Site]:
    """Our sites that hold every word, those with a Granite account first; accounts and contacts come along."""
    if not text.strip():
        return []
    found = Site.objects.matching(text).select_related("account").prefetch_related("contacts")
    return list(found.order_by(F("account").asc(nulls_last=True), "number", "name")[:limit])


def find_accounts(account: VendorAccount, question: dict[str, Any]) -> list[dict[str, Any]]:
    """Ask Granite for accounts matching `question["search"]`, keep them, and answer rows fit for JSON.

    Called by a worker, never by a view. Raises the vendor errors of a read.
    """
    seen = accounts.granite_client(account).search_accounts(str(question["search"]), page_size=MOST_HITS)
    drift.record(note for one in seen for note in one.drift)
    return [row(saved) for saved in mirror.save_accounts(account, seen)]


def row(account: Account) -> dict[str, Any]:
    """One hit, with all that the wizard fills into a location."""
    return {
        "account": account.pk,
        "account_id": account.account_id,
        "macnum": account.macnum,
        "name": account.name or account.company_name,
        "company_name": account.company_name,
        "address": account.address,
        "state": account.state,
        "time_zone": account.likely_zone,
        "contact_name": account.local_contact_name,
        "contact_phone": account.local_contact_phone,
        "contact_email": account.location_contact_email,
    }
