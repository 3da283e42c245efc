"""Are two addresses the same place? A table of how people and vendors write them."""

from types import SimpleNamespace

import pytest

from sites.addresses import differences

OURS = SimpleNamespace(
    address_line_1="100 Main Street", address_line_2="", city="St. Louis", state="MO", zip="63116"
)
ASHORE = SimpleNamespace(
    address_line_1="7 Pier Road", address_line_2="Suite 200", city="Newark", state="NJ", zip="07105"
)

SAME = [
    (OURS, "100 Main Street", "St. Louis", "MO", "63116"),
    (OURS, "100 MAIN ST", "SAINT LOUIS", "mo", "63116-1234"),
    (OURS, "100 main st.", "St Louis", "MO ", "63116"),
    (OURS, "100  Main   Street", "st. louis", "MO", "631161234"),
    (OURS, "100 Main St, Suite 4", "St. Louis", "MO", "63116"),
    (OURS, "100 Main St #4", "St. Louis", "MO", "63116"),
    (OURS, "", "", "", ""),
    (ASHORE, "7 Pier Rd", "Newark", "NJ", "7105"),
    (ASHORE, "7 Pier Rd Ste 200", "Newark", "NJ", "07105"),
    (ASHORE, "7 PIER ROAD, UNIT 200", "NEWARK", "NJ", "07105-0001"),
    (
        SimpleNamespace(**vars(OURS) | {"address_line_1": "12 North 5th Avenue"}),
        "12 N. Fifth Ave",
        "St. Louis",
        "MO",
        "63116",
    ),
    (
        SimpleNamespace(**vars(OURS) | {"address_line_1": "9 O'Fallon Road"}),
        "9 OFallon Rd",
        "St. Louis",
        "MO",
        "63116",
    ),
    (
        SimpleNamespace(**vars(OURS) | {"address_line_2": "5th Floor"}),
        "100 Main St Floor 5",
        "St. Louis",
        "MO",
        "63116",
    ),
    (
        SimpleNamespace(**vars(OURS) | {"address_line_2": "Mall entrance"}),
        "100 Main St",
        "St. Louis",
        "MO",
        "63116",
    ),
    (SimpleNamespace(**vars(OURS) | {"city": "Cañon City"}), "100 Main St", "Canon City", "MO", "63116"),
]
OTHER = [
    (OURS, ("101 Main Street", "St. Louis", "MO", "63116"), ["address"]),
    (OURS, ("100 Main Avenue", "St. Louis", "MO", "63116"), ["address"]),
    (OURS, ("100 N Main Street", "St. Louis", "MO", "63116"), ["address"]),
    (OURS, ("100 Main Street", "St. Paul", "MO", "63116"), ["city"]),
    (OURS, ("100 Main Street", "St. Louis", "MI", "63116"), ["state"]),
    (OURS, ("100 Main Street", "St. Louis", "MO", "63117-0000"), ["ZIP code"]),
    (
        OURS,
        ("2200 Commerce Park Drive", "Charlotte", "NC", "28205"),
        ["address", "city", "state", "ZIP code"],
    ),
    (ASHORE, ("7 Pier Rd Ste 300", "Newark", "NJ", "07105"), ["address"]),
]


@pytest.mark.parametrize(("ours", "address", "city", "state", "zip_code"), SAME)
def test_the_same_place_written_otherwise(ours, address, city, state, zip_code):
    assert differences(ours, address=address, city=city, state=state, zip_code=zip_code) == []


@pytest.mark.parametrize(("ours", "theirs", "fields"), OTHER)
def test_another_place(ours, theirs, fields):
    address, city, state, zip_code = theirs
    found = differences(ours, address=address, city=city, state=state, zip_code=zip_code)
    assert [one.field for one in found] == fields


def test_both_sides_are_told_as_they_were_written():
    (found,) = differences(ASHORE, address="8 Pier Road", city="", state="", zip_code="")
    assert found == ("address", "7 Pier Road, Suite 200", "8 Pier Road")
