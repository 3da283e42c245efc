"""What people call a field, by the name it has in a form."""

import re

from tickets.forms import when, where
from tickets.forms.what import WhatForm

FIELDS = {**WhatForm.base_fields, **where.FIELDS, **when.FIELDS}
LABELS = {name: str(field.label or name.replace("_", " ").capitalize()) for name, field in FIELDS.items()}
LABELS |= {
    "site": "Site",
    "same_for_all": "The same window at every location",
    "files": "Files",
    "state": "State",
    "zip": "ZIP code",
}
_ROW = re.compile(r"locations-(\d+)-(\w+)")


def label_of(name: str) -> str:
    """`locations-2-local_contact_name` → `Location 3: Local contact`."""
    if match := _ROW.fullmatch(name):
        return f"Location {int(match[1]) + 1}: {LABELS.get(match[2], match[2])}"
    if name.startswith("all-"):
        return f"All locations: {LABELS.get(name.removeprefix('all-'), name)}"
    return LABELS.get(name, name)
