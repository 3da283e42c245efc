"""What every template may use: `{% load portal_tags %}`."""

from datetime import datetime
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.template.context import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from portal import badges, icons, times

register = template.Library()

TICKED = (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """`{% icon "truck" %}`; with a label where no text stands beside it."""
    return icons.svg(name, label)


@register.inclusion_tag("portal/_badge.html")
def badge(word: str, text: str = "") -> dict[str, str]:
    """`{% badge message.state message.get_state_display %}`: icon, colour and text of a state."""
    look = badges.look(word)
    return {"tone": look.tone, "icon": look.icon, "text": text or str(word)}


@register.filter
def ago(when: datetime | None) -> SafeString | str:
    """`{{ ticket.read_at|ago }}` → "6 min ago", the exact time in its title."""
    return times.show_age(when) if when else "never"


@register.filter
def at(when: datetime | None) -> SafeString | str:
    """`{{ entry.at|at }}` → "21 Nov 2026 14:05 EST", in the portal's zone."""
    return times.mark(when, times.exact(timezone.localtime(when))) if when else "never"


@register.filter
def in_its_zone(when: datetime | None) -> SafeString | str:
    """`{{ location.local_start|in_its_zone }}`: like `at`, in the zone the time itself carries."""
    return times.mark(when, times.exact(when)) if when else "never"


@register.filter
def clock(when: datetime) -> str:
    """`{{ location.local_start|clock }}` → "08:30", in the zone the time itself carries; Django's `date` would
    first turn it into the portal's zone."""
    return f"{when:%H:%M}"


@register.filter
def zone_name(when: datetime) -> str:
    """`{{ location.local_start|zone_name }}` → "HST"."""
    return when.tzname() or ""


@register.simple_tag
def widget(field: BoundField) -> SafeString:
    """The input of a field in the framework's clothes; Django itself ties help text and errors to it."""
    kind = field.field.widget
    if isinstance(kind, TICKED):
        style = "form-check-input"
    else:
        style = "form-select" if isinstance(kind, forms.Select) else "form-control"
    own = kind.attrs.get("class", "")
    wrong = "is-invalid" if field.errors else ""
    return field.as_widget(attrs={"class": " ".join(filter(None, [style, own, wrong]))})


@register.filter
def is_tick(field: BoundField) -> bool:
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.inclusion_tag("portal/_nav_link.html", takes_context=True)
def nav_link(context: Context, name: str, text: str, drawing: str, count: Any = 0) -> dict[str, Any]:
    """One entry of the side bar; it knows when it is the present page or leads to one above it."""
    url, here = reverse(name), context["request"].path
    is_current = here == url if url == "/" else here.startswith(url)
    return {"url": url, "text": text, "icon": drawing, "count": count, "is_current": is_current}
