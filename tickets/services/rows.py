"""Locations into and out of a draft: blank, copied, or filled from a site of ours or from Granite's account."""

from collections.abc import Callable

from django.db.models import Prefetch

from portal.problems import Problem
from sites import zones
from sites.models import Account, Contact, Site
from tickets.forms.typed import KEY, MOST_ROWS, Row, new_key
from tickets.models import Draft

# What a copy does not inherit: it is a place of its own, refused by nobody.
OF_ITS_OWN = ("corrects", "refused", "repeats")


def add_rows(rows: list[Row]) -> Callable[[Draft], None]:
    """A change for `drafts.save_step`: these rows behind the others."""

    def change(draft: Draft) -> None:
        if len(draft.locations) + len(rows) > MOST_ROWS:
            raise Problem(
                f"A dispatch has at most {MOST_ROWS} locations. Submit these, then begin another dispatch."
            )
        draft.locations = [*draft.locations, *({KEY: new_key(), **row} for row in rows)]

    return change


def copy_row(index: int) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        row = _row(draft, index)
        if len(draft.locations) >= MOST_ROWS:
            raise Problem(f"A dispatch has at most {MOST_ROWS} locations.")
        copied = {name: value for name, value in row.items() if name not in OF_ITS_OWN} | {KEY: new_key()}
        draft.locations = [*draft.locations[: index + 1], copied, *draft.locations[index + 1 :]]

    return change


def remove_row(index: int) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        _row(draft, index)
        draft.locations = [row for place, row in enumerate(draft.locations) if place != index]

    return change


def _row(draft: Draft, index: int) -> Row:
    if index >= len(draft.locations):
        raise Problem("That location is no longer in the list.")
    return draft.locations[index]


def rows_of_sites(pks: list[int]) -> list[Row]:
    """Rows filled from our sites, in the order they were picked. Raises Problem for one we do not know."""
    contacts = Prefetch("contacts", queryset=Contact.objects.order_by("position", "id"))
    found = Site.objects.select_related("account").prefetch_related(contacts).in_bulk(pks)
    if set(pks) - set(found):
        raise Problem("A site you picked is not known any more. Search again.")
    return [_of_site(found[pk]) for pk in dict.fromkeys(pks)]


def rows_of_accounts(pks: list[int]) -> list[Row]:
    """Rows filled from Granite's accounts as we last read them."""
    found = Account.objects.in_bulk(pks)
    if set(pks) - set(found):
        raise Problem("An account you picked is not known any more. Search again.")
    return [_of_account(found[pk]) for pk in dict.fromkeys(pks)]


def mixed_states(pks: list[int]) -> list[str]:
    """States in two time zones, among these accounts, where no ZIP code tells which: a person must look."""
    places = Account.objects.filter(pk__in=pks).values_list("state", "zip")
    unsettled = {
        state.upper() for state, zip_code in places if not zones.zone_for(state=state, zip_code=zip_code)
    }
    return sorted(unsettled & zones.MIXED)


def _of_site(site: Site) -> Row:
    contacts = [*site.contacts.all()[:2], Contact(), Contact()]
    first, second = contacts[0], contacts[1]
    return {
        "site": str(site.pk),
        "location_name": site.name,
        "location_number": site.number,
        "account_macnum": site.account.macnum if site.account else "",
        "time_zone": site.time_zone,
        "local_contact_name": first.name,
        "local_contact_number": first.phone,
        "location_contact_ext": first.extension,
        "location_contact_email": first.email,
        "secondary_lcon_name": second.name,
        "secondary_lcon_number": second.phone,
        "secondary_lcon_ext": second.extension,
        "secondary_lcon_email": second.email,
    }


def _of_account(account: Account) -> Row:
    site = account.sites.first()
    if site:
        return _of_site(site)
    return {
        "location_name": account.name or account.company_name,
        "account_macnum": account.macnum,
        "time_zone": account.likely_zone,
        "local_contact_name": account.local_contact_name,
        "local_contact_number": account.local_contact_phone,
        "location_contact_email": account.location_contact_email,
    }
