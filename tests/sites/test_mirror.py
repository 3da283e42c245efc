"""Our copy of Granite's accounts, and finding sites among our own."""

import pytest

from portal.models import VendorAccount
from portal.vendors.granite.wire import AccountOnWire
from sites import mirror, services
from sites.models import Account, Contact, Site

pytestmark = pytest.mark.django_db


@pytest.fixture
def key() -> VendorAccount:
    return VendorAccount.objects.create(vendor="granite", name="default")


def seen(**values: object) -> AccountOnWire:
    return AccountOnWire.from_wire(
        {"id": 700114, "macnum": "03520001", "name": "03520001 - 0001", "city": "Boston", **values}
    )


def test_an_account_is_kept_once_and_renewed(key: VendorAccount) -> None:
    first = mirror.save_account(key, seen())
    again = mirror.save_account(key, seen(city="Lowell"))
    assert (again.pk, again.city, again.account_id) == (first.pk, "Lowell", 700114)
    assert again.seen_at >= first.seen_at


def test_an_id_once_known_stays_known(key: VendorAccount) -> None:
    mirror.save_account(key, seen())
    assert mirror.save_account(key, seen(id=None)).account_id == 700114


def test_two_vendor_accounts_do_not_share_copies(key: VendorAccount) -> None:
    other = VendorAccount.objects.create(vendor="granite", name="other", client_id="2")
    assert mirror.save_account(key, seen()).pk != mirror.save_account(other, seen()).pk


def test_odd_texts_break_nothing(key: VendorAccount) -> None:
    saved = mirror.save_account(key, seen(name="x" * 999, city="Bos\x00ton", local_contact_phone=6175550101))
    assert (len(saved.name), saved.city, saved.local_contact_phone) == (200, "Boston", "6175550101")


def test_what_cannot_be_dispatched_to_is_left_out(key: VendorAccount) -> None:
    kept = mirror.save_accounts(key, [seen(), seen(macnum=""), seen(macnum="9" * 41)])
    assert [one.macnum for one in kept] == ["03520001"]


def test_a_hit_carries_what_the_wizard_fills_in(key: VendorAccount) -> None:
    saved = mirror.save_account(
        key, seen(address_line_1="1 A Street", state="MA", zip="02210", local_contact_name="Di")
    )
    row = services.row(saved)
    assert (row["account"], row["macnum"], row["account_id"]) == (saved.pk, "03520001", 700114)
    assert row["address"] == "1 A Street, Boston, MA 02210"
    assert (row["time_zone"], row["contact_name"]) == ("America/New_York", "Di")


def make_site(number: str, account: Account | None = None, **values: str) -> Site:
    place = {
        "name": f"Store {number}",
        "address_line_1": "1 A Street",
        "city": "Boston",
        "state": "MA",
        "zip": "02210",
    }
    site = Site.objects.create(number=number, account=account, time_zone="America/New_York", **place | values)
    Contact.objects.create(site=site, name="Di", phone="6175550101")
    return site


def test_every_word_must_be_found(key: VendorAccount) -> None:
    make_site("0001")
    make_site("0002", city="Lowell")
    assert [site.number for site in services.sites_for_wizard("store lowell")] == ["0002"]
    assert services.sites_for_wizard("boston 0002") == []
    assert services.sites_for_wizard("   ") == []


def test_sites_granite_knows_come_first_at_a_fixed_cost(
    key: VendorAccount, django_assert_num_queries
) -> None:
    make_site("0001")
    make_site("0002", mirror.save_account(key, seen()))
    with django_assert_num_queries(2):
        found = services.sites_for_wizard("boston")
        assert [(site.number, [one.name for one in site.contacts.all()]) for site in found] == [
            ("0002", ["Di"]),
            ("0001", ["Di"]),
        ]
        assert found[0].account.macnum == "03520001"
    assert len(services.sites_for_wizard("boston", limit=1)) == 1


def test_special_letters_are_letters() -> None:
    make_site("0001", name="100%_Store\\")
    assert [site.number for site in services.sites_for_wizard("100%_store\\")] == ["0001"]
    assert services.sites_for_wizard("1%store") == []
