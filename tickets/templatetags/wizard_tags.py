"""The fields of a location. There may be 500 of them with a dozen fields each, so they are written without templates."""

from typing import Any

from django import forms, template
from django.utils.html import conditional_escape as escape
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from portal.templatetags.portal_tags import icon
from tickets.forms import when, where
from tickets.views.draft_pages import RowPage

register = template.Library()

FIELDS: dict[str, forms.Field] = {**where.FIELDS, **when.FIELDS}
TYPES = {"location_contact_email": "email", "secondary_lcon_email": "email"}
PHONES = ("local_contact_number", "secondary_lcon_number")
OPTIONAL_HERE = ("end_date", "hard_start")


@register.filter
def megabytes(size: int) -> str:
    """Decimal, as the limit is: `25 MB`, `3.2 MB`, `812 kB`, `8 bytes`."""
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1e6:.1f} MB".replace(".0 ", " ") if size >= 999_500 else f"{size / 1e3:.0f} kB"


@register.simple_tag
def row_field(row: RowPage, name: str, is_first: bool = False) -> SafeString:
    """One labelled input of one location, with its help and everything said about it."""
    field, id_ = FIELDS[name], f"id_{row.prefix}{name}"
    errors, said = row.errors.get(name, []), row.notes.get(name, [])
    optional = "" if field.required else ' <span class="optional">optional</span>'
    notes = _Notes(id_, str(field.help_text), errors, said)
    attributes = _attributes(id_, row.prefix + name, name, bool(errors), notes.ids, is_first)
    value = escape(row.values.get(name, ""))
    return mark_safe(  # noqa: S308 - every value in it is escaped above and in _notes
        f'<div class="field"><label class="form-label" for="{id_}">{escape(field.label or name)}{optional}</label>'
        f'<input {attributes} value="{value}">{notes.html}</div>'
    )


@register.simple_tag
def row_zone(row: RowPage, choices: list[tuple[str, str]], is_first: bool = False) -> SafeString:
    """The time zone of one location, as a list to choose from."""
    id_ = f"id_{row.prefix}time_zone"
    errors = row.errors.get("time_zone", [])
    notes = _Notes(id_, "", errors, [])
    chosen = row.values.get("time_zone", "")
    options = "".join(
        f'<option value="{escape(name)}"{" selected" if name == chosen else ""}>{escape(label)}</option>'
        for name, label in [("", "Choose …"), *choices]
    )
    wrong = ' is-invalid" aria-invalid="true' if errors else ""
    described = f' aria-describedby="{notes.ids}"' if notes.ids else ""
    focus = " autofocus" if is_first else ""
    return mark_safe(  # noqa: S308 - every value in it is escaped
        f'<div class="field"><label class="form-label" for="{id_}">Time zone</label>'
        f'<select class="form-select{wrong}" id="{id_}" name="{row.prefix}time_zone"{described}{focus}>'
        f"{options}</select>{notes.html}</div>"
    )


@register.simple_tag
def time_field(
    prefix: str, name: str, values: dict[str, Any], errors: dict[str, Any], is_first: bool = False
) -> SafeString:
    """A wall-clock time. What no browser would show in a date field is shown as the text it is."""
    id_ = f"id_{prefix}{name}"
    value, found = str(values.get(name, "")), errors.get(name, [])
    notes = _Notes(id_, "", found, [])
    kind = "datetime-local" if not value or _is_time(value) else "text"
    described = f' aria-describedby="{notes.ids}"' if notes.ids else ""
    wrong = ' is-invalid" aria-invalid="true' if found else ""
    return format_html(
        '<div class="field {}"><label class="form-label" for="{}">{}</label>'
        '<input type="{}" class="form-control{}" id="{}" name="{}{}" value="{}"{}{}>{}</div>',
        name,
        id_,
        FIELDS[name].label,
        kind,
        mark_safe(wrong),  # noqa: S308 - fixed text
        id_,
        prefix,
        name,
        value,
        mark_safe(described),  # noqa: S308 - ids made here
        mark_safe(" autofocus" if is_first else ""),  # noqa: S308 - fixed text
        mark_safe(notes.html),  # noqa: S308 - escaped where it is made
    )


def _is_time(value: str) -> bool:
    try:
        return when.FIELDS["start_date"].clean(value) is not None and "T" in value
    except forms.ValidationError:
        return False


def _attributes(id_: str, full_name: str, name: str, is_wrong: bool, described: str, is_first: bool) -> str:
    parts = [f'type="{TYPES.get(name, "text")}" class="form-control{" is-invalid" if is_wrong else ""}"']
    parts.append(f'id="{id_}" name="{full_name}"')
    if name in PHONES:
        parts.append('inputmode="tel"')
    if is_wrong:
        parts.append('aria-invalid="true"')
    if described:
        parts.append(f'aria-describedby="{described}"')
    if is_first:
        parts.append("autofocus")
    return " ".join(parts)


class _Notes:
    """Help, errors and the vendor's words under one input, and their ids for its aria-describedby."""

    def __init__(self, id_: str, help_text: str, errors: list[str], said: list[str]) -> None:
        parts, ids = [], []
        if help_text:
            parts.append(f'<div class="form-text" id="{id_}_helptext">{escape(help_text)}</div>')
            ids.append(f"{id_}_helptext")
        if errors:
            lines = "".join(
                f"<p>{icon('exclamation-circle')}<span>{escape(line)}</span></p>" for line in errors
            )
            parts.append(f'<div class="field-errors" id="{id_}_error">{lines}</div>')
            ids.append(f"{id_}_error")
        if said:
            lines = "".join(
                f"<p>{icon('chat-left-text')}<span>Granite said: {escape(line)}</span></p>" for line in said
            )
            parts.append(f'<div class="field-errors" id="{id_}_said">{lines}</div>')
            ids.append(f"{id_}_said")
        self.html, self.ids = "".join(parts), " ".join(ids)
