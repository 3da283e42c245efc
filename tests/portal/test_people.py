import pytest
from axes.models import AccessAttempt
from django.test import Client

from portal.models import AuditEntry
from tests.cast import PASSWORD, Cast, client_of

NEW = "seven quiet lanterns"


def sign_in(client: Client, username: str, password: str, **extra: str):
    return client.post("/login/", {"username": username, "password": password, **extra})


def test_one_signs_in_and_comes_to_the_page_one_wanted(people: Cast, client: Client):
    asked = client.get("/password/")
    assert asked.url == "/login/?next=/password/"
    answer = sign_in(client, "alice", PASSWORD, next="/password/")
    assert answer.url == "/password/"
    assert AuditEntry.objects.get().action == "user.signed_in"


def test_the_login_page_leads_nowhere_else(people: Cast, client: Client):
    answer = sign_in(client, "alice", PASSWORD, next="https://evil.example/")
    assert answer.url == "/"


def test_a_wrong_password_is_told_without_saying_which_half_was_wrong(people: Cast, client: Client):
    known, unknown = sign_in(client, "alice", "wrong"), sign_in(client, "nobody", "wrong")
    assert known.status_code == unknown.status_code == 200
    for answer in (known, unknown):
        assert "Please enter a correct username and password" in answer.content.decode()


def test_somebody_signed_in_is_not_asked_again(people: Cast):
    assert client_of(people.alice).get("/login/").url == "/"


def test_guessing_locks_the_name_and_an_admin_unlocks_it(people: Cast, client: Client):
    for _ in range(6):
        assert sign_in(client, "alice", "wrong").status_code == 200
    locked = sign_in(client, "alice", "wrong")
    assert locked.status_code == 429
    assert "It opens again at" in locked.content.decode()
    assert locked["Retry-After"] == "900"
    assert sign_in(client, "alice", PASSWORD).status_code == 429, "the right password does not open it"
    assert sign_in(Client(), "bob", PASSWORD).status_code == 302, "other names are not locked"

    attempts = "/admin/axes/accessattempt/"
    root = client_of(people.root)
    assert "alice" in root.get(attempts).content.decode()
    chosen = AccessAttempt.objects.get(username="alice").pk
    root.post(attempts, {"action": "unlock", "_selected_action": [chosen]})
    assert sign_in(client, "alice", PASSWORD).status_code == 302


def test_signing_out_needs_a_press_not_a_link(people: Cast):
    alice = client_of(people.alice)
    assert alice.get("/logout/").status_code == 405
    assert alice.post("/logout/").url == "/login/"
    assert alice.get("/").url == "/login/?next=/"
    assert alice.post("/logout/").url == "/login/", "twice does no harm"


def test_a_new_password_ends_the_sessions_of_other_browsers(people: Cast):
    here, elsewhere = client_of(people.alice), client_of(people.alice)
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    answer = here.post("/password/", form, follow=True)
    assert "Your password was changed" in answer.content.decode()
    assert elsewhere.get("/").url == "/login/?next=/"
    assert AuditEntry.objects.filter(action="user.password_changed", by=people.alice).exists()
    assert sign_in(Client(), "alice", NEW).status_code == 302


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "too short"),
        ("q1w2e3r4t5y6", "too common"),
        ("alice@portal.example", "too similar"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(people: Cast, password: str, reason: str):
    form = {"old_password": PASSWORD, "new_password1": password, "new_password2": password}
    answer = client_of(people.alice).post("/password/", form)
    assert reason in answer.content.decode()
    assert not AuditEntry.objects.exists()


def test_the_frame_names_the_person_and_shows_what_they_may(people: Cast):
    alice, bob, root = (
        client_of(who).get("/").content.decode() for who in (people.alice, people.bob, people.root)
    )
    assert "Alice Warren" in alice
    assert "Field East" in alice
    assert "New dispatch" in alice
    assert "New dispatch" not in bob
    assert "/admin/" in root
    assert "/admin/" not in alice


def test_health_is_told_to_anybody(db: None, client: Client):
    assert client.get("/healthz").content == b"ok\n"
