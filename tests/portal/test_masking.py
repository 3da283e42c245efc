"""People's numbers and addresses are hidden; ticket numbers, dates and hashes are not."""

import pytest

from portal.masking import mask, mask_deep, without_secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("call 617-555-0101 now", "call •••01 now"),
        ("(617) 555-0102", "•••02"),
        ("+1 617.555.0103", "•••03"),
        ("6175550104", "•••04"),
        ("16175550105", "•••05"),
        ('{"local_contact_number":6175550106}', '{"local_contact_number":•••06}'),
        ("alice@portal.example", "a•••@•••"),
        ("to Alice.Warren+x@sub.portal.example.", "to A•••@•••."),
        ("ticket 1234567", "ticket 1234567"),
        ("DSP-000123-1", "DSP-000123-1"),
        ("2026-11-21T08:00:00", "2026-11-21T08:00:00"),
        ("1c9f6175550107ab", "1c9f6175550107ab"),
        ("macnum 03520017", "macnum 03520017"),
    ],
)
def test_text(text: str, shown: str) -> None:
    assert mask(text) == shown


def test_inside_of_lists_and_objects() -> None:
    shown = mask_deep({"a": [6175550101, True, 7, "x@y.example"], "b": {"c": "ok"}, "d": None})
    assert shown == {"a": ["•••01", True, 7, "x•••@•••"], "b": {"c": "ok"}, "d": None}


def test_headers_that_open_doors() -> None:
    shown = without_secrets({"authorization": "Bearer x", "Set-Cookie": "y", "Date": "today"})
    assert shown == {"authorization": "•••", "Set-Cookie": "•••", "Date": "today"}
