"""Files onto a draft and off it again."""

from collections.abc import Sequence

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from portal import files
from portal.models import StoredFile, User
from portal.problems import Problem
from tickets.models import Draft, DraftFile
from tickets.services import drafts

# Of one file and of all together: nobody knows which of the two Granite means.
MOST_BYTES = settings.MAX_FILE_BYTES


def files_of(draft: Draft) -> list[StoredFile]:
    """In the order they were added, which is the order they are sent in."""
    return [link.file for link in DraftFile.objects.filter(draft=draft).select_related("file").order_by("id")]


def add_files(draft: Draft, uploads: Sequence[UploadedFile], *, by: User) -> list[str]:
    """Keep every file that is fit; returns a sentence for each that is not."""
    refused = []
    for upload in uploads:
        try:
            _add_file(draft, upload, by)
        except Problem as problem:
            refused.append(str(problem))
    return refused


@transaction.atomic
def _add_file(draft: Draft, upload: UploadedFile, by: User) -> None:
    locked = drafts.lock(draft, by=by)
    present = files_of(locked)
    total = sum(file.size for file in present)
    if (upload.size or 0) <= MOST_BYTES < total + (upload.size or 0):
        raise Problem(
            f"“{upload.name}” does not fit: all files together may have {MOST_BYTES / 1e6:g} MB, "
            f"and {total / 1e6:.1f} MB are taken."
        )
    stored = files.accept(upload, by=by)
    namesake = next((file for file in present if file.name.casefold() == stored.name.casefold()), None)
    if namesake:
        stored.content.delete(save=False)
        if namesake.sha256 == stored.sha256:
            stored.delete()
            return  # the very same file once more, by two presses or a broken-off upload
        raise Problem(
            f"“{stored.name}” is attached already. Granite tells files apart by their names: rename it."
        )
    DraftFile.objects.create(draft=locked, file=stored)
    _touch(locked, by)


@transaction.atomic
def remove_file(draft: Draft, file_pk: int, *, by: User) -> None:
    """Take a file off the draft; gone already is as good."""
    locked = drafts.lock(draft, by=by)
    DraftFile.objects.filter(draft=locked, file_id=file_pk).delete()
    _touch(locked, by)


def _touch(draft: Draft, by: User) -> None:
    Draft.objects.filter(pk=draft.pk).update(saved_by=by, saved_at=timezone.now())
