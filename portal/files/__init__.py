"""Uploads: checked on arrival, kept privately, and proven unchanged before each send."""

from portal.files.storing import accept, is_intact, open_checked

__all__ = ["accept", "is_intact", "open_checked"]
