"""Celery's way in. Each task calls one service; what is due is in the database."""

from celery import shared_task

from tickets.services import following, incidents, recurring, reminding
from tickets.services.cases import following as case_following
from tickets.services.cases import hearing, searching, subscribing, webhook_delivery


@shared_task(ignore_result=True)
def follow_tickets() -> None:
    following.follow_due()


@shared_task(ignore_result=True)
def remind() -> None:
    reminding.remind()


@shared_task(ignore_result=True)
def make_recurring() -> None:
    recurring.make_due()


@shared_task(ignore_result=True)
def follow_cases() -> None:
    case_following.follow_due()


@shared_task(ignore_result=True)
def tell_cases() -> None:
    incidents.tell_cases()


@shared_task(ignore_result=True)
def look_for_lost_cases() -> None:
    searching.look_for_lost()


@shared_task(ignore_result=True)
def heed_deliveries() -> None:
    hearing.heed_due()


@shared_task(ignore_result=True)
def test_subscriptions() -> None:
    webhook_delivery.run_tests()


@shared_task(ignore_result=True)
def close_replaced_addresses() -> None:
    subscribing.retire_replaced()
