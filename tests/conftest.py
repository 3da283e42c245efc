"""Nothing of Django is imported at the top: `-p no:django` runs plain tests without servers and settings."""

from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal.vendors.sandbox import Sandbox
    from tests.cast import Cast

# A busy machine makes examples slow, not wrong.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


def pytest_configure(config: pytest.Config) -> None:
    """What only tests may have: style sheets need no collecting, and a password is no hard sum."""
    if config.pluginmanager.is_blocked("django"):
        return
    from django.conf import settings

    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


# Files of few tests that take long, and mostly wait: begun first, they do not keep one worker busy at the end.
LONG = ("tests/nemesis/", "tests/flows/test_budget_fleet", "tests/flows/", "tests/browser/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return next((at for at, name in enumerate(LONG) if item.nodeid.startswith(name)), len(LONG))

    items.sort(key=place)


@pytest.fixture
def people(db: None) -> "Cast":
    from tests.cast import make_people

    return make_people()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tests that commit are cleaned up by TRUNCATE, which what is kept for ever refuses everywhere else."""
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname LIKE '%no_truncate'"
        )
        for table, trigger in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")


@pytest.fixture(scope="session")
def running_box() -> "Iterator[Sandbox]":
    from portal.vendors.sandbox import Sandbox

    with Sandbox() as box:
        yield box


@pytest.fixture
def box(running_box: "Sandbox") -> "Sandbox":
    """The vendor sandbox, emptied. Its own limit stands aside: what we do about limits is tested where they are."""
    running_box.reset()
    running_box.limit = 100_000
    return running_box


@pytest.fixture(autouse=True)
def _armed(request: pytest.FixtureRequest) -> None:
    """Sending is allowed in every test's database: each is a copy of another one, and some were just emptied."""
    if request.config.pluginmanager.is_blocked("django"):
        return
    if not (request.node.get_closest_marker("django_db") or "_django_db_helper" in request.fixturenames):
        return
    request.getfixturevalue("_django_db_helper")
    # Numbers begin anew in an emptied database, and this machine's log would know them from an earlier test.
    journal_root = request.getfixturevalue("tmp_path") / "journal"
    request.getfixturevalue("settings").JOURNAL_ROOT = journal_root
    request.getfixturevalue("monkeypatch").setenv("JOURNAL_ROOT", str(journal_root))  # for workers it starts
    from tests.sending import allow_sending

    allow_sending()
