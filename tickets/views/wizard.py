"""What the wizard's views share: finding the draft, saving a step, showing a step."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from portal.problems import Problem
from portal.request import PortalRequest
from tickets.forms import typed
from tickets.forms.checking import Checked, Finding
from tickets.forms.labels import label_of
from tickets.forms.typed import BadRows
from tickets.models import Draft
from tickets.permissions import may_draft
from tickets.services import drafts
from tickets.services.drafts import ChangedElsewhere, Stamp
from tickets.views import draft_pages

STEPS = {"what": "What", "where": "Where", "when": "When", "files": "Files", "review": "Review"}
SHEET_STEPS = {"what": "What", "rows": "Rows", "files": "Files", "review": "Review"}
# Pages with a form for each location. A sheet may have thousands, and is worked on as a table.
WITH_FORMS = frozenset(f"draft-{name}" for name in ("where", "when", "search", "add", "copy", "remove"))
OTHER_END = {"next": 1, "enter": 1, "back": -1}

DraftView = Callable[..., HttpResponse]


@dataclass(frozen=True)
class StepLink:
    number: int
    slug: str
    name: str
    url: str
    is_here: bool


def on_open_draft(view: DraftView) -> DraftView:
    """Gives the view the draft instead of its number: visible to this person and still open, or it is not called."""

    @wraps(view)
    def with_draft(request: PortalRequest, pk: int, **kwargs: Any) -> HttpResponse:
        if not may_draft(request.user):
            raise PermissionDenied
        visible = Draft.objects.visible_to(request.user).select_related(
            "account", "team", "saved_by", "dispatch"
        )
        draft = get_object_or_404(visible, pk=pk)
        if draft.is_submitted or draft.discarded_at:
            return _closed(request, draft)
        if draft.is_sheet and request.resolver_match and request.resolver_match.url_name in WITH_FORMS:
            return go_to(draft, "rows")
        return view(request, draft, **kwargs)

    return with_draft


def _closed(request: PortalRequest, draft: Draft) -> HttpResponse:
    if draft.is_submitted:
        if request.method == "POST":
            messages.info(request, f"{draft.reference} was submitted already. This is what became of it.")
        url = draft.dispatch.get_absolute_url()
    else:
        messages.warning(request, f"{draft.reference} was discarded. Nothing of it will be sent.")
        url = reverse("tickets:drafts")
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def stamp_of(request: PortalRequest) -> Stamp:
    turn = request.POST.get("turn", "")
    return Stamp(
        page=typed.plain(request.POST.get("page", ""))[:32],
        seen=typed.plain(request.POST.get("seen", ""))[:32],
        turn=int(turn) if turn.isascii() and turn.isdigit() and len(turn) < 16 else 0,
        is_forced="force" in request.POST,
    )


def save_typed(
    request: PortalRequest, draft: Draft, step: str, then: Callable[[Draft], Any] | None = None
) -> Draft | HttpResponse:
    """The draft as saved; or the page that says why it was not, holding all that was typed."""
    try:
        return drafts.save_step(
            draft,
            step,
            lambda locked: typed.APPLY[step](locked, request.POST),
            by=request.user,
            stamp=stamp_of(request),
            then=then,
        )
    except ChangedElsewhere as conflict:
        return show_step(request, conflict.draft, step, conflict=conflict, status=409)
    except BadRows as bad:
        seen = typed.fingerprint(typed.part(draft, step))
        draft.locations = _readable(draft, bad)
        messages.error(request, str(bad))
        return show_step(request, draft, step, status=400, seen=seen)
    except Problem as problem:
        messages.error(request, str(problem))
        return go_to(draft, step)


def _readable(draft: Draft, bad: BadRows) -> list[typed.Row]:
    """What could be read of a broken list, so that the page still shows it; the stored rows if nothing could."""
    known = {row[typed.KEY]: row for row in draft.locations}
    rows = [known.get(row.get(typed.KEY, ""), {}) | {typed.KEY: typed.new_key()} | row for row in bad.rows]
    return rows or draft.locations


def show_step(
    request: PortalRequest,
    draft: Draft,
    step: str,
    *,
    is_checked: bool = False,
    conflict: ChangedElsewhere | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The page of one step; with every error at its field if `is_checked`."""
    checked = Checked(draft, request.user) if is_checked else None
    context = {
        **frame(draft, step),
        "conflict": conflict,
        "differences": [(label_of(name), *values) for name, *values in conflict.differences]
        if conflict
        else [],
        "page_key": request.POST.get("page", "") if conflict else secrets.token_hex(8),
        "seen": request.POST.get("seen", "") if conflict else typed.fingerprint(typed.part(draft, step)),
        "findings": checked.problems(step) if checked else [],
        **draft_pages.CONTEXT[step](request, draft, checked),
        **more,
    }
    return render(request, f"tickets/draft_{step}.html", context, status=status)


def frame(draft: Draft, step: str) -> dict[str, Any]:
    """What every page of the wizard needs."""
    links = [
        StepLink(number, slug, name, url_of(draft, slug), slug == step)
        for number, (slug, name) in enumerate(steps_of(draft).items(), start=1)
    ]
    return {
        "draft": draft,
        "step": step,
        "steps": links,
        "here": url_of(draft, step),
        "is_typed": step in typed.APPLY,
    }


def steps_of(draft: Draft) -> dict[str, str]:
    return SHEET_STEPS if draft.is_sheet else STEPS


def after(draft: Draft, step: str, go: str) -> str:
    """Where a button leads: a step by its name, or one forth or back."""
    steps = steps_of(draft)
    if go in steps:
        return go
    names = list(steps)
    return names[max(0, names.index(step) + OTHER_END.get(go, 1))]


def url_of(draft: Draft, step: str) -> str:
    return reverse(f"tickets:draft-{step}", args=[draft.pk])


def go_to(draft: Draft, step: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(url_of(draft, step))


def links_to(draft: Draft, findings: list[Finding]) -> list[tuple[str, Finding]]:
    """Each finding with the address of its field."""
    return [(_link_to(draft, finding), finding) for finding in findings]


def _link_to(draft: Draft, finding: Finding) -> str:
    query = urlencode({"at": finding.row} if finding.row else {"check": 1})
    return f"{url_of(draft, finding.step)}?{query}#{finding.field_id}"
