"""Times for people: how long ago, and when exactly in which zone."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

MINUTE, HOUR, DAY = 60, 3600, 86400


def age(passed: timedelta) -> str:
    """`6 min ago`, `in 2 h`, `just now`."""
    seconds = abs(passed.total_seconds())
    if seconds < MINUTE:
        return "just now"
    if seconds < HOUR:
        size = f"{seconds // MINUTE:.0f} min"
    elif seconds < 2 * DAY:
        size = f"{seconds // HOUR:.0f} h"
    else:
        size = f"{seconds // DAY:.0f} days"
    return f"{size} ago" if passed.total_seconds() > 0 else f"in {size}"


def exact(when: datetime) -> str:
    """`21 Nov 2026 14:05 EST`; a time without its zone is nobody's time."""
    return f"{when.day} {when:%b %Y %H:%M} {when.tzname()}"


def show_age(when: datetime) -> SafeString:
    return mark(when, age(timezone.now() - when))


def mark(when: datetime, words: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', when.isoformat(), exact(timezone.localtime(when)), words
    )
