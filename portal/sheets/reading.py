"""From the bytes of a file, or from pasted cells, to a table. What a file is, its content says and not its name."""

from portal.files.contents import OLE2, START, kind_of
from portal.sheets.csvs import lines_of_csv, lines_of_paste
from portal.sheets.headers import Recognised, make_table
from portal.sheets.tables import MOST_BYTES, Line, Table, Unreadable
from portal.sheets.xlsx import lines_of_xlsx

# Two letters may begin a heading; a real image or program fails for its control characters.
MAY_BE_TEXT = ("something else", "a BMP image", "a Windows program", "a script")


def read(name: str, content: bytes, recognised: Recognised) -> Table:
    """The table in an XLSX or CSV file. Raises Unreadable, with a sentence that begins with the name."""
    notes: list[str] = []
    try:
        return make_table(_lines(content, notes), notes, recognised)
    except Unreadable as reason:
        raise Unreadable(f"“{_short(name)}” cannot be read. {reason}") from reason


def read_pasted(text: str, recognised: Recognised) -> Table:
    """The table in cells copied from a spreadsheet. Raises Unreadable."""
    notes: list[str] = []
    if len(text) > MOST_BYTES:
        raise Unreadable(f"The pasted text is longer than {MOST_BYTES / 1e6:g} MB. Upload it as a file.")
    if text.lstrip("\ufeff \t\r\n").startswith(("<html", "<!DOCTYPE", "<table")):
        raise Unreadable("What was pasted is the source of a web page, not cells of a sheet.")
    return make_table(lines_of_paste(text, notes), notes, recognised)


def _lines(content: bytes, notes: list[str]) -> list[Line]:
    if not content.strip():
        raise Unreadable("The file is empty.")
    if len(content) > MOST_BYTES:
        raise Unreadable(f"It has {len(content) / 1e6:.1f} MB; a sheet may have {MOST_BYTES / 1e6:g} MB.")
    if content.startswith(OLE2):
        raise Unreadable(
            "It is an older Excel file (.xls), or protected by a password. Save it as a plain XLSX."
        )
    if content.startswith(b"PK\x03\x04"):
        return lines_of_xlsx(content, notes)
    if (kind := kind_of(content[:START])) not in MAY_BE_TEXT:
        raise Unreadable(
            f"It holds {kind}, not a sheet. Open it in Excel and save it as XLSX or “CSV UTF-8”."
        )
    return lines_of_csv(content, notes)


def _short(name: str) -> str:
    plain = name.replace("\\", "/").rsplit("/", 1)[-1]
    return plain if len(plain) <= 60 else f"{plain[:40]}…{plain[-15:]}"
