"""Looks at everything the portal stands on. Each check answers in one sentence and changes nothing."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from portal import accounts, arming, encryption
from portal.celery import app as celery_app
from portal.models import VendorAccount
from portal.models.accounts import Vendor
from portal.problems import Problem

OLDEST_DATABASE = 150_000
MOST_SKEW_SECONDS = 2.0


class Trouble(Exception):
    """What is wrong and what to do, in a sentence."""


@dataclass(frozen=True)
class Finding:
    name: str
    is_good: bool
    sentence: str


def database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        number = int(cursor.fetchone()[0])
    version = f"PostgreSQL {number // 10_000}.{number % 10_000}"
    if number < OLDEST_DATABASE:
        raise Trouble(f"{version} is too old; 15 or newer is needed.")
    return f"{version} answers."


def migrations() -> str:
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        raise Trouble(f"{len(pending)} migrations are pending: run manage.py migrate.")
    return "All migrations are applied."


def clock() -> str:
    before = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        there = cursor.fetchone()[0]
    after = timezone.now()
    skew = abs((there - (before + (after - before) / 2)).total_seconds())
    if skew > MOST_SKEW_SECONDS:
        raise Trouble(f"This machine's clock and the database's differ by {skew:.1f} s; set both by NTP.")
    return f"This machine's clock and the database's agree within {max(skew, 0.1):.1f} s."


def broker() -> str:
    try:
        with celery_app.connection_for_write(connect_timeout=2) as there:
            there.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=3)
    except Exception as error:  # every transport has errors of its own
        raise Trouble(
            f"The broker does not answer ({type(error).__name__}); sending goes on, seconds late."
        ) from error
    return "The broker answers."


def media() -> str:
    name = f"doctor-{secrets.token_hex(8)}"
    try:
        stored = default_storage.save(name, ContentFile(b"ok"))
        default_storage.delete(stored)
    except OSError as error:
        raise Trouble(
            f"MEDIA_ROOT cannot be written ({error.strerror or error}); uploads will fail."
        ) from error
    return "MEDIA_ROOT can be written."


def stored_secrets() -> str:
    unreadable, missing = [], []
    for account in VendorAccount.objects.all():
        try:
            if not account.secret:
                missing.append(str(account))
        except encryption.Undecipherable:
            unreadable.append(str(account))
    if unreadable:
        raise Trouble(f"FIELD_ENCRYPTION_KEY does not open the secret of: {', '.join(unreadable)}.")
    if missing:
        raise Trouble(f"No secret is stored for: {', '.join(missing)}.")
    return "Every stored secret can be read."


def default_account() -> str:
    try:
        account = accounts.default_account()
    except Problem as problem:
        raise Trouble(str(problem)) from problem
    return f"{account} takes new work" + (
        f", but is paused: {account.paused_reason}" if account.is_paused else "."
    )


def gtt() -> str:
    """Accounts of GTT stand idle without a namespace; what is switched on is said, for GTT has confirmed none of it."""
    found = list(VendorAccount.objects.filter(vendor=Vendor.GTT))
    if idle := [str(account) for account in found if not account.namespace]:
        raise Trouble(f"No namespace is set for: {', '.join(idle)}.")
    if not found:
        return "No GTT account is set up."
    return " ".join(
        f"{account}: namespace {account.namespace}; beside creating it uses {', '.join(account.operations) or 'nothing'}."
        for account in found
    )


def sending() -> str:
    if why_not := arming.why_not():
        raise Trouble(f"{why_not} An administrator decides under Sending.")
    return "Requests may leave from here."


CHECKS: dict[str, Callable[[], str]] = {
    "database": database,
    "migrations": migrations,
    "clock": clock,
    "broker": broker,
    "media": media,
    "secrets": stored_secrets,
    "account": default_account,
    "gtt": gtt,
    "sending": sending,
}


def examine() -> list[Finding]:
    """Every check, also after one that failed."""
    findings = []
    for name, check in CHECKS.items():
        try:
            findings.append(Finding(name, True, check()))
        except Trouble as trouble:
            findings.append(Finding(name, False, str(trouble)))
        except Exception as error:  # a check that breaks is a finding, and the others are still wanted
            findings.append(
                Finding(name, False, f"Could not be examined: {type(error).__name__}: {error}".strip())
            )
    return findings
