"""Who may download an upload: its uploader, and whoever sees the work it hangs on."""

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client
from PIL import Image

from portal import files
from portal.models import StoredFile
from portal.problems import Problem
from tests.cast import Cast, client_of
from tests.dispatching import make_dispatch, make_draft
from tests.portal.outbox_parts import make_account
from tests.portal.uploads import PDF, TYPES, upload


@pytest.fixture(autouse=True)
def _media(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def plan(people: Cast) -> StoredFile:
    make_account()
    return files.accept(upload("plan.pdf", PDF), by=people.alice)


def status(client: Client, file: StoredFile) -> int:
    return client.get(f"/files/{file.key}/").status_code


def test_a_file_of_a_draft_is_for_who_sees_the_draft(people: Cast, plan: StoredFile):
    make_draft(people.alice, people.east).files.add(plan)
    asked = [people.alice, people.bob, people.carol, people.mia, people.root]
    assert [status(client_of(who), plan) for who in asked] == [200, 404, 404, 200, 200]


def test_a_file_of_a_dispatch_is_for_its_team(people: Cast, plan: StoredFile):
    make_dispatch(people.alice, people.east, files=[plan])
    asked = [people.alice, people.bob, people.carol]
    assert [status(client_of(who), plan) for who in asked] == [200, 200, 404]


def test_a_mate_who_works_for_two_teams_does_not_mix_their_files(people: Cast, plan: StoredFile):
    people.alice.teams.add(people.west)
    make_dispatch(people.alice, people.east, files=[plan])
    assert status(client_of(people.carol), plan) == 404


def test_what_somebody_without_a_team_attached_can_be_opened(people: Cast, plan: StoredFile):
    added = files.accept(upload("added.pdf", PDF), by=people.root)
    make_dispatch(people.alice, people.east, files=[added])
    assert status(client_of(people.alice), added) == 200


def test_a_file_that_hangs_on_nothing_is_its_uploaders(people: Cast, plan: StoredFile):
    assert [status(client_of(who), plan) for who in (people.alice, people.bob)] == [200, 404]


def test_asking_for_the_head_of_a_file_is_answered(people: Cast, plan: StoredFile):
    answer = client_of(people.alice).head(f"/files/{plan.key}/")
    assert answer.status_code == 200
    assert answer["Content-Length"] == str(len(PDF))


@pytest.mark.parametrize("packing", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
@pytest.mark.parametrize("is_broken", [False, True])
def test_a_sheet_packed_as_excel_never_does_is_refused(people: Cast, packing: int, is_broken: bool):
    out = BytesIO()
    with zipfile.ZipFile(out, "w", packing) as made:
        made.writestr("[Content_Types].xml", TYPES)
        made.writestr("xl/workbook.xml", "<workbook/>")
    content = bytearray(out.getvalue())
    if is_broken:
        start = 30 + len("[Content_Types].xml")
        content[start + 4 : start + 20] = b"\xff" * 16
    with pytest.raises(Problem, match="packed as Excel never does"):
        files.accept(upload("sheet.xlsx", bytes(content)), by=people.alice)


@pytest.mark.parametrize(("is_progressive", "is_taken"), [(True, False), (False, True)])
def test_a_large_image_that_comes_in_passes_is_refused(people: Cast, is_progressive: bool, is_taken: bool):
    """Its header decides, before memory is taken: 292 MB were measured for one of 98 million pixels."""
    out = BytesIO()
    Image.new("L", (6000, 5100), 90).save(out, "JPEG", quality=1, progressive=is_progressive)
    if is_taken:
        assert files.accept(upload("wall.jpg", out.getvalue()), by=people.alice).size == len(out.getvalue())
    else:
        with pytest.raises(Problem, match="too large"):
            files.accept(upload("wall.jpg", out.getvalue()), by=people.alice)
