"""File names: what an uploader may call a file, and what the vendor will see.

Granite takes these extensions and no other. Source: dev.dx.granitemsp.com/g360/techexpress/create-ticket
"""

import unicodedata
from pathlib import PurePosixPath

from portal.problems import Problem

CONTENT_TYPES = {
    "pdf": "application/pdf",
    "doc": "application/msword",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
}
TAKEN = "PDF, DOC, CSV, XLSX, PNG and JPEG"
LONGEST = 150

# What people try most often, and what to do instead.
ADVICE = {
    **dict.fromkeys(("heic", "heif", "webp", "gif", "bmp", "tif", "tiff", "avif"), "save it as JPEG or PNG"),
    **dict.fromkeys(
        ("docx", "docm", "rtf", "odt", "pages", "txt", "ppt", "pptx", "html", "htm", "eml", "msg", "vsdx"),
        "save it as PDF",
    ),
    **dict.fromkeys(("xls", "xlsm", "xlsb", "ods", "numbers"), "save it as XLSX"),
    **dict.fromkeys(("zip", "7z", "rar", "gz", "tar"), "unpack it and add the files one by one"),
    **dict.fromkeys(("dwg", "dxf"), "print it to PDF"),
}

# Control, invisible and direction-changing characters, surrogates, private use, line and paragraph separators:
# none of them is visible, and some make a name look like another one.
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
NOT_IN_NAMES = str.maketrans(dict.fromkeys('<>:"|?*', "_"))


def clean_name(given: str) -> tuple[str, str]:
    """The name as the vendor will see it, and its extension in lower case without the dot. Raises Problem."""
    visible = "".join(letter for letter in given if unicodedata.category(letter) not in INVISIBLE)
    base = unicodedata.normalize("NFC", visible).replace("\\", "/").rsplit("/", 1)[-1]
    base = " ".join(base.translate(NOT_IN_NAMES).split()).rstrip(" .")
    stem, dot, extension = base.rpartition(".")
    stem, extension = stem.strip(" ."), extension.lower()
    if not base or (dot and not stem):
        raise Problem("A file came without a name. Rename it and add it again.")
    if not dot:
        raise Problem(
            f"“{short(base)}” has no extension, so nobody can tell what it is. Granite takes {TAKEN}."
        )
    if extension not in CONTENT_TYPES:
        raise Problem(refusal(base, extension))
    return f"{stem[: LONGEST - len(extension) - 1].rstrip(' .')}.{extension}", extension


def refusal(name: str, extension: str) -> str:
    advice = ADVICE.get(extension, f"it takes {TAKEN}")
    return f"“{short(name)}”: Granite does not take .{short(extension)} files; {advice}."


def short(name: str) -> str:
    """A name fit to stand in a sentence."""
    return name if len(name) <= 80 else f"{name[:60]}…{PurePosixPath(name).suffix[:12]}"
