"""The accounts of the sandbox: one invented retailer with sixty stores in real towns.

Plain data, always the same, so that the demo's sites can be made from the very same rows. Streets and people are
invented; telephone numbers lie in 555-0100 to 555-0199, which are kept free for fiction.
"""

from dataclasses import dataclass

COMPANY_ID = 250
COMPANY_IDENTIFIER = "NORTHGATE"
COMPANY_NAME = "Northgate Home Supply"
PARENT_MACNUM = "03520000"
FIRST_ID = 700_101

EASTERN, CENTRAL = "America/New_York", "America/Chicago"
MOUNTAIN, PACIFIC = "America/Denver", "America/Los_Angeles"
PHOENIX, INDIANA, DETROIT = "America/Phoenix", "America/Indiana/Indianapolis", "America/Detroit"
BOISE, LOUISVILLE = "America/Boise", "America/Kentucky/Louisville"


@dataclass(frozen=True)
class SandboxAccount:
    """One place with its billing account. `macnum` is text: its leading zeros count."""

    id: int
    macnum: str
    store_number: str
    name: str  # Granite's own name of it, for example "03520017 - 0017"
    site_name: str
    address_line_1: str
    city: str
    state: str
    zip: str
    time_zone: str
    contact: str
    contact_phone: str  # ten digits
    contact_email: str
    differs: bool = False  # our own records hold another address for this store

    @property
    def site_address_line_1(self) -> str:
        """The address our own records hold. It is another one where `differs`: the store moved, Granite was not told."""
        return "2200 Commerce Park Drive" if self.differs else self.address_line_1


