"""Nothing of Django is imported at the top: `-p no:django` runs plain tests without servers and settings."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cast import Cast


def pytest_configure(config: pytest.Config) -> None:
    """What only tests may have: style sheets need no collecting, and a password is no hard sum."""
    if config.pluginmanager.is_blocked("django"):
        return
    from django.conf import settings

    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def people(db: None) -> "Cast":
    from tests.cast import make_people

    return make_people()
