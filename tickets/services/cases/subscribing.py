"""Asking GTT to tell us of what happens to cases: one subscription for each action, each at a secret address of its own.

GTT documents creating a subscription and nothing else: none can be listed or ended. So one that is given up keeps
knocking at an address that is closed. That one whose answer was lost stands is proved by its name: asked for once more,
GTT says that the name is taken (409).
"""

import re
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from portal import audit, bell, encryption, inbox, outbox
from portal.models import Delivery, Message, Subscription, User, VendorAccount, WebhookToken
from portal.models.accounts import Vendor
from portal.models.messages import State
from portal.outbox import resolving
from portal.outbox.clock import database_now
from portal.problems import Problem
from tickets.subscription_address import why_unreachable

KIND = "gtt.create_webhook"
TEST_TASK = "tickets.tasks.test_subscriptions"
SUGGESTED = ("create", "update")
ACTION = re.compile(r"[a-z][a-z0-9_-]{0,30}")
OVERLAP = timedelta(hours=24)
ASKED_AGAIN = (
    "The subscription is asked for again under the same name: GTT's answer tells whether it stood already."
)


def subscribe(account: VendorAccount, action: str, *, by: User) -> Subscription:
    """Promise one subscription. What becomes of it is no matter of the others."""
    action = action.strip().lower()
    if not ACTION.fullmatch(action):
        raise Problem("Give the action as GTT names it, in small letters: create, update.")
    with transaction.atomic():
        _lock(account)
        if any(one.state in ("wanted", "subscribed") for one in _standing(account, action)):
            raise Problem(f"“{action}” is subscribed to already. Renew its address instead.")
        return _make(account, action, by=by, replaces=None)


def renew_address(subscription: Subscription, *, by: User) -> Subscription:
    """A new secret address beside the old one, which is closed once the new one has been used."""
    with transaction.atomic():
        _lock(subscription.account)
        subscription.refresh_from_db()
        if subscription.retired_at:
            raise Problem("Its address is closed already. Subscribe anew.")
        if hasattr(subscription, "successor"):
            raise Problem("A new address is on its way already.")
        return _make(subscription.account, subscription.action, by=by, replaces=subscription)


def ask_again(subscription: Subscription, *, by: User) -> None:
    """Once more, where GTT refused or its answer was lost. A name that others have taken is changed."""
    with transaction.atomic():
        _lock(subscription.account)
        subscription.refresh_from_db()
        before = subscription.message
        if before is None or subscription.state not in ("unknown", "refused") or subscription.retired_at:
            raise Problem("There is nothing to ask again.")
        _refuse_unreachable(subscription.account)
        if before.state == State.UNKNOWN:
            resolving.write_off(before, reason=ASKED_AGAIN, by=by)
            subscription.was_in_doubt = True
        elif subscription.is_name_taken:
            subscription.name = _free_name(subscription.account, subscription.action)
        subscription.message = _promise(subscription, str(before.payload["sealed"]), by)
        subscription.save()
        audit.record(by, "subscription.asked again", subscription)


def close_address(subscription: Subscription, *, by: User) -> None:
    """From now on nothing is taken at its address, as when its secret got out."""
    with transaction.atomic():
        if not _retire(Subscription.objects.filter(pk=subscription.pk)):
            raise Problem("Its address is closed already.")
        if subscription.message and subscription.message.state in (State.QUEUED, State.HELD):
            outbox.cancel(subscription.message, by=by, reason="Its address was closed.")
        audit.record(by, "subscription.closed", subscription)


def want_test(subscription: Subscription, *, by: User) -> None:
    """Have a worker knock at our own address, as GTT would."""
    if subscription.retired_at:
        raise Problem("Its address is closed.")
    with transaction.atomic():
        Subscription.objects.filter(pk=subscription.pk).update(test_wanted_at=Now(), test_result="")
        audit.record(by, "subscription.tested", subscription)
        bell.ring_after_commit(TEST_TASK)


def retire_replaced() -> int:
    """Close addresses whose successors were used, or stood for a day while nothing came at the old ones either."""
    closed = 0
    now = database_now()
    for old in Subscription.objects.filter(retired_at=None, successor__isnull=False).select_related(
        "successor__message"
    ):
        new = old.successor
        if new.state != "subscribed" or new.message is None or new.message.settled_at is None:
            continue
        since = new.message.settled_at
        is_proved = real_deliveries(new.token).exists()
        is_quiet = (
            now - since > OVERLAP and not real_deliveries(old.token).filter(received_at__gt=since).exists()
        )
        if is_proved or is_quiet:
            closed += _retire(Subscription.objects.filter(pk=old.pk))
            audit.record(None, "subscription.replaced", old, successor=new.name)
    return closed


def real_deliveries(token: WebhookToken) -> QuerySet[Delivery]:
    """What GTT itself delivered there, the last first: our own tests prove nothing of it."""
    return token.deliveries.exclude(headers__has_key=inbox.TEST_HEADER).order_by("-pk")


def offered_accounts() -> QuerySet[VendorAccount]:
    return VendorAccount.objects.filter(vendor=Vendor.GTT)


def _make(account: VendorAccount, action: str, *, by: User, replaces: Subscription | None) -> Subscription:
    _refuse_unreachable(account)
    token, secret = inbox.new_token(account)
    made = Subscription.objects.create(
        account=account, action=action, name=_free_name(account, action), token=token, replaces=replaces
    )
    made.message = _promise(made, encryption.encrypt(secret), by)
    made.save(update_fields=["message"])
    audit.record(by, "subscription.renewed" if replaces else "subscription.wanted", made)
    return made


def _promise(subscription: Subscription, sealed: str, by: User) -> Message:
    """The secret is sealed in the frozen request: whoever reads messages must not learn the address."""
    times = Message.objects.filter(chunk__startswith=f"webhook:{subscription.pk}:").count()
    reference = f"WHK-{subscription.pk:06d}" + (f"-{times}" if times else "")
    return outbox.add(
        KIND,
        subscription.account,
        reference=reference,
        chunk=f"webhook:{subscription.pk}:{times}",
        payload={"name": subscription.name, "action": subscription.action, "sealed": sealed},
        weight=0,
        files=[],
        by=by,
        interactive=True,
    )


def _free_name(account: VendorAccount, action: str) -> str:
    base = f"case-v1alpha-{action}"
    taken = set(Subscription.objects.filter(account=account).values_list("name", flat=True))
    numbers = (base if number == 1 else f"{base}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in numbers if name not in taken)


def _standing(account: VendorAccount, action: str) -> QuerySet[Subscription]:
    return Subscription.objects.filter(account=account, action=action, retired_at=None).select_related(
        "message"
    )


def _refuse_unreachable(account: VendorAccount) -> None:
    if sentence := why_unreachable(account):
        raise Problem(sentence)


def _lock(account: VendorAccount) -> None:
    """One person at a time makes subscriptions of an account."""
    VendorAccount.objects.select_for_update(of=("self",)).get(pk=account.pk)


def _retire(subscriptions: QuerySet[Subscription]) -> int:
    with transaction.atomic():
        keys = list(subscriptions.filter(retired_at=None).values_list("token_id", flat=True))
        WebhookToken.objects.filter(pk__in=keys).update(valid_until=Now())
        return Subscription.objects.filter(token__in=keys).update(retired_at=Now())
