"""A broker that is away must not be felt by anybody who submits."""

import time

import pytest
from celery import Celery
from django.conf import settings
from django.db import transaction

from portal import bell
from tests.flows.workers import NOWHERE, wait_until


@pytest.fixture
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", NOWHERE)  # which Celery prefers to anything else
    elsewhere = Celery("portal", broker=NOWHERE)
    elsewhere.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    elsewhere.conf.task_publish_retry = False
    monkeypatch.setattr(bell, "app", elsewhere)


@pytest.mark.django_db(transaction=True)
def test_ringing_without_a_broker_makes_nobody_wait(
    no_broker: None, caplog: pytest.LogCaptureFixture
) -> None:
    begun = time.monotonic()
    for _ in range(50):
        with transaction.atomic():
            bell.ring_after_commit("portal.tasks.deliver_due")
    assert bell._ringing, "the broker is still being missed"
    assert time.monotonic() - begun < 2, "less than a single try takes"
    wait_until(lambda: not bell._ringing, what="the bell is quiet again")
    assert 1 <= caplog.text.count("could not be woken") <= 2, "fifty rings in one are one or two"
