"""Small files of every kind, made by code, right and wrong."""

import io
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\nstartxref\n9\n%%EOF\n"
OLE2 = bytes.fromhex("D0CF11E0A1B11AE1") + b"\x00" * 504
DOC = OLE2 + "WordDocument".encode("utf-16-le") + b"\x00" * 512
XLS = OLE2 + "Workbook".encode("utf-16-le") + b"\x00" * 512
DOC_WITH_MACROS = DOC + "_VBA_PROJECT".encode("utf-16-le")
HTML = b"<!doctype html><script>alert(1)</script>"
EXE = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + b"\x00" * 100
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 50
CSV = b"site,zip\nBoston,02210\n"
TYPES = "<Types><Override ContentType='application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml'/></Types>"


def image(format: str, size: tuple[int, int] = (40, 30), mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 120).save(out, format)
    return out.getvalue()


def archive(entries: dict[str, str | bytes], *, packed: bool = True) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return out.getvalue()


def xlsx(**more: str | bytes) -> bytes:
    return archive({"[Content_Types].xml": TYPES, "xl/workbook.xml": "<workbook/>", **more})


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    """As the server's own parser would hand it over, with the name left as it came."""
    made = SimpleUploadedFile("x", content)
    made._name = name
    return made
