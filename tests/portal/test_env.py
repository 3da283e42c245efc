"""What the settings refuse: by its name, with what it should look like, all of it at once."""

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from portal.env import Env


def refuse(env: Env) -> str:
    with pytest.raises(ImproperlyConfigured) as refusal:
        env.finish()
    return str(refusal.value)


@pytest.mark.parametrize("given", ["", "short", "a" * 60, "ab" * 40])
def test_a_secret_must_be_long_and_not_one_letter(given: str):
    env = Env({"SECRET_KEY": given})
    env.secret("SECRET_KEY", at_least=50)
    assert "SECRET_KEY" in refuse(env)
    assert "50 characters or more" in refuse(env)


@pytest.mark.parametrize("given", ["", "not-a-key", "c2hvcnQ="])
def test_an_encryption_key_comes_with_the_command_that_makes_one(given: str):
    env = Env({"FIELD_ENCRYPTION_KEY": given})
    env.fernet_keys("FIELD_ENCRYPTION_KEY")
    assert "Fernet.generate_key" in refuse(env)


def test_several_encryption_keys_are_a_rotation():
    new, old = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    env = Env({"FIELD_ENCRYPTION_KEY": f"{new}, {old}"})
    assert env.fernet_keys("FIELD_ENCRYPTION_KEY") == [new, old]
    env.finish()


@pytest.mark.parametrize("given", ["maybe", "2", "ja"])
def test_a_switch_is_on_or_off(given: str):
    env = Env({"DEBUG": given})
    env.yes("DEBUG")
    assert "DEBUG is not usable. It should be 1 or 0." in refuse(env)


@pytest.mark.parametrize("given", ["", "portal.example.com", "ftp://portal.example.com", "https://"])
def test_an_address_has_a_scheme_and_a_host(given: str):
    env = Env({"PUBLIC_URL": given})
    env.url("PUBLIC_URL", schemes=("http", "https"), example="https://portal.example.com")
    assert "an address such as https://portal.example.com" in refuse(env)


@pytest.mark.parametrize(
    "given", ["", "sqlite:///db", "postgresql://host-but-no-name/", "postgresql://a:b@h:port:5/x"]
)
def test_the_database_is_postgresql_and_has_a_name(given: str):
    env = Env({"DATABASE_URL": given})
    env.database("DATABASE_URL")
    assert "postgresql://user:password@host:5432/portal" in refuse(env)


def test_a_database_behind_a_socket():
    env = Env({"DATABASE_URL": "postgresql://postgres@/portal?host=/run/pg&sslmode=disable"})
    found = env.database("DATABASE_URL")
    env.finish()
    assert (found["NAME"], found["HOST"], found["USER"]) == ("portal", "/run/pg", "postgres")
    assert found["OPTIONS"] == {"sslmode": "disable"}


@pytest.mark.parametrize("given", ["0", "65", "four", "4.5"])
def test_a_number_has_its_limits(given: str):
    env = Env({"WORKER_CONCURRENCY": given})
    env.number("WORKER_CONCURRENCY", default=4, low=1, high=64)
    assert "a whole number from 1 to 64" in refuse(env)


def test_everything_that_is_wrong_is_told_at_once():
    env = Env({"DEBUG": "maybe"})
    env.yes("DEBUG")
    env.secret("SECRET_KEY", at_least=50)
    env.items("ALLOWED_HOSTS", looks_like="host names")
    assert all(name in refuse(env) for name in ("DEBUG", "SECRET_KEY is not set", "ALLOWED_HOSTS is not set"))
    assert "maybe" not in refuse(env), "a value may be a secret"


def test_without_a_mail_server_there_is_none():
    env = Env({"EMAIL_URL": " "})
    assert env.mail_server("EMAIL_URL") == {}
    env.finish()


@pytest.mark.parametrize(
    ("given", "port", "tls", "starttls"),
    [
        ("smtp://mail.example.com", 25, False, False),
        ("smtp://ann:p%40ss@mail.example.com?tls=starttls", 587, False, True),
        ("smtp://ann:p%40ss@mail.example.com:2525/?tls=starttls", 2525, False, True),
        ("smtps://ann:p%40ss@mail.example.com", 465, True, False),
        ("smtp://ann:p%40ss@localhost?tls=none", 25, False, False),
    ],
)
def test_a_mail_server(given: str, port: int, tls: bool, starttls: bool):
    env = Env({"EMAIL_URL": given})
    found = env.mail_server("EMAIL_URL")
    env.finish()
    assert (found["EMAIL_PORT"], found["EMAIL_USE_SSL"], found["EMAIL_USE_TLS"]) == (port, tls, starttls)
    assert found["EMAIL_HOST_PASSWORD"] in ("", "p@ss")


@pytest.mark.parametrize(
    "given",
    [
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
        "smtp://mail.example.com:port",
        "smtp://mail.example.com/folder",
        "smtp://mail.example.com?tls=perhaps",
        "smtp://mail.example.com?timeout=5",
        "smtps://mail.example.com?tls=starttls",
        "smtp://ann@mail.example.com?tls=starttls",
        "smtp://ann:hunter2@mail.example.com",
        "smtp://ann:hunter2@mail.example.com?tls=none",
        "file://",
    ],
)
def test_a_mail_server_that_cannot_be_or_would_see_the_password_in_the_clear(given: str):
    env = Env({"EMAIL_URL": given})
    assert env.mail_server("EMAIL_URL") == {}
    told = refuse(env)
    assert "EMAIL_URL is not usable. It should be smtp://user:password@" in told
    assert "hunter2" not in told


@pytest.mark.parametrize(
    "given",
    [
        "",
        "Portal",
        "Portal <portal>",
        "a@example.com, b@example.com",
        "Portal <@example.com>",
        "a@b\r\nBcc: c@d",
    ],
)
def test_mails_come_from_one_address(given: str):
    env = Env({"MAIL_FROM": given})
    assert env.mailbox("MAIL_FROM") == ""
    assert "Portal <portal@example.com>" in refuse(env)


def test_a_sender():
    env = Env({"MAIL_FROM": "The Portal <portal@example.com>"})
    assert env.mailbox("MAIL_FROM") == "The Portal <portal@example.com>"
    env.finish()
