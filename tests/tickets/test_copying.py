"""A copy has everything of a dispatch that a person typed, and nothing of what became of it."""

import pytest

from portal.models import AuditEntry, Message
from tests.cast import Cast, client_of
from tests.dispatching import make_dispatch
from tests.portal.outbox_parts import make_account
from tests.tickets.scene import PDF, upload
from tickets.models import Dispatch, Draft
from tickets.services.attaching import files_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def dispatch(people: Cast) -> Dispatch:
    make_account()
    file = upload("Site survey.pdf", PDF, people.alice)
    dispatch = make_dispatch(people.alice, people.east, 2, files=[file], po_number="PO-9")
    source = dispatch.draft
    source.what["refused"] = [{"field": "po_number", "value": "PO-9", "message": "Unknown PO."}]
    source.locations[0] |= {"corrects": 7, "refused": [], "repeats": {"x": {"choice": "send"}}}
    source.save()
    return dispatch


def test_a_copy_is_a_draft_of_its_own(people: Cast, dispatch: Dispatch) -> None:
    client = client_of(people.alice)
    answer = client.post(f"/dispatches/{dispatch.pk}/copy/")
    copy = Draft.objects.latest("pk")
    assert answer["Location"] == f"/drafts/{copy.pk}/what/"
    assert (copy.corrects, copy.is_submitted, copy.created_by) == (None, False, people.alice)
    assert copy.what["po_number"] == "PO-9"
    assert "refused" not in copy.what
    sources = dispatch.draft.locations
    assert [row["start_date"] for row in copy.locations] == [row["start_date"] for row in sources]
    assert {row["row"] for row in copy.locations}.isdisjoint(row["row"] for row in sources)
    assert not any({"corrects", "refused", "repeats"} & set(row) for row in copy.locations)
    assert files_of(copy) == files_of(dispatch.draft)
    assert Message.objects.count() == 1
    assert AuditEntry.objects.filter(action="draft.copied", about_id=str(copy.pk), by=people.alice).exists()


def test_two_presses_make_one_copy(people: Cast, dispatch: Dispatch) -> None:
    client = client_of(people.alice)
    first = client.post(f"/dispatches/{dispatch.pk}/copy/")["Location"]
    assert client.post(f"/dispatches/{dispatch.pk}/copy/")["Location"] == first


def test_a_copy_can_be_submitted_as_it_is(people: Cast, dispatch: Dispatch) -> None:
    client = client_of(people.alice)
    client.post(f"/dispatches/{dispatch.pk}/copy/")
    copy = Draft.objects.latest("pk")
    review = client.get(f"/drafts/{copy.pk}/review/")
    assert "already has a technician" in review.content.decode()
    assert review.context["plan"].may_go
    assert review.context["plan"].messages[0].reference == f"{copy.reference}-1"


def test_who_may_only_look_may_not_copy(people: Cast, dispatch: Dispatch) -> None:
    assert "Copy</button>" not in client_of(people.bob).get(f"/dispatches/{dispatch.pk}/").content.decode()
    assert client_of(people.bob).post(f"/dispatches/{dispatch.pk}/copy/").status_code == 403
