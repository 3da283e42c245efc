"""What the machine acts on: the database, the vendor, the journal, the clock, and what people truly did."""

import contextlib
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from portal.models import Attempt, AuditEntry, Breaker, Message, RateBudget, Resolution, User, VendorAccount
from portal.models.messages import State
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast
from tests.flows.machine.worker import Worker
from tests.portal.outbox_parts import settle_constraints, sql
from tests.sending import allow_sending
from tickets.models import Location

PER_MINUTE, FULL = 30_000, 2_500  # a budget that does not depend on how long a step takes
NOBODY_LISTENS = "http://127.0.0.1:9"


@dataclass
class Deeds:
    """What people did and were not refused, written down by the machine and by nothing of the portal."""

    done: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # action, who, about what
    looked_first: dict[int, User] = field(default_factory=dict)  # by resolution
    renewed_by: dict[str, list[tuple[User, User]]] = field(default_factory=dict)  # by reference
    written_off: set[str] = field(default_factory=set)

    def note(self, action: str, by: User, about: object) -> None:
        self.done[action, by.name, str(about)] += 1


class World:
    """One example: everything in it is rolled back by `end`."""

    def __init__(
        self, box: Sandbox, account: VendorAccount, people: Cast, settled: list[Attempt] | None = None
    ) -> None:
        """`settled` is filled by whoever settles an attempt."""
        self.box, self.account, self.people = box, account, people
        self.settled = [] if settled is None else settled
        self.settled.clear()
        self.deeds = Deeds()
        self.pages: dict[Path, str] = {}  # every page the journal ever had
        self.hashes: dict[str, str] = {}  # of each message when it was first seen
        self.locations = 0
        self.first_entry = AuditEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0
        self._transaction = transaction.atomic()
        self._transaction._from_testcase = (
            True  # what must not run inside a transaction takes this one for none
        )
        self._transaction.__enter__()
        allow_sending()  # anew: what the last example sent was rolled back, and this machine's log knows it
        box.reset()
        box.limit = 100_000
        for path in self.journal():
            path.unlink()

    def end(self, workers: Iterable[Worker]) -> None:
        try:
            for worker in workers:
                worker.bury()
        finally:
            transaction.set_rollback(True)
            self._transaction.__exit__(None, None, None)

    @contextlib.contextmanager
    def acting(self) -> Iterator[None]:
        """One thing happens. The budget is full: waiting for it is tested elsewhere."""
        RateBudget.objects.filter(account=self.account).update(
            tokens=FULL, refreshed_at=Now(), closed_until=None, shrunk_until=None
        )
        yield
        # Each of what were transactions is over: constraints that wait for the commit, and whose lease spoke.
        settle_constraints()
        sql("SELECT set_config('portal.lease', '', true)")

    # The vendor

    @contextlib.contextmanager
    def lying(self, fault: str) -> Iterator[None]:
        """For this one call; "" is an honest one, "refused" one that finds nobody."""
        if fault == "refused":
            self._move_vendor(NOBODY_LISTENS)
        elif fault:
            self.box.fail_next(fault)
        try:
            yield
        finally:
            self.box.clear_faults()
            if fault == "refused":
                self._move_vendor(self.box.url)

    def _move_vendor(self, url: str) -> None:
        VendorAccount.objects.filter(pk=self.account.pk).update(api_url=url)

    def ids_of(self, reference: str) -> list[int]:
        """The vendor's tickets that carry our reference."""
        return [key for key, ticket in self.box.tickets.items() if reference in references_of(ticket)]

    def is_stopped(self) -> bool:
        """By a person or by the breaker."""
        account = VendorAccount.objects.select_related("breaker").get(pk=self.account.pk)
        breaker = getattr(account, "breaker", None)
        return account.paused_at is not None or (
            breaker is not None and breaker.state != Breaker.State.CLOSED
        )

    # The journal

    def journal(self) -> list[Path]:
        return sorted(path for path in Path(settings.JOURNAL_ROOT).glob("*") if path.is_file())

    def age_journal(self) -> None:
        """As if its pages had been written a minute ago."""
        for path in self.journal():
            if path.suffix == ".json":
                self.pages.setdefault(path, path.read_text())
            os.utime(path, (time.time() - 60, time.time() - 60))

    def tear_last_page(self) -> None:
        """As if the machine had died while it wrote it: the rename never happened."""
        whole = [path for path in self.journal() if path.suffix == ".json"]
        if whole:
            text = whole[-1].read_text()
            whole[-1].with_suffix(".half-written").write_text(text[: len(text) // 2])
            whole[-1].unlink()

    # The clock: the database's times are moved, nobody waits

    def pass_time(self, minutes: float = 0) -> None:
        """Leases end, deadlines have passed since so many minutes, back-offs and the breaker's stop are over."""
        over = Now() - timedelta(minutes=minutes, seconds=1)
        in_doubt = Q(state__in=[State.SENDING, State.UNKNOWN])
        shift(Q(state=State.CLAIMED), lease_until=over)
        shift(in_doubt & Q(send_deadline_at__gt=over), send_deadline_at=over)
        shift(Q(state=State.QUEUED, due_at__gt=Now()), due_at=Now())
        Resolution.objects.filter(due_at__gt=Now()).update(due_at=Now())
        Breaker.objects.filter(open_until__gt=Now()).update(open_until=Now())

    def pass_visits(self, message: Message) -> None:
        start = timezone.now() - timedelta(hours=1)
        Location.objects.filter(message=message).update(
            starts_at=start, ends_at=start + timedelta(minutes=30)
        )


def shift(which: Q, **times: object) -> None:
    """Move times that the guards keep: in the real world they pass by themselves."""
    messages = Message.objects.filter(which)
    if not messages.exists():
        return
    settle_constraints()
    sql("ALTER TABLE portal_message DISABLE TRIGGER portal_guard_message")
    messages.update(**times)
    settle_constraints()
    sql("ALTER TABLE portal_message ENABLE TRIGGER portal_guard_message")


def references_of(ticket: dict[str, object]) -> set[str]:
    return {number.strip() for number in str(ticket["customer_ticket_number"] or "").split(",")}