# street, city, state, ZIP, time zone, area code, contact
ROWS = [
    ("418 Harbor Street", "Boston", "MA", "02210", EASTERN, "617", "Denise Callahan"),
    ("77 Merrimack Row", "Lowell", "MA", "01852", EASTERN, "978", "Victor Soto"),
    ("1290 Shrewsbury Lane", "Worcester", "MA", "01604", EASTERN, "508", "Alan Brody"),
    ("56 Steeple Street", "Providence", "RI", "02903", EASTERN, "401", "Marta Ferreira"),
    ("340 Charter Oak Road", "Hartford", "CT", "06106", EASTERN, "860", "Jerome Blake"),
    ("915 Elm Terrace", "Manchester", "NH", "03104", EASTERN, "603", "Paula Nadeau"),
    ("22 Commercial Wharf", "Portland", "ME", "04101", EASTERN, "207", "Owen Pratt"),
    ("64 Lakeside Avenue", "Burlington", "VT", "05401", EASTERN, "802", "Clara Whitfield"),
    ("1801 Delancey Row", "Albany", "NY", "12205", EASTERN, "518", "Renee Dubois"),
    ("2775 Genesee Plaza", "Buffalo", "NY", "14225", EASTERN, "716", "Frank Kowalski"),
    ("408 Ironbound Way", "Newark", "NJ", "07105", EASTERN, "973", "Luis Carvalho"),
    ("31 Pavonia Court", "Jersey City", "NJ", "07307", EASTERN, "201", "Priya Raman"),
    ("1520 Passyunk Square", "Philadelphia", "PA", "19148", EASTERN, "215", "Tom Gallo"),
    ("660 Allegheny Center", "Pittsburgh", "PA", "15212", EASTERN, "412", "Nadia Hruska"),
    ("205 Brandywine Road", "Wilmington", "DE", "19803", EASTERN, "302", "Earl Simmons"),
    ("3400 Canton Crossing", "Baltimore", "MD", "21224", EASTERN, "410", "Monique Avery"),
    ("818 Shockoe Street", "Richmond", "VA", "23219", EASTERN, "804", "Walter Boone"),
    ("1450 Independence Road", "Charlotte", "NC", "28205", EASTERN, "704", "Keisha Grant"),
    ("2600 Capital Point", "Raleigh", "NC", "27604", EASTERN, "919", "Dustin Hale"),
    ("95 Ashley River Road", "Charleston", "SC", "29407", EASTERN, "843", "Lorraine Pinckney"),
    ("1180 Peachtree Crossing", "Atlanta", "GA", "30309", EASTERN, "404", "Andre Willis"),
    ("4700 Beach Road", "Jacksonville", "FL", "32207", EASTERN, "904", "Sheila Moran"),
    ("2915 Orange Grove Drive", "Orlando", "FL", "32806", EASTERN, "407", "Hector Ruiz"),
    ("7300 Flagler Parkway", "Miami", "FL", "33144", EASTERN, "305", "Ana Delgado"),
    ("1001 Gulf Breeze Road", "Pensacola", "FL", "32501", CENTRAL, "850", "Grady Tate"),
    ("540 Vulcan Street", "Birmingham", "AL", "35233", CENTRAL, "205", "Yolanda Banks"),
    ("1212 Broadway Place", "Nashville", "TN", "37203", CENTRAL, "615", "Cody Perkins"),
    ("830 Gay Street North", "Knoxville", "TN", "37917", EASTERN, "865", "Bonnie Ledford"),
    ("3055 Richmond Pike", "Lexington", "KY", "40509", EASTERN, "859", "Sam Whitaker"),
    ("2140 Bardstown Road", "Louisville", "KY", "40205", LOUISVILLE, "502", "Gail Hutchins"),
    ("775 Scioto Road", "Columbus", "OH", "43215", EASTERN, "614", "Ibrahim Yusuf"),
    ("1900 Euclid Square", "Cleveland", "OH", "44115", EASTERN, "216", "Diane Novak"),
    ("4410 Reading Pike", "Cincinnati", "OH", "45229", EASTERN, "513", "Rob Stegman"),
    ("2020 Michigan Row", "Detroit", "MI", "48216", DETROIT, "313", "Tamika Jordan"),
    ("3131 Alpine Road", "Grand Rapids", "MI", "49544", DETROIT, "616", "Pieter Vander Laan"),
    ("6200 Keystone Way", "Indianapolis", "IN", "46220", INDIANA, "317", "Megan Sayre"),
    ("1425 Calhoun Street", "Fort Wayne", "IN", "46802", INDIANA, "260", "Dale Krueger"),
    ("2850 Clybourn Court", "Chicago", "IL", "60618", CENTRAL, "773", "Rosa Mendez"),
    ("1100 War Memorial Road", "Peoria", "IL", "61614", CENTRAL, "309", "Curtis Odom"),
    ("450 Water Street", "Milwaukee", "WI", "53202", CENTRAL, "414", "Heidi Zimmer"),
    ("2700 University Row", "Madison", "WI", "53705", CENTRAL, "608", "Joel Lindqvist"),
    ("1340 Hennepin Place", "Minneapolis", "MN", "55403", CENTRAL, "612", "Amina Warsame"),
    ("3925 Merle Hay Court", "Des Moines", "IA", "50310", CENTRAL, "515", "Craig Nelson"),
    ("5151 Gravois Road", "St. Louis", "MO", "63116", CENTRAL, "314", "Latoya Meeks"),
    ("1818 Main Street", "Kansas City", "MO", "64108", CENTRAL, "816", "Bruce Talley"),
    ("3700 Maple Crossing", "Omaha", "NE", "68131", CENTRAL, "402", "Ingrid Olsen"),
    ("920 Douglas Street", "Wichita", "KS", "67202", CENTRAL, "316", "Jesse Farris"),
    ("4040 May Plaza", "Oklahoma City", "OK", "73112", CENTRAL, "405", "Wanda Redbird"),
    ("2500 Magazine Row", "New Orleans", "LA", "70130", CENTRAL, "504", "Etienne Broussard"),
    ("6800 Westheimer Court", "Houston", "TX", "77063", CENTRAL, "713", "Carmen Trevino"),
    ("1717 Commerce Row", "Dallas", "TX", "75201", CENTRAL, "214", "Greg Whitlock"),
    ("3300 Montana Road", "El Paso", "TX", "79903", MOUNTAIN, "915", "Raul Ortega"),
    ("1555 Wazee Street", "Denver", "CO", "80202", MOUNTAIN, "303", "Kim Thatcher"),
    ("2424 Central Road", "Albuquerque", "NM", "87106", MOUNTAIN, "505", "Dolores Chavez"),
    ("410 State Street", "Salt Lake City", "UT", "84111", MOUNTAIN, "801", "Brett Larsen"),
    ("1650 Fairview Road", "Boise", "ID", "83702", BOISE, "208", "Joy Etcheverry"),
    ("3838 Camelback Court", "Phoenix", "AZ", "85018", PHOENIX, "602", "Mike Begay"),
    ("1234 Charleston Way", "Las Vegas", "NV", "89104", PACIFIC, "702", "Tina Castellano"),
    ("5600 Figueroa Court", "Los Angeles", "CA", "90042", PACIFIC, "323", "Armen Petrosyan"),
    ("900 Townsend Row", "San Francisco", "CA", "94103", PACIFIC, "415", "Grace Lam"),
    ("2211 Burnside Road", "Portland", "OR", "97209", PACIFIC, "503", "Eli Hofstad"),
    ("1919 Rainier Row", "Seattle", "WA", "98144", PACIFIC, "206", "Noriko Abe"),
    ("740 Northern Lights Road", "Anchorage", "AK", "99503", "America/Anchorage", "907", "Walt Petersen"),
    ("1350 Kapiolani Place", "Honolulu", "HI", "96814", "Pacific/Honolulu", "808", "Leilani Kealoha"),
]
DIFFERING_STORE = "0017"


