"""What people say on a case and change of it: written down here, promised to GTT, shown as told once GTT shows it."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from portal import audit, files, outbox
from portal.models import Message, User
from portal.models.accounts import Operation
from portal.models.messages import HeldReason, State
from portal.problems import Problem
from tickets.models import Case, CaseComment, CaseEdit
from tickets.work import UPDATE_CASE

NOT_CONFIRMED = "GTT has not confirmed how this is done, so it is switched off for this account."
NO_NUMBER = "GTT has given this case no number yet. Wait until it has."
NOTHING_CHANGED = "Nothing is different from what GTT has."
EDITABLE = ("state", "short_description", "priority", "category", "subcategory")


def may_answer(user: User, case: Case) -> bool:
    seen = user.sees_all_teams or user.teams.filter(pk=case.team_id).exists()
    return user.has_perm("tickets.raise_case") and seen


@transaction.atomic
def comment(case: Case, text: str, *, by: User) -> CaseComment:
    """Say something on the case. Raises Problem where that is of no use."""
    locked = _lock(case, by, Operation.COMMENT)
    text = text.strip()
    twice = locked.comments.filter(text=text, written_by=by, at__gt=timezone.now() - timedelta(seconds=30))
    if said := twice.first():
        return said  # the button was pressed twice
    written = CaseComment.objects.create(case=locked, text=text, written_by=by, at=timezone.now())
    place = f"c{written.pk}"
    written.message = _promise(locked, place, {"comments": text}, {}, by)
    written.save(update_fields=["message"])
    audit.record(by, "case.commented", locked)
    return written


@transaction.atomic
def change(case: Case, wanted: dict[str, str], seen: dict[str, str], *, by: User) -> CaseEdit:
    """Ask GTT for other values; `seen` is what the person saw there, and is compared before anything is sent."""
    locked = _lock(case, by, Operation.UPDATE)
    changes = {
        name: value for name, value in wanted.items() if name in EDITABLE and value != seen.get(name, "")
    }
    if not changes:
        raise Problem(NOTHING_CHANGED)
    before = {name: seen.get(name, "") for name in changes}
    place = f"u{locked.edits.count() + 1}"
    edit = CaseEdit.objects.create(
        case=locked,
        message=_promise(locked, place, changes, before, by),
        changes=changes,
        seen=before,
        written_by=by,
    )
    audit.record(by, "case.changed", locked, changes=changes)
    return edit


@transaction.atomic
def settle_conflict(edit: CaseEdit, *, keep_mine: bool, by: User) -> CaseEdit | None:
    """GTT changed the same fields meanwhile: send ours on top of that, or leave GTT's."""
    locked = _lock(edit.case, by, Operation.UPDATE)
    message = Message.objects.select_for_update(of=("self",)).get(pk=edit.message_id)
    if (message.state, message.held_reason) != (State.HELD, HeldReason.CONFLICT):
        raise Problem("This was settled already.")
    outbox.cancel(
        message, by=by, reason="sent anew over what GTT has" if keep_mine else "what GTT has is kept"
    )
    if not keep_mine:
        return None
    now = {name: str(getattr(locked, name)) for name in edit.changes}
    return change(locked, edit.changes, now, by=by)


def add_files(case: Case, uploads: list[UploadedFile], *, by: User) -> list[str]:
    """Keep files with the case; GTT has no way to take them. Returns a sentence for each that was refused."""
    if not may_answer(by, case):
        raise PermissionDenied
    refused = []
    for upload in uploads:
        try:
            with transaction.atomic():
                stored = files.accept(upload, by=by)
                case.files.add(stored)
                audit.record(by, "case.file_kept", case, name=stored.name)
        except Problem as problem:
            refused.append(str(problem))
    return refused


def _lock(case: Case, by: User, operation: Operation) -> Case:
    locked = Case.objects.select_for_update(of=("self",)).select_related("account", "team").get(pk=case.pk)
    if not may_answer(by, locked):
        raise PermissionDenied
    if not locked.account.may(operation):
        raise Problem(NOT_CONFIRMED)
    if not locked.number:
        raise Problem(NO_NUMBER)
    return locked


def _promise(case: Case, place: str, changes: dict[str, Any], seen: dict[str, Any], by: User) -> Message:
    return outbox.add(
        UPDATE_CASE,
        case.account,
        reference=f"{case.reference}-{place}",
        chunk=f"case:{case.pk}:{place}",
        payload={"number": case.number, "changes": changes, "seen": seen, "place": place},
        weight=1,
        files=[],
        by=by,
        interactive=True,
    )
