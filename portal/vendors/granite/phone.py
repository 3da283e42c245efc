"""Phone numbers as Granite takes them: ten digits of the North American plan, sent as a number."""

from __future__ import annotations

import re
import unicodedata

_FILLING = re.compile(r"[\s().\-‐‑‒–—/+]+")  # spaces, brackets, dots and every kind of hyphen


def clean_phone(text: str) -> int:
    """Ten digits, without a leading US 1. Raises ValueError, with a sentence for people, for anything else.

    An extension is refused rather than swallowed: it has a field of its own.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        raise ValueError("Enter a phone number.")
    if re.search(r"[A-Za-z#;,*]", plain):
        raise ValueError(f"“{text}” is more than a phone number. An extension goes into its own field.")
    digits = _FILLING.sub("", plain)
    if not re.fullmatch(r"[0-9]+", digits):
        raise ValueError(f"“{text}” is not a phone number.")
    if plain.startswith("+") and not digits.startswith("1"):
        raise ValueError(f"“{text}” is not a US number. Enter ten digits.")
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    if len(digits) != 10:
        raise ValueError(f"“{text}” has {len(digits)} digits. A US phone number has ten.")
    if digits[0] in "01":
        raise ValueError(f"“{text}” is not a US number: no area code begins with {digits[0]}.")
    return int(digits)
