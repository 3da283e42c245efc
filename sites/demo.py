"""The demo's sites: the sandbox's stores, which Granite knows, and as many again three times over, which it does not.

Always the same, so that a second run changes nothing.
"""

from collections.abc import Iterator
from random import Random

from portal.models import VendorAccount
from portal.vendors.granite.wire import AccountOnWire
from portal.vendors.sandbox.granite import accounts as sandbox
from sites import mirror, zones
from sites.models import Account, Contact, Site

SEED, WANTED = 20, 300
CITIES = [
    line.rsplit(" ", 3)
    for line in """Springfield MA 01103 413
New Haven CT 06510 203
Syracuse NY 13202 315
Rochester NY 14604 585
Allentown PA 18101 484
Norfolk VA 23510 757
Greensboro NC 27401 336
Columbia SC 29201 803
Savannah GA 31401 912
Tampa FL 33602 813
Mobile AL 36602 251
Memphis TN 38103 901
Jackson MS 39201 601
Toledo OH 43604 419
Lansing MI 48933 517
Evansville IN 47708 812
Rockford IL 61101 815
Green Bay WI 54301 920
Duluth MN 55802 218
Fargo ND 58102 701
Sioux Falls SD 57104 605
Lincoln NE 68508 402
Topeka KS 66603 785
Springfield MO 65806 417
Little Rock AR 72201 501
Shreveport LA 71101 318
Tulsa OK 74103 918
Austin TX 78701 512
San Antonio TX 78205 210
Lubbock TX 79401 806
Colorado Springs CO 80903 719
Billings MT 59101 406
Casper WY 82601 307
Tucson AZ 85701 520
Reno NV 89501 775
Sacramento CA 95814 916
San Diego CA 92101 619
Fresno CA 93721 559
Spokane WA 99201 509
Eugene OR 97401 541""".splitlines()
]
STREETS = [
    "Market Street",
    "Commerce Drive",
    "Station Road",
    "Mill Lane",
    "Central Avenue",
    "Airport Boulevard",
    "Orchard Road",
]
FIRST = [
    "Ada",
    "Ben",
    "Cleo",
    "Dev",
    "Elsa",
    "Finn",
    "Gita",
    "Hugo",
    "Iris",
    "Jonas",
    "Kira",
    "Leon",
    "Mona",
    "Nils",
    "Opal",
    "Pavel",
    "Quinn",
    "Rhea",
    "Sven",
    "Tara",
]
LAST = [
    "Abbott",
    "Brandt",
    "Castro",
    "Dunn",
    "Ekström",
    "Foley",
    "Garza",
    "Hoang",
    "Iyer",
    "Jarvis",
    "Kemp",
    "Lowe",
    "Marsh",
    "Ngo",
    "Ortiz",
    "Price",
]
NOTES = (
    "",
    "",
    "Ring at the loading dock.",
    "Badge from the service desk; 08:00 to 17:00.",
    "Escort needed in the server room.",
)


def load_accounts(vendor_account: VendorAccount) -> int:
    """Copy the sandbox's accounts as if Granite had been asked; how many were new."""
    known = set(Account.objects.filter(vendor_account=vendor_account).values_list("macnum", flat=True))
    missing = [account for account in sandbox.ACCOUNTS if account.macnum not in known]
    mirror.save_accounts(vendor_account, [AccountOnWire.from_wire(sandbox.to_wire(one)) for one in missing])
    return len(missing)


def load_sites(vendor_account: VendorAccount | None) -> int:
    """Make the sites that are missing, by number; how many those were. What is there stays as it is."""
    known = set(Site.objects.exclude(number="").values_list("number", flat=True))
    pairs = [(site, contact) for site, contact in _all(vendor_account) if site.number not in known]
    Site.objects.bulk_create(site for site, _ in pairs)
    for site, contact in pairs:
        contact.site = site
    Contact.objects.bulk_create(contact for _, contact in pairs)
    return len(pairs)


def numbers() -> set[str]:
    """Of the demo's sites."""
    return {site.number for site, _ in _all(None)}


def _all(vendor_account: VendorAccount | None) -> Iterator[tuple[Site, Contact]]:
    accounts = (
        {one.macnum: one for one in Account.objects.filter(vendor_account=vendor_account)}
        if vendor_account
        else {}
    )
    for store in sandbox.ACCOUNTS:
        yield _store(store, accounts.get(store.macnum))
    random = Random(SEED)  # noqa: S311 (nothing secret: the same places on every machine)
    for position in range(len(sandbox.ACCOUNTS) + 1, WANTED + 1):
        yield _invented(position, random)


def _store(store: sandbox.SandboxAccount, account: Account | None) -> tuple[Site, Contact]:
    site = Site(
        name=store.site_name,
        number=store.store_number,
        address_line_1=store.site_address_line_1,
        city=store.city,
        state=store.state,
        zip=store.zip,
        time_zone=store.time_zone,
        account=account,
    )
    return site, Contact(name=store.contact, phone=store.contact_phone, email=store.contact_email)


def _invented(position: int, random: Random) -> tuple[Site, Contact]:
    city, state, zip_code, area = CITIES[position % len(CITIES)]
    number = f"{position:04d}"
    site = Site(
        name=f"Northgate {city} #{number}",
        number=number,
        address_line_1=f"{random.randrange(100, 9900)} {random.choice(STREETS)}",
        address_line_2=random.choice(("", "", f"Suite {random.randrange(100, 400)}")),
        city=city,
        state=state,
        zip=zip_code,
        time_zone=zones.zone_for(state=state, zip_code=zip_code) or zones.zone_for_state(state),
        access_notes=random.choice(NOTES),
    )
    name = f"{random.choice(FIRST)} {random.choice(LAST)}"
    # 555-0100 to 555-0199 are kept free for fiction.
    return site, Contact(
        name=name, phone=f"{area}55501{position % 100:02d}", email=f"store{number}@northgate.example"
    )
