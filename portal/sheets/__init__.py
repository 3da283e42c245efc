"""Somebody's sheet, read: an XLSX or CSV file, or pasted cells, become a table of texts. What the columns mean is
for whoever asked. Pure, without models."""

from portal.sheets.reading import read, read_pasted
from portal.sheets.tables import Table, Unreadable

__all__ = ["Table", "Unreadable", "read", "read_pasted"]
