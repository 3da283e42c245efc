"""Templates of a team: kept from a draft or a dispatch, begun from, renamed, retired."""

from collections.abc import Iterable
from datetime import date, time

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Count, Func, IntegerField, Max
from django.utils import timezone

from portal import audit
from portal.models import StoredFile, User
from portal.problems import Problem
from tickets import timeless
from tickets.forms.typed import Row
from tickets.models import DispatchTemplate, Draft
from tickets.permissions import may_change_draft
from tickets.services import drafts
from tickets.services.attaching import files_of
from tickets.services.copying import Content, begin, begun_just_now, may_work_for, own_contact
from tickets.services.drafts import Stamp

RETIRED = "This template was retired. Nobody begins with it any more."


def taken(name: str, team: object) -> Problem:
    return Problem(f"{team} has a template “{name}” already. Choose another name.")


@transaction.atomic
def save_template(
    source: Draft, *, by: User, name: str, with_sites: bool, with_files: bool
) -> DispatchTemplate:
    """Keep a draft, open or submitted, for beginning with it again. Raises Problem if the name is taken."""
    if not may_change_draft(by, source):
        raise PermissionDenied
    rows = timeless.timeless_rows(source.what, source.locations)
    what = timeless.timeless_what(source.what, rows, own_contact(by), is_sheet=source.is_sheet)
    template = DispatchTemplate(
        team=source.team,
        account=source.account,
        name=name,
        what=what,
        locations=_kept_rows(rows, with_files=with_files) if with_sites else [],
        is_sheet=source.is_sheet,
        with_sites=with_sites,
        made_by=by,
    )
    _save(template)
    if with_files:
        keep_files(template, files_of(source))
    audit.record(
        by,
        "template.saved",
        template,
        source=source.reference,
        sites=len(template.locations),
        files=with_files,
    )
    return template


def _kept_rows(rows: list[Row], *, with_files: bool) -> list[Row]:
    """Rows of a sheet name the files they go with; where those are not kept, all go with what will be attached."""
    return rows if with_files else [{**row, "files": ""} if row.get("files") else row for row in rows]


def keep_files(keeper: "DispatchTemplate", files: Iterable[StoredFile]) -> None:
    """One by one, because the order they were added in is the order they are sent in."""
    for file in files:
        keeper.files.add(file)


def content_of(template: DispatchTemplate) -> Content:
    links = DispatchTemplate.files.through.objects.filter(dispatchtemplate=template).order_by("id")
    return Content(
        template.team,
        template.account,
        template.what,
        template.locations,
        template.is_sheet,
        [link.storedfile for link in links.select_related("storedfile")],
    )


@transaction.atomic
def start(template: DispatchTemplate, *, by: User) -> Draft:
    """A new draft of this person's, complete but for its day."""
    if not may_work_for(by, template.team):
        raise PermissionDenied
    if template.retired_at:
        raise Problem(RETIRED)
    mark = {"template": template.pk}
    if begun := begun_just_now(mark, by=by):
        return begun
    draft = begin(content_of(template), mark, by=by)
    template.drafts.add(draft)
    audit.record(by, "draft.from template", draft, template=template.name)
    return draft


def set_day(draft: Draft, day: date, window: tuple[time, time, bool] | None, *, by: User) -> Draft:
    """All places of a draft on one day; in one window, if one is given."""

    def change(locked: Draft) -> None:
        locked.what, locked.locations = timeless.on_day(
            locked.what, locked.locations, day, window, is_sheet=locked.is_sheet
        )

    return drafts.save_step(draft, "when", change, by=by, stamp=Stamp())


@transaction.atomic
def rename(template: DispatchTemplate, name: str, *, by: User) -> None:
    locked = _lock(template, by)
    before, locked.name = locked.name, name
    if before == name:
        return
    _save(locked)
    audit.record(by, "template.renamed", locked, before=before, after=name)


@transaction.atomic
def retire(template: DispatchTemplate, *, by: User) -> None:
    """No longer offered; what was begun from it stays."""
    locked = _lock(template, by)
    locked.retired_at = timezone.now()
    locked.save(update_fields=["retired_at"])
    audit.record(by, "template.retired", locked)


def _lock(template: DispatchTemplate, by: User) -> DispatchTemplate:
    locked = (
        DispatchTemplate.objects.select_for_update(of=("self",)).select_related("team").get(pk=template.pk)
    )
    if not may_work_for(by, locked.team):
        raise PermissionDenied
    if locked.retired_at:
        raise Problem(RETIRED)
    return locked


def _save(template: DispatchTemplate) -> None:
    """Raises Problem if the team has one of this name."""
    try:
        with transaction.atomic():
            template.save()
    except IntegrityError as broken:
        if "one_template_of_a_name_per_team" not in str(broken):
            raise
        raise taken(template.name, template.team) from broken


def listed(user: User) -> list[DispatchTemplate]:
    """All this person may begin with, by team and name; `uses`, `used_at` and `places` are counted."""
    found = DispatchTemplate.objects.visible_to(user).offered().select_related("team", "made_by")
    places = Func("locations", function="jsonb_array_length", output_field=IntegerField())
    counted = found.annotate(uses=Count("drafts"), used_at=Max("drafts__created_at"), places=places)
    return list(counted.defer("locations").order_by("team__name", "name"))


def most_used(user: User, number: int = 5) -> list[DispatchTemplate]:
    found = (
        DispatchTemplate.objects.visible_to(user).offered().select_related("team").defer("what", "locations")
    )
    return list(found.annotate(uses=Count("drafts")).order_by("-uses", "-made_at")[:number])
