"""Texts of a service as they are kept: the same whether typed, pasted or read from a sheet, so that an export comes back
unchanged. Pure, without models."""

import re
import unicodedata

from portal.exports import FORMULA
from portal.sheets.tables import BLANKS, ERRORS

MOST_NOTE = 2_000
# What may hide in one line of text and make two ids differ that look the same.
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_AS_TEXT = re.compile(r'="([^"]*)"')


def plain(text: str) -> str:
    """Without blanks at its ends, and without what programs put around a text to protect it in a spreadsheet."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip(BLANKS)
    if found := _AS_TEXT.fullmatch(text):
        text = found[1].strip(BLANKS)
    while text.startswith("'") and text[1:].startswith(FORMULA):
        text = text[1:].strip(BLANKS)
    return text


def wrong_with(text: str, most: int, *, is_long: bool = False) -> str:
    """Why this cannot be kept, as a sentence; "" where it can. `is_long` texts may have several lines."""
    if len(text) > most:
        return f"Use at most {most:,} characters; these are {len(text):,}."
    if ERRORS.fullmatch(text):
        return f"“{text}” is what Excel shows where it has no value."
    if is_long:
        is_odd = any(unicodedata.category(one) in ("Cc", "Cs") and one not in "\n\t" for one in text)
    else:
        is_odd = any(unicodedata.category(one) in _HIDDEN for one in text)
    return "This holds a character that is not text, such as a line break or a hidden mark." if is_odd else ""
