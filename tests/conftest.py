import pytest
from django.conf import settings

from tests.cast import Cast, make_people


def pytest_configure() -> None:
    """What only tests may have: style sheets need no collecting, and a password is no hard sum."""
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture()
def people(db: None) -> Cast:
    return make_people()
