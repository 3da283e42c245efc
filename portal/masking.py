"""Hides telephone numbers and e-mail addresses in what vendors and we said to each other."""

import re
from typing import Any

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
# Ten digits or more, as one run or written the American way. Shorter runs are ticket numbers and dates.
PHONE = re.compile(r"(?<![\w.-])(\+?1[ .-]?)?(\(\d{3}\) ?|\d{3}[ .-]?)\d{3}[ .-]?\d{4}(?![\w-])")
SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
HIDDEN = "•••"


def mask(text: str) -> str:
    """The first letter of an address and the last two digits of a number stay, to tell two apart."""
    text = EMAIL.sub(lambda found: f"{found[0][0]}{HIDDEN}@{HIDDEN}", text)
    return PHONE.sub(lambda found: f"{HIDDEN}{found[0][-2:]}", text)


def mask_deep(value: Any) -> Any:
    """The same for everything inside lists and objects; numbers may be telephone numbers too."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: mask_deep(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [mask_deep(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and (hidden := mask(str(value))) != str(value):
        return hidden
    return value


def without_secrets(headers: dict[str, str]) -> dict[str, str]:
    """Headers fit to be shown to anybody. None of these is stored; this is the second lock."""
    return {name: HIDDEN if name.lower() in SECRET_HEADERS else value for name, value in headers.items()}
