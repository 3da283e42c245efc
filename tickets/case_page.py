"""A case as its page shows it: where its sending stands, its history and its thread."""

import json
from datetime import timedelta
from functools import cached_property

from django.utils import timezone

from portal.models import StoredFile
from portal.models.accounts import Operation
from portal.models.messages import HeldReason, State
from tickets.board import held_words
from tickets.evidence import Try, tries_of
from tickets.models import Case, CaseChange, CaseComment, CaseEdit, Incident
from tickets.queueing import queue_of

PATIENCE = timedelta(minutes=3)
FIELD_WORDS = {
    "state": "State",
    "short_description": "Summary",
    "case_type": "Type",
    "priority": "Priority",
    "category": "Category",
    "subcategory": "Subcategory",
}
SOURCES = {"answer": "from the answer to our request", "poll": "by poll", "webhook": "told by GTT"}
WAITING = (State.QUEUED, State.CLAIMED, State.SENDING)


class CasePage:
    def __init__(self, case: Case) -> None:
        self.case = case

    @cached_property
    def history(self) -> list[CaseChange]:
        changes = list(self.case.changes.all())
        for change in changes:
            change.what = FIELD_WORDS.get(change.field, change.field)  # type: ignore[attr-defined]
        return changes

    @cached_property
    def comments(self) -> list[CaseComment]:
        return list(self.case.comments.select_related("written_by", "message"))

    @cached_property
    def open_edits(self) -> list[CaseEdit]:
        """Changes that are on their way, in doubt, refused, or held because GTT changed the same."""
        edits = self.case.edits.exclude(message__state__in=[State.DONE, State.CANCELLED])
        found = list(edits.select_related("message", "written_by"))
        for edit in found:
            edit.lines = [  # type: ignore[attr-defined]
                (FIELD_WORDS.get(name, name), edit.seen.get(name, ""), getattr(self.case, name), wanted)
                for name, wanted in edit.changes.items()
            ]
            edit.is_conflict = edit.message.held_reason == HeldReason.CONFLICT  # type: ignore[attr-defined]
        return found

    @cached_property
    def incidents(self) -> list[Incident]:
        return list(self.case.incidents.prefetch_related("drafts"))

    @cached_property
    def files(self) -> list[StoredFile]:
        return list(self.case.files.order_by("pk"))

    @cached_property
    def tries(self) -> list[Try]:
        return tries_of(self.case.message) if self.case.message else []

    @property
    def stage(self) -> str:
        """A message's state, or "ticket" once GTT has given a number."""
        return "number" if self.case.number or self.case.message is None else self.case.message.state

    @property
    def is_on_its_way(self) -> bool:
        waiting = [
            comment.message for comment in self.comments if comment.message and not comment.fingerprint
        ]
        waiting += [edit.message for edit in self.open_edits]
        return self.stage in WAITING or any(message.state in WAITING for message in waiting)

    @property
    def sentence(self) -> str:
        message = self.case.message
        if message is None or self.case.number:
            return ""
        if message.state == State.QUEUED:
            queue = queue_of(message.account)
            return f"It is sent in {queue.wait_for(message.pk)}." if message.pk in queue.before else ""
        if message.state == State.HELD:
            return held_words(message)
        return message.detail

    @property
    def is_being_read(self) -> bool:
        wanted_at = self.case.wanted_at
        return self.case.is_wanted and wanted_at is not None and timezone.now() - wanted_at < PATIENCE

    @property
    def source(self) -> str:
        return SOURCES.get(self.case.read_by, "")

    @property
    def may_comment(self) -> bool:
        return bool(self.case.number) and self.case.account.may(Operation.COMMENT)

    @property
    def may_change(self) -> bool:
        return bool(self.case.number) and self.case.account.may(Operation.UPDATE)

    @property
    def is_read(self) -> bool:
        """Whether the account may read cases; otherwise the page says that it cannot know."""
        return self.case.account.may(Operation.GET)

    @property
    def raw(self) -> str:
        return json.dumps(self.case.raw, indent=2, ensure_ascii=False)
