"""Services for tests, and what a page says of them."""

from datetime import date
from typing import Any

from sites.models import Service, Site
from tests.tickets.scene import make_site


def make_service(site: Site | None = None, our_id: str = "0012-01", **fields: Any) -> Service:
    """A validated one of GTT's, unless said otherwise."""
    given: dict[str, Any] = {"vendor_service_id": f"00{our_id}", "state": "validated", "kind": "DIA"} | fields
    if given["state"] in ("validated", "wrong"):
        given.setdefault("checked_on", date(2026, 3, 4))
    return Service.objects.create(our_id=our_id, site=site or make_site(0), **given)
