"""Sites of ours picked for a dispatch: filtered, ticked, or all that match."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.problems import Problem
from portal.request import PortalRequest
from sites import zones
from sites.models import Site, SiteQuerySet
from tickets.forms.typed import MOST_ROWS
from tickets.permissions import may_draft
from tickets.services import sheets
from tickets.views.sheets import team_of

MOST_SHOWN = 100
LONGEST_KEY = 18


@dataclass(frozen=True)
class Filter:
    text: str
    state: str

    @property
    def sites(self) -> SiteQuerySet:
        found = Site.objects.all().matching(self.text)
        return found.filter(state=self.state) if self.state else found


@require_http_methods(["GET", "HEAD", "POST"])
def pick(request: PortalRequest) -> HttpResponse:
    """GET filters; POST filters too and keeps what is ticked, or begins the dispatch."""
    if not may_draft(request.user):
        raise PermissionDenied
    if request.method != "POST":
        return _show(request, _filter(request.GET), [])
    wanted, picked = _filter(request.POST), _picked(request.POST)
    go = request.POST.get("go", "filter")
    if go not in ("ticked", "all"):
        return _show(request, wanted, picked)
    pks = picked
    if go == "all":  # and what was ticked before under another filter
        matching = wanted.sites.values_list("pk", flat=True)[: MOST_ROWS + 1]
        pks = list(dict.fromkeys([*picked, *matching]))
    try:
        draft = sheets.begin_from_sites(team_of(request), pks, by=request.user)
    except Problem as problem:
        messages.error(request, str(problem))
        return _show(request, wanted, picked, status=400)
    return redirect("tickets:draft-rows", draft.pk)


def _filter(data: QueryDict) -> Filter:
    text = " ".join(data.get("q", "").replace("\x00", "").split())[:100]
    state = data.get("state", "")
    return Filter(text, state if state in zones.BY_STATE else "")


def _picked(data: QueryDict) -> list[int]:
    texts = data.getlist("pick")[: MOST_ROWS * 2]
    found = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) <= LONGEST_KEY]
    return list(dict.fromkeys(found))


def _show(request: PortalRequest, wanted: Filter, picked: list[int], *, status: int = 200) -> HttpResponse:
    shown = list(wanted.sites.select_related("account")[:MOST_SHOWN])
    elsewhere = set(picked) - {site.pk for site in shown}
    context = {
        "wanted": wanted,
        "states": zones.STATES,
        "shown": shown,
        "count": wanted.sites.count() if len(shown) == MOST_SHOWN else len(shown),
        "most": MOST_ROWS,
        "picked": set(picked),
        "elsewhere": Site.objects.filter(pk__in=elsewhere) if elsewhere else [],
    }
    piece = "_sheet_sites" if request.htmx else "sheet_sites"
    return render(request, f"tickets/{piece}.html", context, status=status)
