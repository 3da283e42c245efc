"""Icons as inline SVG out of the bootstrap-icons package: they take the colour of the text around them."""

import re
from functools import cache

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

NAME = re.compile(r"[a-z0-9-]+")
DRAWING = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


@cache
def drawing(name: str) -> SafeString:
    """What is inside the package's <svg>; a name it does not know is a bug and raises."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of an icon.")
    text = (settings.ICONS_DIR / f"{name}.svg").read_text(encoding="utf-8")
    found = DRAWING.search(text)
    if found is None:
        raise ValueError(f"{name}.svg holds no drawing.")
    return mark_safe(found[1].strip())  # noqa: S308  a file of the package, not of a user


def svg(name: str, label: str = "") -> SafeString:
    """An icon beside text is hidden from screen readers; one that stands alone needs a label."""
    meaning = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon" width="16" height="16" viewBox="0 0 16 16" fill="currentColor" focusable="false" {}>{}</svg>',
        meaning,
        drawing(name),
    )
