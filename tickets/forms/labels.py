"""What people call a field, by the name it has in a form."""

import re

from tickets.forms.what import WhatForm
from tickets.forms.when import WhenForm
from tickets.forms.where import WhereForm

LABELS = {
    name: str(field.label or name.replace("_", " ").capitalize())
    for form in (WhatForm, WhereForm, WhenForm)
    for name, field in form.base_fields.items()
}
LABELS |= {
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
