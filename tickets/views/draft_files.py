"""*Files*: added at once, checked on arrival, refused with the reason."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from portal.problems import Problem
from portal.request import PortalRequest
from tickets.models import Draft
from tickets.services import attaching
from tickets.views.wizard import frame, on_open_draft


@require_http_methods(["GET", "HEAD", "POST"])
@on_open_draft
def files(request: PortalRequest, draft: Draft) -> HttpResponse:
    """The step. *Next* takes along what was chosen and not yet attached, and goes on if all of it was accepted."""
    if request.method != "POST":
        return _show(request, draft, [])
    refused = _attach(request, draft)
    return _show(request, draft, refused) if refused else redirect("tickets:draft-review", draft.pk)


@require_POST
@on_open_draft
def add_files(request: PortalRequest, draft: Draft) -> HttpResponse:
    refused = _attach(request, draft) if request.FILES else ["Choose at least one file."]
    return _show(request, draft, refused)


def _attach(request: PortalRequest, draft: Draft) -> list[str]:
    """Sentences on what was refused."""
    uploads = request.FILES.getlist("file")
    try:
        return attaching.add_files(draft, uploads, by=request.user) if uploads else []
    except Problem as problem:
        return [str(problem)]


@require_POST
@on_open_draft
def remove_file(request: PortalRequest, draft: Draft, file_pk: int) -> HttpResponse:
    try:
        attaching.remove_file(draft, file_pk, by=request.user)
    except Problem as problem:
        return _show(request, draft, [str(problem)])
    return _show(request, draft, [])


def _show(request: PortalRequest, draft: Draft, refused: list[str]) -> HttpResponse:
    present = attaching.files_of(draft)
    context = {
        **frame(draft, "files"),
        "files": present,
        "total": sum(file.size for file in present),
        "most": attaching.MOST_BYTES,
        "refused": refused,
    }
    template = "_draft_files" if request.htmx else "draft_files"
    return render(request, f"tickets/{template}.html", context)
