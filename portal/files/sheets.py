"""XLSX is a ZIP of XML files. It is looked at without unpacking it."""

import zlib
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

MOST_ENTRIES = 2_000
MOST_UNPACKED = 300_000_000
MOST_RATIO = 300  # XML packs well; a bomb packs a thousandfold
MOST_TYPES_BYTES = 1_000_000
DAMAGED = "is a damaged XLSX sheet. Open it in Excel and save it anew"


def check_xlsx(stream: BinaryIO) -> str:
    """Why this is no XLSX sheet that may be sent, or "" when it is one."""
    try:
        with ZipFile(stream) as archive:
            return _trouble(archive)
    except (BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error):
        return DAMAGED


def _trouble(archive: ZipFile) -> str:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(entries) > MOST_ENTRIES:
        return "has too many parts for an XLSX sheet"
    packed = sum(entry.compress_size for entry in entries)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MOST_UNPACKED or unpacked > MOST_RATIO * max(packed, 10_000):
        return "would unpack to an enormous size, as harmful archives do. Save it anew or send a PDF"
    if len(set(names)) != len(names) or any(_is_odd(name) for name in names):
        return "is put together as Excel never does. Open it in Excel and save it anew"
    if any(entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for entry in entries):
        # Other ways of packing fail in ways of their own, and let a few bytes ask for gigabytes of memory.
        return "is packed as Excel never does. Open it in Excel and save it anew"
    if any(entry.flag_bits & 1 for entry in entries):
        return "is protected with a password. Save it without one"
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        return "is an archive, but not an XLSX sheet. Word documents: save as PDF"
    types = archive.open("[Content_Types].xml").read(MOST_TYPES_BYTES).lower()
    if (
        any(name.lower().rsplit("/", 1)[-1].startswith("vbaproject") for name in names)
        or b"macroenabled" in types
    ):
        return "holds macros, which are not sent to anyone. Save it as XLSX without macros"
    return ""


def _is_odd(name: str) -> bool:
    return name.startswith("/") or "\\" in name or "\x00" in name or ".." in name.split("/")
