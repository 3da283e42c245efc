"""The good rows go ahead while the others wait in a draft of their own."""

from django.db import transaction

from portal import audit
from portal.models import User
from portal.problems import Problem
from tickets.forms.checking import Checked
from tickets.models import Draft, DraftFile
from tickets.services.drafts import lock
from tickets.services.grid import stamp


@transaction.atomic
def set_wrong_rows_aside(draft: Draft, *, by: User) -> Draft:
    """Rows with problems move to a new sheet with the same request and files, which is the answer."""
    locked = lock(draft, by=by)
    if not locked.is_sheet:
        raise Problem("Only the rows of a sheet can be sent in parts.")
    judged = Checked(locked, by).rows
    wrong = [row for row, checked in zip(locked.locations, judged, strict=True) if checked.problems]
    good = [row for row, checked in zip(locked.locations, judged, strict=True) if not checked.problems]
    if not wrong:
        raise Problem("No row has a problem any more, so there is nothing to set aside.")
    if not good:
        raise Problem("Every row has a problem, so none can go ahead.")
    aside = Draft.objects.create(
        team=locked.team,
        account=locked.account,
        what=locked.what,
        locations=wrong,
        is_sheet=True,
        corrects=locked.corrects,
        created_by=by,
        saved_by=by,
    )
    files = DraftFile.objects.filter(draft=locked).order_by("id")
    DraftFile.objects.bulk_create(DraftFile(draft=aside, file_id=file.file_id) for file in files)
    locked.locations = good
    stamp(locked, by)
    # A row stands in one draft only: what would bring one back cannot be undone any more.
    locked.row_changes.all().delete()
    audit.record(by, "draft.parted", locked, rows=len(wrong), aside=aside.reference)
    return aside
