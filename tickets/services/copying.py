"""A new draft from what there is already: a copy of a dispatch, a template, an occurrence of a recurring dispatch."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from portal import audit
from portal.models import StoredFile, Team, User, VendorAccount
from tickets import timeless
from tickets.forms.typed import Row
from tickets.models import Dispatch, Draft, DraftFile
from tickets.permissions import may_draft
from tickets.services.attaching import files_of

# Two presses of one button are one wish.
SAME_WISH = timedelta(seconds=10)


@dataclass(frozen=True)
class Content:
    """All that makes a dispatch, for whoever keeps it or begins with it."""

    team: Team
    account: VendorAccount
    what: dict[str, Any]
    locations: list[Row]
    is_sheet: bool = False
    files: Sequence[StoredFile] = field(default_factory=tuple)


@transaction.atomic
def copy_dispatch(dispatch: Dispatch, *, by: User) -> Draft:
    """Everything as it was typed, its times too; nothing of what became of it. The copy corrects nothing."""
    if not may_work_for(by, dispatch.team):
        raise PermissionDenied
    source = dispatch.draft
    content = Content(
        dispatch.team,
        dispatch.account,
        timeless.copied_what(source.what),
        timeless.copied_rows(source.locations),
        source.is_sheet,
        files_of(source),
    )
    mark = {"copy of": dispatch.pk}
    if begun := begun_just_now(mark, by=by):
        return begun
    draft = begin(content, mark, by=by)
    audit.record(by, "draft.copied", draft, dispatch=dispatch.reference)
    return draft


def begun_just_now(mark: dict[str, Any], *, by: User) -> Draft | None:
    """The draft the first of two presses began, if nobody touched it since. Presses wait for each other here."""
    User.objects.select_for_update().get(pk=by.pk)
    recent = Draft.objects.open().filter(created_by=by, created_at__gt=timezone.now() - SAME_WISH)
    return recent.filter(saves={"begun": mark}).order_by("-pk").first()


def begin(content: Content, mark: dict[str, Any], *, by: User) -> Draft:
    """An ordinary draft. `mark` says where it came from, and is gone from nothing: it only keeps it from being taken
    for one that was begun empty and left."""
    draft = Draft.objects.create(
        team=content.team,
        account=content.account,
        what=with_contact(content.what, by),
        locations=timeless.copied_rows(content.locations),
        is_sheet=content.is_sheet,
        created_by=by,
        saved_by=by,
        saves={"begun": mark},
    )
    DraftFile.objects.bulk_create(DraftFile(draft=draft, file=file) for file in content.files)
    return draft


def with_contact(what: dict[str, Any], person: User) -> dict[str, Any]:
    """Whoever begins is the contact where none is named."""
    own = own_contact(person)
    return {**what, **{name: str(what.get(name) or "").strip() or own[name] for name in own}}


def own_contact(person: User) -> dict[str, str]:
    return {"contact_name": person.name, "contact_email_address": person.email}


def may_work_for(person: User, team: Team) -> bool:
    return may_draft(person) and person.teams_to_work_for().filter(pk=team.pk).exists()
