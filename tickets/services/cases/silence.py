"""A channel that fell silent: a case changed at GTT, we learned of it only by asking, and GTT had promised to tell."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from portal.models import Delivery, Subscription, VendorAccount
from tickets import case_mirror
from tickets.models import CaseChange
from tickets.models.cases import ENDED

TOLD_WITHIN = timedelta(minutes=10)
LOOKED_BACK = timedelta(hours=24)


@dataclass(frozen=True)
class SilentChannel:
    account: VendorAccount
    sentence: str
    since: datetime


def silent_channels() -> list[SilentChannel]:
    """One for each account whose webhooks told nothing of a change that a poll found. Empty when all is well.

    Any later word of GTT's about a case ends the alarm: then one delivery was lost, and the channel works.
    """
    standing: dict[VendorAccount, datetime] = {}
    for one in Subscription.objects.filter(retired_at=None).select_related("account", "message"):
        if one.state == "subscribed" and one.message and one.message.settled_at:
            began = standing.get(one.account, one.message.settled_at)
            standing[one.account] = min(began, one.message.settled_at)
    found = [_silence_of(account, since) for account, since in standing.items()]
    return [channel for channel in found if channel is not None]


def _silence_of(account: VendorAccount, since: datetime) -> SilentChannel | None:
    now = timezone.now()
    told = Delivery.objects.filter(account=account).exclude(object_key="")
    last = told.order_by("-pk").values_list("received_at", flat=True).first()
    begins = max(filter(None, (since, last, now - LOOKED_BACK)))
    changes = CaseChange.objects.filter(
        ~Q(case__state__in=ENDED) | Q(field="state"),
        case__account=account,
        source=case_mirror.POLL,
        seen_at__gt=begins,
        seen_at__lt=now - TOLD_WITHIN,
    ).exclude(before="")
    # A delivery shortly before the reading is why it was read.
    of_it = told.filter(
        object_key__contains=OuterRef("case__number"), received_at__gt=OuterRef("seen_at") - TOLD_WITHIN
    )
    untold = changes.exclude(Exists(of_it)).select_related("case").order_by("seen_at").first()
    if untold is None:
        return None
    heard = f"The last delivery came {timezone.localtime(last):%b %d, %H:%M}." if last else "None ever came."
    sentence = (
        f"GTT does not tell us of changes any more ({account}): {untold.case} changed, and we learned of it only by "
        f"asking. {heard} Cases are still followed by asking, but later. Test the address of the subscription."
    )
    return SilentChannel(account, sentence, untold.seen_at)
