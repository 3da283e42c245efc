"""From draft to dispatch: frozen, promised and written down in one transaction, once."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet

from portal import audit, outbox
from portal.models import Message, StoredFile, User
from portal.models.messages import State
from portal.problems import Problem
from tickets import payloads
from tickets.forms.checking import Checked, CheckedLocation
from tickets.models import Dispatch, Draft, Location
from tickets.payloads import PlannedMessage
from tickets.permissions import may_change_draft
from tickets.services import correcting, repeat_choices
from tickets.services.attaching import MOST_BYTES, files_of
from tickets.services.drafts import DISCARDED

TOO_LARGE = f"The files have more than {MOST_BYTES / 1e6:g} MB together. Remove one in Files."
SENT_AGAIN = (
    "A location of this draft was corrected and sent again in another draft, or is no longer refused. "
    "Remove it here: a technician must not go twice."
)


class ChangedSinceReview(Problem):
    """What would be sent is not what the person saw."""

    def __init__(self) -> None:
        super().__init__(
            "The draft changed since you reviewed it. Nothing was sent. Please look at it once more."
        )


@dataclass(frozen=True)
class Plan:
    """What would be sent if the draft were submitted now; no messages while something is wrong."""

    checked: Checked
    files: list[StoredFile]
    messages: list[PlannedMessage]
    obstacles: list[str]
    hash: str

    @property
    def may_go(self) -> bool:
        return bool(self.messages)

    @property
    def locations(self) -> list[CheckedLocation]:
        return [location for message in self.messages for location in message.locations]


def plan(draft: Draft, *, by: User) -> Plan:
    """Everything judged anew from what was typed, and the exact messages if all is well."""
    checked, files = Checked(draft, by), files_of(draft)
    obstacles = [TOO_LARGE] if sum(file.size for file in files) > MOST_BYTES else []
    corrected = [row["corrects"] for row in draft.locations if row.get("corrects")]
    if not correcting.still_refused(draft, corrected):
        obstacles.append(SENT_AGAIN)
    if obstacles or not checked.is_good:
        return Plan(checked, files, [], obstacles, "")
    messages = payloads.planned_messages(
        draft.pk, draft.account, checked.said_for_all, checked.locations(), files
    )
    return Plan(checked, files, messages, [], payloads.plan_hash(draft.account, messages))


@transaction.atomic
def submit_draft(draft: Draft, *, by: User, plan_hash: str) -> Dispatch:
    """Promise Granite this dispatch: once, however often and from wherever it is asked.

    Raises ChangedSinceReview if it is not what was reviewed, Undecided if a visit repeats another one and nobody said
    that it is meant, Problem if it was discarded.
    """
    locked = Draft.objects.select_for_update(of=("self",)).select_related("account", "team").get(pk=draft.pk)
    if not may_change_draft(by, locked):
        raise PermissionDenied
    if locked.is_submitted:
        return locked.dispatch
    if locked.discarded_at:
        raise Problem(DISCARDED)
    if locked.corrects_id:  # two drafts correcting the same rows wait for each other here
        Dispatch.objects.select_for_update(of=("self",)).get(pk=locked.corrects_id)
    planned = plan(locked, by=by)
    if not planned.may_go or planned.hash != plan_hash:
        raise ChangedSinceReview
    repeat_choices.one_at_a_time(locked.account)
    said = repeat_choices.require_decided(locked, planned.locations, by=by)
    dispatch = _write_dispatch(locked, planned, by)
    for message in planned.messages:
        _promise(dispatch, message, planned, by)
    audit.record(
        by,
        "dispatch.submitted",
        dispatch,
        messages=len(planned.messages),
        locations=len(planned.locations),
        files=len(planned.files),
        plan=planned.hash,
    )
    repeat_choices.write_down(dispatch, said, by=by)
    return dispatch


def _write_dispatch(draft: Draft, planned: Plan, by: User) -> Dispatch:
    what = {
        name: value for name, value in planned.checked.said_for_all.items() if name not in ("team", "account")
    }
    return Dispatch.objects.create(
        draft=draft, team=draft.team, account=draft.account, submitted_by=by, **what
    )


def _promise(dispatch: Dispatch, planned: PlannedMessage, plan: Plan, by: User) -> Message:
    message = outbox.add(
        payloads.KIND,
        dispatch.account,
        reference=planned.reference,
        chunk=planned.chunk,
        payload=planned.payload,
        weight=len(planned.locations),
        files=planned.files,
        by=by,
        interactive=len(plan.messages) == 1,
    )
    Location.objects.bulk_create(
        _location(dispatch, message, location, index) for index, location in enumerate(planned.locations)
    )
    message.repeats.add(*_sent_before(dispatch.draft, planned))
    return message


def _sent_before(draft: Draft, planned: PlannedMessage) -> QuerySet[Message]:
    """Messages of which two people found nothing, and whose locations are in this one, corrected."""
    rows = [draft.locations[location.position] for location in planned.locations]
    corrected = [row["corrects"] for row in rows if row.get("corrects")]
    return Message.objects.filter(state=State.NOT_CREATED, locations__in=corrected).distinct()


def _location(dispatch: Dispatch, message: Message, location: CheckedLocation, index: int) -> Location:
    return Location(
        dispatch=dispatch,
        position=location.position,
        message=message,
        index=index,
        site_id=location.site,
        location_name=location.location_name,
        location_number=location.location_number,
        account_macnum=location.account_macnum,
        local_contact_name=location.local_contact_name,
        local_contact_number=location.local_contact_number,
        location_contact_ext=location.location_contact_ext,
        location_contact_email=location.location_contact_email,
        secondary_lcon_name=location.secondary_lcon_name,
        secondary_lcon_number=location.secondary_lcon_number,
        secondary_lcon_ext=location.secondary_lcon_ext,
        secondary_lcon_email=location.secondary_lcon_email,
        starts_at=location.starts_at,
        ends_at=location.ends_at,
        time_zone=location.time_zone,
        own=dict(location.own),
    )
