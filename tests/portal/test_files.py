"""Uploads: what is taken, what is refused and why, and that nothing changes afterwards unseen."""

import hashlib
import stat
import tempfile
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.urls import reverse

from portal import files
from portal.models import StoredFile
from portal.problems import Problem
from tests.cast import Cast, client_of
from tests.portal.uploads import (
    CSV,
    DOC,
    DOC_WITH_MACROS,
    EXE,
    HEIC,
    HTML,
    OLE2,
    PDF,
    TYPES,
    XLS,
    archive,
    image,
    upload,
    xlsx,
)


@pytest.fixture(autouse=True)
def _media(settings: django_settings.__class__, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


PNG, JPEG = image("PNG"), image("JPEG")
GOOD = [
    ("floor.pdf", PDF, "floor.pdf"),
    ("FLOOR.PDF", PDF, "FLOOR.pdf"),
    ("with a mark.pdf", b"\xef\xbb\xbf" + PDF, "with a mark.pdf"),
    ("scanner.pdf", b"\x1b%-12345X@PJL ENTER\n" + PDF, "scanner.pdf"),
    ("without its end.pdf", PDF[:30], "without its end.pdf"),
    ("old.doc", DOC, "old.doc"),
    ("list.csv", CSV, "list.csv"),
    ("umlaut.csv", "Ort\nKöln\n".encode(), "umlaut.csv"),
    ("marked.csv", b"\xef\xbb\xbf" + CSV, "marked.csv"),
    ("excel.csv", "site\tzip\nBoston\t02210\n".encode("utf-16"), "excel.csv"),
    ("windows.csv", "Café;2\n".encode("cp1252"), "windows.csv"),
    ("headings.csv", b"MZ;BM\n1;2\n", "headings.csv"),
    ("sheet.xlsx", xlsx(), "sheet.xlsx"),
    ("Sheet.XLSX", xlsx(), "Sheet.xlsx"),
    ("plan.png", PNG, "plan.png"),
    ("grey.png", image("PNG", mode="L"), "grey.png"),
    ("rack.jpg", JPEG, "rack.jpg"),
    ("rack.JPEG", JPEG, "rack.jpeg"),
    # names
    ("../../etc/passwd.pdf", PDF, "passwd.pdf"),
    ("C:\\Users\\me\\floor.pdf", PDF, "floor.pdf"),
    ("invoice.exe.pdf", PDF, "invoice.exe.pdf"),
    ("a\x00b.pdf", PDF, "ab.pdf"),
    ("line\r\nbreak.pdf", PDF, "linebreak.pdf"),
    ('quo"te<b>.pdf', PDF, "quo_te_b_.pdf"),
    ("fdp.\u202efdp.pdf", PDF, "fdp.fdp.pdf"),
    ("Cafe\u0301.pdf", PDF, "Café.pdf"),
    ("  spaced   out . pdf.pdf", PDF, "spaced out . pdf.pdf"),
    ("日本.pdf", PDF, "日本.pdf"),
    (f"{'x' * 300}.pdf", PDF, f"{'x' * 146}.pdf"),
]
BAD = [
    # nothing, or no name
    ("empty.pdf", b"", "is empty"),
    ("", PDF, "without a name"),
    (".pdf", PDF, "without a name"),
    ("\u202e\x00.pdf", PDF, "without a name"),
    ("floor", PDF, "no extension"),
    # extensions
    ("photo.heic", HEIC, "save it as JPEG"),
    ("letter.docx", xlsx(), "save it as PDF"),
    ("letter.rtf", b"{\\rtf1}", "save it as PDF"),
    ("notes.txt", CSV, "save it as PDF"),
    ("sheet.xls", XLS, "save it as XLSX"),
    ("macro.xlsm", xlsx(), "save it as XLSX"),
    ("all.zip", archive({"a.pdf": PDF}), "unpack it"),
    ("tool.exe", EXE, "does not take .exe"),
    ("floor.pdf.exe", EXE, "does not take .exe"),
    ("invoice\u202efdp.exe", EXE, "does not take .exe"),
    ("floor.pdf\x00.exe", EXE, "does not take .exe"),
    ("drawing.svg", b"<svg/>", "does not take .svg"),
    # the wrong content behind the right extension
    ("page.pdf", HTML, "holds a web page"),
    ("program.pdf", EXE, "holds a Windows program"),
    ("picture.pdf", PNG, "holds a PNG image"),
    ("prefixed.pdf", EXE + PDF, "holds a Windows program"),
    ("late.pdf", b" " * 1020 + PDF, "not a PDF inside"),
    ("word.doc", xlsx(), "newer Office document"),
    ("rich.doc", b"{\\rtf1 hello}", "an RTF document"),
    ("sheet.doc", XLS, "not a Word document"),
    ("bare.doc", OLE2, "not a Word document"),
    ("macro.doc", DOC_WITH_MACROS, "holds macros"),
    ("old.xlsx", XLS, "password or is an older Excel"),
    ("text.xlsx", CSV, "is not an XLSX sheet"),
    ("word.xlsx", archive({"[Content_Types].xml": TYPES, "word/document.xml": "x"}), "not an XLSX sheet"),
    ("cut.xlsx", xlsx()[:-30], "damaged XLSX"),
    ("macro.xlsx", xlsx(**{"xl/vbaProject.bin": b"x"}), "holds macros"),
    ("climbing.xlsx", xlsx(**{"../../evil": b"x"}), "as Excel never does"),
    ("bomb.xlsx", xlsx(**{"xl/bomb.xml": b"0" * 40_000_000}), "enormous size"),
    ("crowd.xlsx", xlsx(**{f"xl/{place}": "" for place in range(2_100)}), "too many parts"),
    ("page.csv", HTML, "holds a web page"),
    ("binary.csv", EXE, "not readable text"),
    ("zeros.csv", b"a,b\n\x00\x00\n", "no text has"),
    ("picture.csv", JPEG, "holds a JPEG image"),
    ("broken.csv", b"\xef\xbb\xbfa,b\n\xff\xfe\xfd", "not readable text"),
    ("photo.jpg", HEIC, "holds a HEIC photo"),
    ("photo.jpeg", PNG, "holds a PNG image"),
    ("cut.jpg", JPEG[: len(JPEG) // 2], "damaged image"),
    ("cut.png", PNG[: len(PNG) // 2], "damaged image"),
    ("false.png", PNG[:8] + b"\x00" * 100, "damaged image"),
    ("web.png", image("WEBP"), "holds a WebP image"),
    ("huge.png", image("PNG", (11_000, 11_000), "1"), "too large"),
]


@pytest.mark.parametrize(("name", "content", "kept"), GOOD, ids=[ascii(row[2])[:40] for row in GOOD])
def test_good_files_are_kept_as_they_came(people: Cast, name: str, content: bytes, kept: str) -> None:
    stored = files.accept(upload(name, content), by=people.alice)
    stored.refresh_from_db()
    assert (stored.name, stored.size, stored.uploaded_by) == (kept, len(content), people.alice)
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    with files.open_checked(stored) as stream:
        assert stream.read() == content
    mode = stat.S_IMODE(Path(stored.content.path).stat().st_mode)
    assert mode == 0o600
    assert "floor" not in stored.content.name
    assert files.is_intact(stored)


@pytest.mark.parametrize(("name", "content", "reason"), BAD, ids=[ascii(row[0])[:40] for row in BAD])
def test_bad_files_are_refused_with_a_reason(people: Cast, name: str, content: bytes, reason: str) -> None:
    with pytest.raises(Problem, match=reason):
        files.accept(upload(name, content), by=people.alice)
    assert not StoredFile.objects.exists()
    assert not list(Path(django_settings.MEDIA_ROOT).rglob("*"))


@pytest.mark.parametrize(("size", "is_taken"), [(25_000_000, True), (25_000_001, False)])
def test_the_limit_is_exact(people: Cast, size: int, is_taken: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        big = TemporaryUploadedFile("big.pdf", "application/pdf", size, None, None)
        big.file.close()
        path = Path(folder) / "big.pdf"
        with path.open("wb+") as sparse:
            sparse.write(PDF)
            sparse.seek(size - len(PDF))
            sparse.write(PDF)
        big.file = path.open("rb")
        if is_taken:
            assert files.accept(big, by=people.alice).size == size
        else:
            with pytest.raises(Problem, match=r"25\.0 MB; Granite takes at most 25 MB"):
                files.accept(big, by=people.alice)
        big.file.close()


def test_what_did_not_arrive_whole_is_not_kept(people: Cast) -> None:
    short = upload("floor.pdf", PDF)
    short.size = len(PDF) + 1
    with pytest.raises(Problem, match="did not arrive whole"):
        files.accept(short, by=people.alice)
    assert not [path for path in Path(django_settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_a_file_changed_on_the_disk_is_noticed(people: Cast) -> None:
    stored = files.accept(upload("floor.pdf", PDF), by=people.alice)
    Path(stored.content.path).write_bytes(PDF.replace(b"1.4", b"1.5"))
    assert not files.is_intact(stored)
    with pytest.raises(Problem, match="was changed"):
        files.open_checked(stored)


def test_a_file_gone_from_the_disk_is_noticed(people: Cast) -> None:
    stored = files.accept(upload("floor.pdf", PDF), by=people.alice)
    Path(stored.content.path).unlink()
    assert not files.is_intact(stored)
    with pytest.raises(Problem, match="no longer be read"):
        files.open_checked(stored)
    assert client_of(people.alice).get(reverse("file", args=[stored.key])).status_code == 404


def test_a_file_is_downloaded_and_never_shown_as_a_page(people: Cast) -> None:
    stored = files.accept(upload("Café plan.pdf", PDF), by=people.alice)
    answer = client_of(people.alice).get(reverse("file", args=[stored.key]))
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''Caf%C3%A9")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert "no-store" in answer["Cache-Control"]


def test_a_file_is_for_looking_only(people: Cast) -> None:
    address = reverse("file", args=[files.accept(upload("floor.pdf", PDF), by=people.alice).key])
    assert client_of(people.alice).post(address).status_code == 405
