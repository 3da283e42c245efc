"""*Rows*: a sheet's rows as a table."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.request import PortalRequest
from tickets.forms.checking import Checked
from tickets.models import Draft
from tickets.views.wizard import frame, on_open_draft


@require_safe
@on_open_draft
def rows(request: PortalRequest, draft: Draft) -> HttpResponse:
    checked = Checked(draft, request.user)
    context = {**frame(draft, "rows"), "findings": checked.problems("rows"), "rows": draft.locations[:100]}
    return render(request, "tickets/draft_rows.html", context)
