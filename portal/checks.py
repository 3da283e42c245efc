"""System checks: what `manage.py check` proves before anything runs."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from portal.outbox import claims
from portal.vendors import oauth


@register()
def names_in_settings_exist(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """`portal` starts work in higher packages by names from settings; each must lead somewhere."""
    found: list[CheckMessage] = []
    names = {**settings.OUTBOX_HANDLERS, **settings.LOOKUPS, **settings.PROBES}
    names |= {f"beat: {key}": str(entry["task"]) for key, entry in settings.CELERY_BEAT_SCHEDULE.items()}
    names |= {f"files: {name}": name for name in settings.FILES_OF_SEEN_WORK}
    names |= {"AFTER_FORGETTING": settings.AFTER_FORGETTING, "HEEDING_TASK": settings.HEEDING_TASK}
    for key, name in names.items():
        try:
            import_string(name)
        except ImportError as error:
            found.append(
                Error(f"{key!r} names {name!r}, which cannot be imported: {error}", id="portal.E001")
            )
    return found


@register()
def times_fit_each_other(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """A deadline that outlives the watch kept over it would turn a slow send into a second one or a lost one."""
    grace = claims.SETTLE_GRACE.total_seconds()
    whole_send = settings.CLAIM_LEASE_SECONDS + settings.SEND_DEADLINE_SECONDS + grace
    visibility = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("visibility_timeout", float("inf"))
    rules = [
        (
            settings.CLAIM_LEASE_SECONDS >= oauth.WAIT_SECONDS + 5,
            "CLAIM_LEASE_SECONDS must leave 5 seconds beyond the wait for a token.",
        ),
        (
            grace > oauth.ASK_SECONDS,
            "The grace after a send must be longer than a token can take to come while it is sent.",
        ),
        (
            whole_send < settings.CELERY_TASK_TIME_LIMIT,
            "CELERY_TASK_TIME_LIMIT must be longer than a lease, a send and its grace together.",
        ),
        (
            whole_send <= settings.STOP_GRACE_SECONDS,
            "STOP_GRACE_SECONDS must hold a lease, a send and its grace: a worker told to stop finishes its message.",
        ),
        (
            visibility > settings.CELERY_TASK_TIME_LIMIT,
            "The broker's visibility_timeout must be longer than CELERY_TASK_TIME_LIMIT.",
        ),
    ]
    return [Error(sentence, id="portal.E002") for holds, sentence in rules if not holds]
