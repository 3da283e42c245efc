"""From somebody's sheet to rows of a draft: reading, matching columns, repairing what is provable. Pure, without models."""

from tickets.sheets.reading import read, read_pasted
from tickets.sheets.tables import Table, Unreadable

__all__ = ["Table", "Unreadable", "read", "read_pasted"]
