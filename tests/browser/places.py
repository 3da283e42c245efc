"""Stores of ours that Granite knows: those of the vendor sandbox."""

from django.utils import timezone

from portal.models import VendorAccount
from portal.vendors.sandbox.granite.accounts import ACCOUNTS
from sites.models import Account, Contact, Site


def make_store(account: VendorAccount, index: int) -> Site:
    """A site with its Granite account and the person who opens the door."""
    place = ACCOUNTS[index]
    known = Account.objects.create(
        vendor_account=account,
        macnum=place.macnum,
        account_id=place.id,
        name=place.name,
        address_line_1=place.address_line_1,
        city=place.city,
        state=place.state,
        zip=place.zip,
        seen_at=timezone.now(),
    )
    site = Site.objects.create(
        name=place.site_name,
        number=place.store_number,
        address_line_1=place.site_address_line_1,
        city=place.city,
        state=place.state,
        zip=place.zip,
        time_zone=place.time_zone,
        account=known,
    )
    Contact.objects.create(
        site=site, name=place.contact, phone=place.contact_phone, email=place.contact_email
    )
    return site
