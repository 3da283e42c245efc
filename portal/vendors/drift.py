"""How a vendor's answer differed from its contract. Found while reading, never fatal; kept by others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["unknown field", "missing field", "unknown word", "odd type"]
SAMPLE_LENGTH = 80


@dataclass(frozen=True)
class Drift:
    """One difference. `path` is where in the object, such as `attachments.status`; `sample` what stood there."""

    vendor: str
    operation: str
    kind: Kind
    path: str
    sample: str = ""


def sample_of(value: object) -> str:
    """A short text of what stood there, enough to recognise it."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= SAMPLE_LENGTH else text[: SAMPLE_LENGTH - 1] + "…"
