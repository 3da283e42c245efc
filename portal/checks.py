"""System checks: what `manage.py check` proves before anything runs."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string


@register()
def names_in_settings_exist(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """`portal` starts work in higher packages by names from settings; each must lead somewhere."""
    found: list[CheckMessage] = []
    names = {**settings.OUTBOX_HANDLERS, **settings.LOOKUPS}
    names |= {f"beat: {key}": entry["task"] for key, entry in settings.CELERY_BEAT_SCHEDULE.items()}
    names |= {f"files: {name}": name for name in settings.FILES_OF_SEEN_WORK}
    for key, name in names.items():
        try:
            import_string(name)
        except ImportError as error:
            found.append(
                Error(f"{key!r} names {name!r}, which cannot be imported: {error}", id="portal.E001")
            )
    return found
