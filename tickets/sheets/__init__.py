"""From somebody's sheet to rows of a draft: matching columns, repairing what is provable. Pure, without models."""

from portal.sheets import Table, Unreadable
from tickets.sheets.reading import read, read_pasted

__all__ = ["Table", "Unreadable", "read", "read_pasted"]
