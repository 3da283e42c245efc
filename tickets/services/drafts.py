"""Drafts: begun, saved as one types, filled with places, discarded, or made anew from what Granite refused."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from portal import accounts, audit
from portal.models import Team, User, VendorAccount
from portal.models.accounts import Vendor
from portal.problems import Problem
from tickets.forms import typed
from tickets.models import Draft
from tickets.permissions import may_change_draft, may_draft
from tickets.services.correcting import draft_from_failed

__all__ = [
    "ChangedElsewhere",
    "Stamp",
    "discard_draft",
    "draft_from_failed",
    "lock",
    "new_draft",
    "save_step",
    "usual_what",
]

SUBMITTED = "This draft was already submitted."
DISCARDED = "This draft was discarded. Nothing of it will be sent."


@dataclass(frozen=True)
class Stamp:
    """From which open page a save comes, and what that page had seen of the step."""

    page: str = ""
    seen: str = ""
    turn: int = 0
    is_forced: bool = False


class ChangedElsewhere(Problem):
    """The step was saved from another window since this page was loaded. `draft` holds what was typed here, unsaved."""

    def __init__(
        self, draft: Draft, differences: list[tuple[str, str, str]], who: str, when: datetime
    ) -> None:
        super().__init__("This step was changed in another window since you opened it.")
        self.draft, self.differences, self.who, self.when = draft, differences, who, when


@transaction.atomic
def new_draft(team: Team, *, by: User, account: VendorAccount | None = None) -> Draft:
    """A draft with the person's defaults. One that was begun and never touched is taken up again, not added to."""
    if not may_draft(by):
        raise PermissionDenied
    User.objects.select_for_update().get(pk=by.pk)  # two presses of one button wait for each other here
    account = account or accounts.default_account(Vendor.GRANITE)
    untouched = Draft.objects.open().filter(
        created_by=by, team=team, account=account, saves={}, locations=[], files=None, corrects=None
    )
    if begun := untouched.order_by("-pk").first():
        return begun
    draft = Draft.objects.create(
        team=team,
        account=account,
        what=usual_what(by),
        created_by=by,
        saved_by=by,
    )
    audit.record(by, "draft.begun", draft)
    return draft


def usual_what(by: User) -> dict[str, str]:
    """What a draft says before anybody has typed."""
    return {"contact_name": by.name, "contact_email_address": by.email, "automatic_email_contact": "on"}


def lock(draft: Draft, *, by: User) -> Draft:
    """The draft as it is now, locked, if it may still be changed. Belongs into a transaction."""
    locked = Draft.objects.select_for_update(of=("self",)).select_related("account", "team").get(pk=draft.pk)
    if not may_change_draft(by, locked):
        raise PermissionDenied
    if locked.is_submitted:
        raise Problem(SUBMITTED)
    if locked.discarded_at:
        raise Problem(DISCARDED)
    return locked


@transaction.atomic
def save_step(
    draft: Draft,
    step: str,
    apply: Callable[[Draft], None],
    *,
    by: User,
    stamp: Stamp,
    then: Callable[[Draft], Any] | None = None,
) -> Draft:
    """Keep what was typed in one step; `then` changes the rows further in the same go (add, copy, remove).

    Raises ChangedElsewhere, or BadRows from `apply`; nothing is saved then.
    """
    locked = lock(draft, by=by)
    before, last = typed.part(locked, step), locked.saves.get(step, {})
    if stamp.page and last.get("page") == stamp.page and stamp.turn < last.get("turn", 0):
        return locked  # overtaken on the way by a later save of the same page
    kept = (locked.what, locked.locations)
    apply(locked)
    after = typed.part(locked, step)
    if after != before and not stamp.is_forced and _is_stale(stamp, last, before):
        raise _changed_elsewhere(locked, before, after, last)
    if then:
        then(locked)
    if (locked.what, locked.locations) != kept:
        _choose_team_and_account(locked, by)
        locked.saves[step] = {
            "page": stamp.page,
            "turn": stamp.turn,
            "by": by.name,
            "at": timezone.now().isoformat(),
        }
        locked.saved_by = by
        locked.save()
    return locked


def _is_stale(stamp: Stamp, last: dict[str, Any], before: dict[str, str]) -> bool:
    is_own_page = bool(stamp.page) and last.get("page") == stamp.page
    return bool(stamp.seen) and not is_own_page and stamp.seen != typed.fingerprint(before)


def _changed_elsewhere(
    draft: Draft, theirs: dict[str, str], mine: dict[str, str], last: dict[str, Any]
) -> ChangedElsewhere:
    keys = f"-{typed.KEY}"
    differences = [
        (name, mine.get(name, ""), theirs.get(name, ""))
        for name in dict.fromkeys([*mine, *theirs])
        if mine.get(name, "") != theirs.get(name, "") and not name.endswith(keys)
    ]
    when = datetime.fromisoformat(last["at"]) if last.get("at") else draft.saved_at
    return ChangedElsewhere(draft, differences, last.get("by") or draft.saved_by.name, when)


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _choose_team_and_account(draft: Draft, by: User) -> None:
    """What was chosen in *What* becomes true as soon as it is a choice the person has."""
    team, account = str(draft.what.get("team", "")), str(draft.what.get("account", ""))
    if _is_key(team) and (found := by.teams_to_work_for().filter(pk=team).first()):
        draft.team = found
    if _is_key(account) and (key := VendorAccount.objects.filter(vendor=Vendor.GRANITE, pk=account).first()):
        draft.account = key


@transaction.atomic
def discard_draft(draft: Draft, *, by: User) -> None:
    """Put a draft away. It stays in the database and is no longer offered."""
    locked = lock(draft, by=by)
    locked.discarded_at = timezone.now()
    locked.save(update_fields=["discarded_at"])
    audit.record(by, "draft.discarded", locked)
