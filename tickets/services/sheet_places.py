"""Rows of a sheet and the places we know: our sites fill the blanks, and the time at the place is found.

However many rows there are, the questions to the database are the same few.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.db.models import Q
from django.db.models.functions import Upper

from portal.models import VendorAccount
from sites import zones
from sites.models import Account, Site
from tickets.forms.typed import Row
from tickets.services.rows import rows_of_sites
from tickets.sheets.making import REPAIRED

FIRST_CONTACT = (
    "local_contact_name",
    "local_contact_number",
    "location_contact_ext",
    "location_contact_email",
)
SECOND_CONTACT = (
    "secondary_lcon_name",
    "secondary_lcon_number",
    "secondary_lcon_ext",
    "secondary_lcon_email",
)
OF_THE_PLACE = ("location_name", "location_number", "account_macnum", "time_zone")
BY_PLACE = "Found by the ZIP code and state of the place."
BY_ACCOUNT = "Found by the address of the Granite account."

Known = dict[tuple[str, ...], list[Site]]


def fill_places(rows: list[Row], account: VendorAccount) -> None:
    """Link rows to our sites where nothing speaks against it, fill their blanks, and find the time zones left."""
    linked = _linked(rows, account)
    ours = {row["site"]: row for row in rows_of_sites([site.pk for site in linked.values()])}
    for index, site in linked.items():
        _fill(rows[index], ours[str(site.pk)])
    _find_zones(rows, account)


def _linked(rows: list[Row], account: VendorAccount) -> dict[int, Site]:
    """The site of each row that has one, by the row's place in the list."""
    known = _known_sites(rows, account)
    found = {}
    for index, row in enumerate(rows):
        if row.get("site"):
            continue
        for key in _keys_of_row(row):
            sites = known.get(key, [])
            if len(sites) == 1 and not _contradicts(row, sites[0]):
                found[index] = sites[0]
                break
    return found


def _keys_of_row(row: Row) -> Iterator[tuple[str, ...]]:
    """The surest first."""
    if number := row.get("location_number"):
        yield "number", number
    if macnum := row.get("account_macnum"):
        yield "macnum", macnum
    if (name := row.get("location_name")) and (code := row.get("zip")):
        yield "name", name.casefold(), code[:5]


def _known_sites(rows: list[Row], account: VendorAccount) -> Known:
    numbers, macnums, names = (
        {row[field] for row in rows if row.get(field)}
        for field in ("location_number", "account_macnum", "location_name")
    )
    sites = Site.objects.annotate(name_in_capitals=Upper("name")).select_related("account")
    asked = Q(number__in=numbers) | Q(name_in_capitals__in={name.upper() for name in names})
    asked |= Q(account__macnum__in=macnums, account__vendor_account=account)
    known: Known = defaultdict(list)
    for site in sites.filter(asked):
        if site.number:
            known["number", site.number].append(site)
        if site.account and site.account.vendor_account_id == account.pk:
            known["macnum", site.account.macnum].append(site)
        known["name", site.name.casefold(), site.zip[:5]].append(site)
    return known


def _contradicts(row: Row, site: Site) -> bool:
    """Whether the row says something of its place that is not true of the site."""
    macnum, code, state = (row.get(field, "") for field in ("account_macnum", "zip", "state"))
    return bool(
        (macnum and site.account and macnum != site.account.macnum)
        or (code and code[:5] != site.zip[:5])
        or (state and state.upper() != site.state.upper())
    )


def _fill(row: Row, ours: Row) -> None:
    row["site"] = ours["site"]
    for field in OF_THE_PLACE:
        _fill_blank(row, ours, field)
    for contact in (FIRST_CONTACT, SECOND_CONTACT):
        if _is_same_person(row, ours, contact):
            for field in contact:
                _fill_blank(row, ours, field)


def _fill_blank(row: Row, ours: Row, field: str) -> None:
    is_lost = field in row.get(REPAIRED, {})  # there was a value, which a person must enter again
    if not row.get(field) and ours.get(field) and not is_lost:
        row[field] = ours[field]


def _is_same_person(row: Row, ours: Row, contact: Iterable[str]) -> bool:
    """A phone belongs to the person whose it is: nobody's blanks are filled from somebody else."""
    name, *rest = contact
    if row.get(name):
        return row[name].casefold() == ours.get(name, "").casefold()
    return not any(row.get(field) for field in rest)


def _find_zones(rows: list[Row], account: VendorAccount) -> None:
    without = [row for row in rows if not row.get("time_zone")]
    unplaced = {row["account_macnum"] for row in without if row.get("account_macnum")}
    known = Account.objects.filter(vendor_account=account, macnum__in=unplaced) if unplaced else []
    addresses = {one.macnum: (one.state, one.zip) for one in known}
    for row in without:
        state, code = row.get("state", ""), row.get("zip", "")
        why = BY_PLACE
        if not state and not code:
            (state, code), why = addresses.get(row.get("account_macnum", ""), ("", "")), BY_ACCOUNT
        if zone := zones.zone_for(state=state, zip_code=code):
            row["time_zone"] = zone
            row.setdefault(REPAIRED, {})["time_zone"] = ["", why]
