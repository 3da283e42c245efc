"""Is a file what its extension says? Structural checks of our own, bounded in time and memory.

Nothing is repaired and nothing is executed. What fails is refused with a reason that a person can act on.
"""

import codecs
import re
import warnings
from collections.abc import Callable
from typing import BinaryIO

from PIL import Image

from portal.files.sheets import check_xlsx

START, BLOCK = 4096, 64 * 1024
PDF_MARK, PDF_MARK_WITHIN = b"%PDF-", 1024
MOST_PIXELS = 100_000_000  # beyond any telephone's camera, far below what exhausts a worker
MOST_PROGRESSIVE = 30_000_000  # of a JPEG that comes in passes: all of it has to be held, six bytes a pixel
OLE2 = bytes.fromhex("D0CF11E0A1B11AE1")

SIGNATURES = (
    (PDF_MARK, "a PDF"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (OLE2, "an old Office document"),
    (b"PK\x03\x04", "a ZIP archive or a newer Office document"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"{\\rtf", "an RTF document"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (b"\x1f\x8b", "a compressed archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"#!", "a script"),
)


class Wrong(Exception):
    """Why the content is not what the extension says; the rest of a sentence that begins with the name."""


def check_content(stream: BinaryIO, extension: str) -> None:
    """Raises Wrong unless the stream holds what the extension (lower case, no dot) promises. Reads from the start."""
    stream.seek(0)
    CHECKS[extension](stream)
    stream.seek(0)


def kind_of(head: bytes) -> str:
    """In words, what a file beginning like this seems to be."""
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return (
            "a HEIC photo"
            if brand in (b"heic", b"heix", b"mif1", b"hevc", b"heim")
            else "a video or AVIF image"
        )
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "a WebP image"
    for signature, words in SIGNATURES:
        if head.startswith(signature):
            return words
    if head.lstrip(codecs.BOM_UTF8 + b" \t\r\n").startswith(b"<"):
        return "a web page or XML"
    return "something else"


def _not(what: str, head: bytes) -> Wrong:
    return Wrong(f"is not {what} inside: it holds {kind_of(head)}. Open it in its program and save it anew")


def _check_pdf(stream: BinaryIO) -> None:
    """As readers do: the mark may stand anywhere at the beginning, and a missing end is mended by them."""
    head = stream.read(START)
    begins_as_another = kind_of(head) not in ("a PDF", "something else")
    if begins_as_another or PDF_MARK not in head[:PDF_MARK_WITHIN]:
        raise _not("a PDF", head)


def _check_doc(stream: BinaryIO) -> None:
    head = stream.read(START)
    if not head.startswith(OLE2):
        raise _not("a Word document of the old kind", head)
    stream.seek(0)
    if not _holds(stream, "WordDocument".encode("utf-16-le")):
        raise Wrong("is an old Office file, but not a Word document. Save it as PDF or XLSX")
    stream.seek(0)
    if _holds(stream, "_VBA_PROJECT".encode("utf-16-le")):
        raise Wrong("holds macros, which are not sent to anyone. Save it as PDF")


def _holds(stream: BinaryIO, wanted: bytes) -> bool:
    before = b""
    while block := stream.read(BLOCK):
        if wanted in before + block:
            return True
        before = block[-len(wanted) :]
    return False


NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
TEXT_ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _check_csv(stream: BinaryIO) -> None:
    head = stream.read(START)
    if kind_of(head) not in ("something else", "a BMP image", "a Windows program"):
        # "BM" and "MZ" alone may begin a heading; a real image or program fails below for its control characters.
        raise _not("a CSV table", head)
    named = next((encoding for mark, encoding in TEXT_ENCODINGS if head.startswith(mark)), None)
    for encoding in [named] if named else ["utf-8", "cp1252"]:
        stream.seek(0)
        if (is_text := _is_text(stream, encoding)) is not None:
            if is_text:
                return
            raise Wrong(
                "is not a CSV table inside: it holds characters that no text has. Save it anew as CSV"
            )
    raise Wrong("is not readable text. Save it anew as “CSV UTF-8”")


def _is_text(stream: BinaryIO, encoding: str) -> bool | None:
    """Whether all of it is plain text; None when it is not in this encoding at all."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while block := stream.read(BLOCK):
            if NOT_TEXT.search(decoder.decode(block)):
                return False
        return not NOT_TEXT.search(decoder.decode(b"", final=True))
    except UnicodeError:
        return None


def _check_image(stream: BinaryIO, *, format: str, what: str) -> None:
    head = stream.read(START)
    if kind_of(head) != what:
        raise _not(what, head)
    stream.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # of bombs: our own limit follows; of metadata: nobody looks at it
            image = Image.open(stream, formats=[format])
            most = MOST_PROGRESSIVE if image.info.get("progressive") else MOST_PIXELS
            if image.width * image.height > most:
                raise Wrong(f"has {image.width} × {image.height} pixels, which is too large. Save it smaller")
            if format == "JPEG":
                # An eighth of the size shows every defect and takes a sixty-fourth of the memory.
                image.draft(image.mode, (max(1, image.width // 8), max(1, image.height // 8)))
                image.load()
            else:
                image.verify()
    except Image.DecompressionBombError as error:
        raise Wrong("has far too many pixels. Save it smaller") from error
    except (OSError, SyntaxError, ValueError, EOFError, ArithmeticError) as error:
        raise Wrong("is a damaged image. Open it, save it anew and add it again") from error


def _check_png(stream: BinaryIO) -> None:
    _check_image(stream, format="PNG", what="a PNG image")


def _check_jpeg(stream: BinaryIO) -> None:
    _check_image(stream, format="JPEG", what="a JPEG image")


def _check_xlsx(stream: BinaryIO) -> None:
    head = stream.read(START)
    if head.startswith(OLE2):
        raise Wrong("is protected with a password or is an older Excel file. Save it as a plain XLSX")
    if not head.startswith(b"PK\x03\x04"):
        raise _not("an XLSX sheet", head)
    stream.seek(0)
    if reason := check_xlsx(stream):
        raise Wrong(reason)


CHECKS: dict[str, Callable[[BinaryIO], None]] = {
    "pdf": _check_pdf,
    "doc": _check_doc,
    "csv": _check_csv,
    "xlsx": _check_xlsx,
    "png": _check_png,
    "jpg": _check_jpeg,
    "jpeg": _check_jpeg,
}
