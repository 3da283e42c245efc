"""Sheets of a dispatch, read: the headings are looked for by the names of our fields."""

from portal import sheets
from portal.sheets import Table
from tickets.sheets.columns import recognised


def read(name: str, content: bytes) -> Table:
    """The table in an XLSX or CSV file. Raises Unreadable, with a sentence that begins with the name."""
    return sheets.read(name, content, recognised)


def read_pasted(text: str) -> Table:
    """The table in cells copied from a spreadsheet. Raises Unreadable."""
    return sheets.read_pasted(text, recognised)
