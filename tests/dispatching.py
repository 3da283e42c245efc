"""Dispatches for tests, made by the services the pages call, and sent to the vendor sandbox over a real socket."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from portal.models import RateBudget, StoredFile, Team, User, VendorAccount
from portal.vendors.sandbox import Sandbox
from portal.vendors.sandbox.granite.accounts import ACCOUNTS
from tests.portal.outbox_parts import make_account
from tickets.forms import typed
from tickets.models import Dispatch, Draft
from tickets.services import drafts, repeat_choices, submitting
from tickets.services.repeats import find_repeats

WHAT = {
    "service_type": "Smart Hands",
    "contact_name": "Alice Warren",
    "contact_email_address": "alice@portal.example",
    "automatic_email_contact": "on",
    "initial_description": "Replace the failed router and confirm the link light.",
}


def sandbox_account(box: Sandbox, **fields: Any) -> VendorAccount:
    """An account for the sandbox, with a full budget: waiting for the limit is tested elsewhere."""
    account = make_account(box.url, box.token_url, **fields)
    refill(account)
    return account


def refill(account: VendorAccount) -> None:
    RateBudget.objects.update_or_create(
        account=account,
        defaults={"tokens": 5, "refreshed_at": timezone.now(), "closed_until": None, "shrunk_until": None},
    )


def typed_row(index: int = 0, **changes: str) -> dict[str, str]:
    """One location as somebody types it: one of the sandbox's accounts, tomorrow from nine to twelve."""
    place = ACCOUNTS[index]
    day = (timezone.now() + timedelta(days=1)).date().isoformat()
    return {
        typed.KEY: typed.new_key(),
        "location_name": place.site_name,
        "location_number": place.store_number,
        "account_macnum": place.macnum,
        "local_contact_name": place.contact,
        "local_contact_number": place.contact_phone,
        "time_zone": place.time_zone,
        "start_date": f"{day}T09:00",
        "end_date": f"{day}T12:00",
        "hard_start": "",
    } | changes


def make_draft(by: User, team: Team, rows: int | Sequence[dict[str, str]] = 2, **what: str) -> Draft:
    draft = drafts.new_draft(team, by=by)
    draft.what = {**draft.what, **WHAT, **what}
    draft.locations = [typed_row(index) for index in range(rows)] if isinstance(rows, int) else list(rows)
    draft.save()
    return draft


def mean_repeats(draft: Draft, by: User) -> None:
    """Most tests send somebody to the same few places tomorrow, again and again; there it is meant."""
    planned = submitting.plan(draft, by=by)
    found = repeat_choices.choices(draft, find_repeats(draft, planned.locations, by=by))
    if undecided := [one for one in found if not one.choice]:
        seen = repeat_choices.digest(undecided)
        repeat_choices.decide(draft, "send", by=by, reason="This test means it.", all_of=seen)
        draft.refresh_from_db()


def make_dispatch(
    by: User,
    team: Team,
    rows: int | Sequence[dict[str, str]] = 2,
    *,
    files: Sequence[StoredFile] = (),
    **what: str,
) -> Dispatch:
    """A dispatch as submitted from the review page; nothing is sent yet."""
    draft = make_draft(by, team, rows, **what)
    for file in files:
        draft.files.add(file)
    mean_repeats(draft, by)
    planned = submitting.plan(draft, by=by)
    assert planned.may_go, [finding.message for finding in planned.checked.problems()] + planned.obstacles
    return submitting.submit_draft(draft, by=by, plan_hash=planned.hash)
