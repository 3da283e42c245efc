"""What a start refuses: names that lead nowhere, and times that do not fit each other."""

from typing import Any

import pytest

from portal import checks


def test_the_settings_as_they_are_fit() -> None:
    assert checks.times_fit_each_other(None) == []
    assert checks.names_in_settings_exist(None) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLAIM_LEASE_SECONDS", 20),
        ("SEND_DEADLINE_SECONDS", 300),
        ("CELERY_TASK_TIME_LIMIT", 120),
        ("CELERY_TASK_TIME_LIMIT", 900),
        ("CELERY_BROKER_TRANSPORT_OPTIONS", {"visibility_timeout": 200}),
    ],
)
def test_times_that_do_not_fit_are_refused(settings: Any, name: str, value: Any) -> None:
    setattr(settings, name, value)
    assert [problem.id for problem in checks.times_fit_each_other(None)] == ["portal.E002"]


def test_a_name_that_leads_nowhere_is_refused(settings: Any) -> None:
    settings.OUTBOX_HANDLERS = {"granite.create_tickets": "tickets.services.nowhere.NOTHING"}
    assert [problem.id for problem in checks.names_in_settings_exist(None)] == ["portal.E001"]
