"""Who may do what with drafts and dispatches. Services ask before they act, templates before they show a button."""

from typing import Any

from django.db.models import Q, QuerySet

from portal.models import User
from tickets.models import Case, Dispatch, Draft, DraftFile


def may_draft(user: User) -> bool:
    return user.has_perm("tickets.submit_dispatch")


def may_change_draft(user: User, draft: Draft) -> bool:
    """Whoever may draft may change, submit and discard the drafts of their teams, whoever began them."""
    return may_draft(user) and (user.sees_all_teams or user.teams.filter(pk=draft.team_id).exists())


def may_correct(user: User, dispatch: Dispatch) -> bool:
    return may_draft(user) and (user.sees_all_teams or user.teams.filter(pk=dispatch.team_id).exists())


def files_of_seen_work(user: User) -> QuerySet[DraftFile, Any]:
    """The keys of the files of every draft and dispatch this person sees."""
    drafts, dispatches = Draft.objects.visible_to(user), Dispatch.objects.visible_to(user)
    seen = Q(draft__in=drafts.values("pk")) | Q(draft__dispatch__in=dispatches.values("pk"))
    return DraftFile.objects.filter(seen).values("file")


def files_of_seen_cases(user: User) -> QuerySet[Case, Any]:
    return Case.objects.visible_to(user).order_by().values("files")
