"""What GTT tells us, and what it was asked to tell."""

import json

from django.utils import timezone

from portal import inbox
from portal.models import Delivery, Message, Subscription, VendorAccount
from tests.browser.scenes import Scenes, Visit, World
from tests.casework import gtt_account, send
from tests.portal.outbox_parts import force
from tickets.services.cases import subscribing

SCENES = Scenes()
TOLD = {
    "kind": "case",
    "name": "CS0074187",
    "spec": {"state": "In Progress", "description": "Call 617-555-0101"},
}


def told(account: VendorAccount, state: str, outcome: str, key: str = "", body: bytes = b"{}") -> Delivery:
    token = account.webhook_tokens.first() or inbox.new_token(account)[0]
    return Delivery.objects.create(
        account=account,
        token=token,
        method="POST",
        content_type="application/json; charset=utf-8",
        headers={"User-Agent": "EnvisionDX", "Content-Length": str(len(body))},
        body=body,
        state=state,
        outcome=outcome,
        object_key=key,
        processed_at=timezone.now(),
    )


@SCENES
def deliveries(world: World) -> Visit:
    account = gtt_account(world.box)
    for number in range(8):
        key = f"CS007418{number}"
        told(account, "processed", f"{key} is read again.", key)
    told(account, "ignored", "CS0099999 is no case of this portal.", "CS0099999")
    told(account, "unreadable", "It is not JSON, or none that anybody could mean.", body=b"<html>")
    told(
        account, "waiting", "We hold no case CS0074190 yet, but one is being raised: looked at again shortly."
    )
    return Visit("/deliveries/", world.people.root)


@SCENES
def delivery(world: World) -> Visit:
    one = told(
        gtt_account(world.box),
        "processed",
        "CS0074187 is read again.",
        "CS0074187",
        json.dumps(TOLD).encode(),
    )
    return Visit(f"/deliveries/{one.pk}/", world.people.root)


@SCENES
def subscriptions(world: World) -> Visit:
    account, root = gtt_account(world.box), world.people.root
    for action in ("create", "delete", "update"):
        subscribing.subscribe(account, action, by=root)
    send(account)
    first = Subscription.objects.get(action="create")
    told(account, "processed", "", "CS0074187")
    subscribing.renew_address(first, by=root)
    lost = Subscription.objects.get(action="update")
    Subscription.objects.filter(pk=lost.pk).update(
        test_result="The address was reached from here, and took a test delivery."
    )
    force(Message.objects.get(subscription=lost), "unknown", settled_at=None)
    return Visit("/subscriptions/", root)
