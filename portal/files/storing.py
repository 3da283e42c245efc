"""Takes uploads in and hands stored files out."""

import hashlib
from collections.abc import Iterator
from typing import BinaryIO, cast

from django.conf import settings
from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile

from portal.files.contents import Wrong, check_content
from portal.files.names import CONTENT_TYPES, clean_name, short
from portal.models import StoredFile, User
from portal.problems import Problem

BLOCK = 64 * 1024


class _Hashed(File):  # type: ignore[type-arg]
    """Counts and hashes what passes on its way to the disk, so that the row says what truly lies there."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        super().__init__(stream, name)
        self.stream = stream
        self.sha256 = hashlib.sha256()
        self.passed = 0

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        self.stream.seek(0)
        while block := self.stream.read(chunk_size or BLOCK):
            self.sha256.update(block)
            self.passed += len(block)
            yield block


def accept(upload: UploadedFile, *, by: User) -> StoredFile:
    """Keep an upload, or raise Problem with a sentence that names the file and says what to do.

    In a transaction that is undone the row goes and the bytes stay behind, unseen by anybody.
    """
    name, extension = clean_name(upload.name or "")
    size = upload.size or 0
    if not size:
        raise Problem(f"“{short(name)}” is empty.")
    if size > settings.MAX_FILE_BYTES:
        raise Problem(
            f"“{short(name)}” has {size / 1e6:.1f} MB; Granite takes at most {settings.MAX_FILE_BYTES / 1e6:g} MB per file."
        )
    stream = cast(BinaryIO, upload.file)
    try:
        check_content(stream, extension)
    except Wrong as reason:
        raise Problem(f"“{short(name)}” {reason}.") from reason
    return _store(stream, name, CONTENT_TYPES[extension], size, by)


def _store(stream: BinaryIO, name: str, content_type: str, size: int, by: User) -> StoredFile:
    stored = StoredFile(name=name, content_type=content_type, uploaded_by=by)
    hashed = _Hashed(stream, name)
    stored.content.save(name, hashed, save=False)
    if hashed.passed != size:
        stored.content.delete(save=False)
        raise Problem(f"“{short(name)}” did not arrive whole. Add it again.")
    stored.size, stored.sha256 = hashed.passed, hashed.sha256.hexdigest()
    stored.save()
    return stored


def is_intact(stored: StoredFile) -> bool:
    """Whether the bytes are there and are those that were accepted."""
    try:
        with _open(stored) as stream:
            return _matches(stream, stored)
    except OSError:
        return False


def open_checked(stored: StoredFile) -> BinaryIO:
    """The bytes, proven unchanged, from the start. Raises Problem when they are not what was accepted."""
    try:
        stream = _open(stored)
    except OSError as error:
        raise Problem(f"The file “{stored.name}” can no longer be read.") from error
    if not _matches(stream, stored):
        stream.close()
        raise Problem(f"The file “{stored.name}” was changed after it was accepted.")
    stream.seek(0)
    return stream


def _open(stored: StoredFile) -> BinaryIO:
    """A handle of its own: the row's own one is shared by everybody who holds the row."""
    return cast(BinaryIO, stored.content.storage.open(stored.content.name or "", "rb"))


def _matches(stream: BinaryIO, stored: StoredFile) -> bool:
    found, size = hashlib.sha256(), 0
    while block := stream.read(BLOCK):
        found.update(block)
        size += len(block)
    return size == stored.size and found.hexdigest() == stored.sha256
