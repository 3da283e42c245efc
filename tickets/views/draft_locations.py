"""*Where*: searching places and adding, copying and removing rows. Each button sends the whole page, so nothing is lost."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from portal import lookups
from portal.problems import Problem
from portal.request import PortalRequest
from tickets.models import Draft
from tickets.services import rows
from tickets.views.draft_pages import ACCOUNTS, SHORTEST_SEARCH, search_context, searched
from tickets.views.wizard import go_to, on_open_draft, save_typed, show_step, url_of

FRESH_FOR = timedelta(minutes=15)
MOST_PICKED = 100


@require_http_methods(["GET", "HEAD", "POST"])
@on_open_draft
def search(request: PortalRequest, draft: Draft) -> HttpResponse:
    """GET shows what is known: our sites, and Granite's answer if it was asked. POST also asks Granite."""
    if request.method == "POST":
        return put_search(request, draft)
    if not request.htmx:
        return show_step(request, draft, "where")
    context = {"draft": draft, **search_context(request, draft, request.GET.get("q", ""))}
    piece = "_draft_accounts" if request.htmx.target == "account-results" else "_draft_search"
    return render(request, f"tickets/{piece}.html", context)


def put_search(request: PortalRequest, draft: Draft) -> HttpResponse:
    saved = save_typed(request, draft, "where")
    if isinstance(saved, HttpResponse):
        return saved
    text = searched(request.POST.get("q", ""))
    if len(text) >= SHORTEST_SEARCH:
        lookups.ask(saved.account, ACCOUNTS, {"search": text}, by=request.user, fresh_for=FRESH_FOR)
    query = urlencode({"q": text})
    return HttpResponseRedirect(f"{url_of(saved, 'search')}?{query}#search-results")


@require_POST
@on_open_draft
def add_location(request: PortalRequest, draft: Draft) -> HttpResponse:
    """A blank row, or rows filled from the sites and accounts that were picked."""
    try:
        new, hints = _picked(request)
    except Problem as problem:
        messages.error(request, str(problem))
        saved = save_typed(request, draft, "where")
        return saved if isinstance(saved, HttpResponse) else go_to(saved, "where")
    return _change(request, draft, rows.add_rows(new), lambda before: before, hints)


def _picked(request: PortalRequest) -> tuple[list[rows.Row], list[str]]:
    single = request.POST.get("add", "")
    picks = [single] if single else request.POST.getlist("pick")
    if single == "blank" or not picks:
        if not single:
            raise Problem("Tick the places to add, or press Add beside one.")
        return [{}], []
    if len(picks) > MOST_PICKED:
        raise Problem(f"Add at most {MOST_PICKED} places at once.")
    sites, accounts = _numbers(picks, "site"), _numbers(picks, "account")
    if len(sites) + len(accounts) != len(picks):
        raise Problem("A place you picked is not known. Search again.")
    hints = [
        f"{state} lies in two time zones: check the zone of the location you added."
        for state in rows.mixed_states(accounts)
    ]
    return [*rows.rows_of_sites(sites), *rows.rows_of_accounts(accounts)], hints


def _numbers(picks: list[str], kind: str) -> list[int]:
    found = [pick.removeprefix(f"{kind}:") for pick in picks if pick.startswith(f"{kind}:")]
    return [int(text) for text in found if text.isascii() and text.isdigit() and len(text) < 18]


@require_POST
@on_open_draft
def copy_location(request: PortalRequest, draft: Draft, index: int) -> HttpResponse:
    return _change(request, draft, rows.copy_row(index), lambda before: index + 1)


@require_POST
@on_open_draft
def remove_location(request: PortalRequest, draft: Draft, index: int) -> HttpResponse:
    return _change(request, draft, rows.remove_row(index), lambda before: max(0, index - 1))


def _change(
    request: PortalRequest,
    draft: Draft,
    change: Callable[[Draft], None],
    row_to_show: Callable[[int], int],
    hints: list[str] | None = None,
) -> HttpResponse:
    """Save what was typed and change the rows in one go, then show the row it was about."""
    before = []

    def counted(locked: Draft) -> None:
        before.append(len(locked.locations))
        change(locked)

    saved = save_typed(request, draft, "where", counted)
    if isinstance(saved, HttpResponse):
        return saved
    for hint in hints or []:
        messages.warning(request, hint)
    index = row_to_show(before[0] if before else 0)
    query = {"row": index} | ({"q": request.POST["q"][:100]} if request.POST.get("q", "").strip() else {})
    return HttpResponseRedirect(f"{url_of(saved, 'where')}?{urlencode(query)}#location-{index}")
