"""HEAD is answered wherever GET is: link checkers and office suites ask so before they open a link."""

from django.urls import reverse

from tests.cast import Cast
from tests.test_every_page import PAGES, World


def test_head_is_answered_as_get_is(people: Cast):
    world, wrong = World(people), []
    client = world.client("dispatcher")
    for name in PAGES:
        address = reverse(name, kwargs=world.arguments(name))
        told, wanted = client.head(address).status_code, client.get(address).status_code
        if told != wanted:
            wrong.append(f"{name}: {told} instead of {wanted}")
    assert wrong == []


def test_pages_are_kept_by_nobody(people: Cast):
    world = World(people)
    client = world.client("admin")
    for name, rows in PAGES.items():
        if rows[0].endswith("200"):
            answer = client.get(reverse(name, kwargs=world.arguments(name)))
            assert "no-store" in answer["Cache-Control"], name
            assert "private" in answer["Cache-Control"], name
