"""Keeps what vendors say beyond or short of their contracts, so that an admin sees it and nothing fails."""

from collections.abc import Iterable

from django.db.models import F
from django.utils import timezone

from portal.models import DriftEntry
from portal.vendors.drift import Drift


def record(found: Iterable[Drift]) -> None:
    for drift in found:
        entry, is_new = DriftEntry.objects.get_or_create(
            vendor=drift.vendor,
            operation=drift.operation[:60],
            kind=drift.kind[:30],
            path=drift.path[:200],
            defaults={"sample": drift.sample[:500]},
        )
        if not is_new:
            DriftEntry.objects.filter(pk=entry.pk).update(
                seen=F("seen") + 1, last_seen_at=timezone.now(), sample=drift.sample[:500]
            )
