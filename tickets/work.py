"""What a message in doubt is for, in the words of its vendor: a dispatch of technicians, or a support case."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.urls import reverse

from portal.models import Message, Team, User
from portal.models.accounts import Vendor
from tickets.board import UNKNOWN_WORDS
from tickets.models import Case, Dispatch

UNKNOWN_CASE_WORDS = "We do not know whether GTT created this case. Do not submit again."

UNKNOWN_UPDATE_WORDS = "We do not know whether GTT took this comment or change. Do not send it again."
UPDATE_CASE = "gtt.update_case"


@dataclass(frozen=True)
class Work:
    """A dispatch or a case, with what pages and mails say of a message for it."""

    record: Dispatch | Case
    is_update: bool = False  # of a case that exists: a comment, or fields

    @cached_property
    def is_case(self) -> bool:
        return isinstance(self.record, Case)

    @property
    def noun(self) -> str:
        return "Case" if self.is_case else "Dispatch"

    @property
    def vendor(self) -> str:
        return Vendor.GTT.label if self.is_case else Vendor.GRANITE.label

    @property
    def reference(self) -> str:
        return self.record.reference

    @property
    def title(self) -> str:
        return self.record.short_description if isinstance(self.record, Case) else self.record.service_type

    @property
    def team(self) -> Team:
        return self.record.team

    @property
    def submitted_by(self) -> User:
        return self.record.submitted_by  # type: ignore[return-value]  # our own User

    @property
    def words(self) -> str:
        if self.is_update:
            return UNKNOWN_UPDATE_WORDS
        return UNKNOWN_CASE_WORDS if self.is_case else UNKNOWN_WORDS

    def in_doubt(self, count: int) -> str:
        """`3 technicians in doubt`."""
        if self.is_update:
            return "a comment or a change in doubt"
        noun = "case" if self.is_case else "technician"
        return f"{count} {noun}{'s'[: count != 1]} in doubt"

    def get_absolute_url(self) -> str:
        return self.record.get_absolute_url()

    def url_of(self, message: Message) -> str:
        """Where exactly what was sent is shown."""
        if self.is_case:
            return self.record.get_absolute_url()
        return reverse("tickets:message", args=[self.record.pk, message.pk])

    def is_seen_by(self, user: User) -> bool:
        seen = type(self.record).objects.visible_to(user)
        return bool(seen.filter(pk=self.record.pk).exists())


@dataclass(frozen=True)
class CasePlace:
    """The one part of a message that raises a case, beside the locations of a dispatch."""

    case: Case
    index: int = 0

    def __str__(self) -> str:
        return self.case.short_description


# What would be done twice, by which a message is known for life: `dispatch:12:1`, `case:7`.
CHUNK = re.compile(r"(dispatch|case):(\d{1,18})(?::.*)?")


def works_of(messages: Iterable[Message]) -> dict[int, Work]:
    """The dispatch or case of each message, by the message's key; two queries at most."""
    wanted: dict[type[Any], dict[int, int]] = {Dispatch: {}, Case: {}}
    updates = set()
    for message in messages:
        if message.kind == UPDATE_CASE:
            updates.add(message.pk)
        if found := CHUNK.fullmatch(message.chunk):
            wanted[Case if found[1] == "case" else Dispatch][message.pk] = int(found[2])
    works: dict[int, Work] = {}
    for model, keys in wanted.items():
        found_all = model.objects.select_related("team", "submitted_by")
        records = found_all.in_bulk(set(keys.values())) if keys else {}
        works |= {pk: Work(records[key], pk in updates) for pk, key in keys.items() if key in records}
    return works
