"""The demo's services: one to three at each of its sites, most of them mapped to GTT's ids and validated."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from portal.models.accounts import Vendor
from sites.models import Service, Site

KINDS = ("DIA", "Broadband", "SD-WAN")
STATES = ("validated", "validated", "validated", "mapped", "unmapped", "wrong")
FIRST_DAY = date(2026, 1, 12)


def load_services(numbers: set[str]) -> int:
    """Make the services that are missing at the sites of these numbers; how many. What is there stays as it is."""
    sites = Site.objects.filter(number__in=numbers).order_by("number")
    wanted = [service for site in sites for service in _at(site)]
    known = set(Service.objects.values_list("our_id", flat=True))
    missing = [service for service in wanted if service.our_id not in known]
    Service.objects.bulk_create(missing, batch_size=500, ignore_conflicts=True)
    return len(missing)


def _at(site: Site) -> Iterator[Service]:
    random = Random(site.number)  # noqa: S311 (nothing secret: the same services on every machine)
    for position, kind in enumerate(KINDS[: random.randint(1, 3)], start=1):
        state = random.choice(STATES)
        day = FIRST_DAY + timedelta(days=random.randrange(250))
        is_checked = state in ("validated", "wrong")
        yield Service(
            our_id=f"{site.number}-{position:02d}",
            kind=kind,
            name=f"{site.city} {'primary' if position == 1 else 'backup' if position == 2 else 'overlay'}",
            site=site,
            vendor=Vendor.GTT,
            # By the place, so that no two are the same, and with zeros in front, as vendors have them.
            vendor_service_id=""
            if state == "unmapped"
            else f"00{site.number}{position}{random.randrange(1000):03d}",
            state=state,
            checked_on=day if is_checked else None,
            note="By e-mail with GTT's provisioning." if state == "validated" else "",
        )