def _account(position: int, row: tuple[str, ...]) -> SandboxAccount:
    street, city, state, zip_code, time_zone, area, contact = row
    number = f"{position:04d}"
    macnum = f"0352{number}"
    return SandboxAccount(
        id=FIRST_ID + 13 * position,  # not to be worked out from the macnum: the two are often confused
        macnum=macnum,
        store_number=number,
        name=f"{macnum} - {number}",
        site_name=f"Northgate {city} #{number}",
        address_line_1=street,
        city=city,
        state=state,
        zip=zip_code,
        time_zone=time_zone,
        contact=contact,
        contact_phone=f"{area}55501{position % 100:02d}",
        contact_email=f"store{number}@northgate.example",
        differs=number == DIFFERING_STORE,
    )


ACCOUNTS: list[SandboxAccount] = [_account(position, row) for position, row in enumerate(ROWS, start=1)]
BY_MACNUM: dict[str, SandboxAccount] = {account.macnum: account for account in ACCOUNTS}
BY_ID: dict[int, SandboxAccount] = {account.id: account for account in ACCOUNTS}


def search(text: str) -> list[SandboxAccount]:
    """Every account in which all words of the text occur."""
    words = text.lower().split()
    return [account for account in ACCOUNTS if all(word in _searchable(account) for word in words)]


def _searchable(account: SandboxAccount) -> str:
    parts = (
        account.name,
        account.site_name,
        account.address_line_1,
        account.city,
        account.state,
        account.zip,
    )
    return " ".join((*parts, account.contact, COMPANY_NAME)).lower()


def to_wire(account: SandboxAccount) -> dict[str, object]:
    """An account as Granite's search shows it: all text but the id."""
    return {
        "address_line_1": account.address_line_1,
        "address_line_2": "",
        "city": account.city,
        "company_name": COMPANY_NAME,
        "id": account.id,
        "local_contact_name": account.contact,
        "local_contact_phone": account.contact_phone,
        "location_contact_email": account.contact_email,
        "macnum": account.macnum,
        "name": account.name,
        "parent_macnum": PARENT_MACNUM,
        "parent_name": COMPANY_NAME,
        "state": account.state,
        "zip": account.zip,
    }
