"""Which time it is at a place: states in two zones, places on a border, and what proves nothing."""

from datetime import datetime

import pytest
from django.urls import reverse

from sites import zones
from sites.models import Site
from tests.cast import Cast, client_of

NEW_YORK, CHICAGO, DENVER = "America/New_York", "America/Chicago", "America/Denver"
PHOENIX, LOS_ANGELES = "America/Phoenix", "America/Los_Angeles"


@pytest.mark.parametrize(
    ("state", "zip_code", "expected"),
    [
        ("TX", "79901", DENVER),  # El Paso
        ("TX", "75201", CHICAGO),
        ("KY", "42101", CHICAGO),  # Bowling Green
        ("KY", "40502", NEW_YORK),
        ("FL", "32401", CHICAGO),  # Panama City
        ("FL", "33101", NEW_YORK),
        ("IN", "46320", CHICAGO),  # Hammond
        ("IN", "46204", NEW_YORK),
        ("MI", "49801", CHICAGO),  # Iron Mountain
        ("OR", "97914", DENVER),  # Ontario
        ("ID", "83814", LOS_ANGELES),  # Coeur d'Alene
        ("ID", "83702", DENVER),
        ("NE", "69301", DENVER),
        ("SD", "57701", DENVER),
        ("ND", "58601", DENVER),
        ("TN", "37402", NEW_YORK),
        ("TN", "37201", CHICAGO),
        ("KS", "67735", DENVER),
        ("AZ", "85004", PHOENIX),
        ("AZ", "86515", DENVER),  # Window Rock keeps summer time
        ("", "02110-1234", NEW_YORK),
        ("ma", " 021101234 ", NEW_YORK),
        ("MA", "2110", NEW_YORK),  # no ZIP code: the state settles it
        ("TX", "", ""),
        ("TX", "00000", ""),
        ("MA", "90210", ""),  # one of the two is wrong
        ("MA", "06103", NEW_YORK),  # Connecticut keeps the same time
        ("XX", "79901", DENVER),
        ("", "", ""),
        ("", "٠٢١١٠", ""),
        ("", "09001", ""),  # a ship's mail
        ("AE", "09001", ""),
    ],
)
def test_a_zip_code_settles_states_in_two_zones(state: str, zip_code: str, expected: str) -> None:
    assert zones.zone_for(state=state, zip_code=zip_code) == expected


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        (31.7587, -106.4869, DENVER),
        (42.3314, -83.0458, NEW_YORK),  # Detroit, under the name people know
        (35.68, -109.05, DENVER),
        (21.31, -157.86, "Pacific/Honolulu"),
        (0.0, -160.0, CHICAGO),  # at sea: the ZIP code goes on
        (91.0, -400.0, CHICAGO),
        (float("nan"), 1.0, CHICAGO),
    ],
)
def test_coordinates_go_before_everything_else(latitude: float, longitude: float, expected: str) -> None:
    found = zones.zone_for(state="TX", zip_code="75201", latitude=latitude, longitude=longitude)
    assert found == expected


def test_the_state_of_a_zip_code() -> None:
    assert [zones.state_of_zip(text) for text in ("02110", "79901-0001", "2110", "99999", "x")] == [
        "MA",
        "TX",
        "",
        "",
        "",
    ]


def test_zones_are_compared_by_their_clocks() -> None:
    summer, winter = datetime(2027, 7, 1, 9), datetime(2027, 1, 4, 9)
    assert zones.keep_the_same_time("America/Detroit", NEW_YORK, summer)
    assert zones.keep_the_same_time(PHOENIX, DENVER, winter)
    assert not zones.keep_the_same_time(PHOENIX, DENVER, summer)


SITE = {
    "number": "7001",
    "name": "Plaza",
    "address_line_1": "1 Main St",
    "city": "El Paso",
    "state": "TX",
    "zip": "79901",
    "contacts-TOTAL_FORMS": "0",
    "contacts-INITIAL_FORMS": "0",
}


@pytest.mark.django_db
def test_a_new_site_gets_the_zone_of_its_place(people: Cast) -> None:
    root, url = client_of(people.root), reverse("admin:sites_site_add")
    root.post(url, SITE)
    root.post(url, {**SITE, "number": "7002", "latitude": "30.2672", "longitude": "-97.7431"})
    kept = root.post(url, {**SITE, "number": "7003", "time_zone": NEW_YORK}, follow=True)
    assert "lies in America/Denver by its place" in kept.content.decode()
    found = dict(Site.objects.values_list("number", "time_zone"))
    assert found == {"7001": DENVER, "7002": CHICAGO, "7003": NEW_YORK}


@pytest.mark.django_db
def test_a_place_that_settles_nothing_is_asked_for(people: Cast) -> None:
    root, url = client_of(people.root), reverse("admin:sites_site_add")
    page = root.post(url, {**SITE, "zip": "00000"}).content.decode()
    assert "please choose it" in page
    assert not Site.objects.exists()
    root.post(url, {**SITE, "zip": "00000", "time_zone": CHICAGO})
    assert Site.objects.get().time_zone == CHICAGO
    page = root.post(url, {**SITE, "number": "8", "latitude": "99", "longitude": "nan"}).content.decode()
    assert "Ensure this value is less than or equal to 90" in page
